/* SPDX-License-Identifier: MIT */
/* The virt board's memory map and state, shared by virt.c (wiring) and virt_fdt.c (device tree). */
#ifndef HW_BOARD_VIRT_INTERNAL_H
#define HW_BOARD_VIRT_INTERNAL_H

#include "hw/core/board.h"
#include "hw/core/device.h"

/* VIRT_MAP(name, base, size) */
#define VIRT_MAP(X) \
    X(FLASH, 0x00000000, 0x08000000) \
    X(GIC_DIST, 0x08000000, 0x00010000) \
    X(GIC_CPU, 0x08010000, 0x00010000) \
    X(GIC_REDIST, 0x080a0000, 0x00f60000) \
    X(UART, 0x09000000, 0x00001000) \
    X(RTC, 0x09010000, 0x00001000) \
    X(FW_CFG, 0x09020000, 0x00000018) \
    X(GPIO, 0x09030000, 0x00001000) \
    X(VIRTIO_MMIO, 0x0a000000, 0x00000200) \
    X(RAM, 0x40000000, 255ull << 30) \
    X(GIC_REDIST_HIGH, 256ull << 30, 0x04000000)
enum {
#define X(n, base, size) VIRT_##n,
    VIRT_MAP(X)
#undef X
    VIRT_NB_RANGES
};
typedef struct VirtRange { uint64_t base, size; } VirtRange;
extern const VirtRange virt_map[VIRT_NB_RANGES];

/* SPIs, counted from INTID 32. */
#define VIRT_SPI_UART 1u
#define VIRT_SPI_RTC 2u
#define VIRT_SPI_GPIO 7u
#define VIRT_SPI_VIRTIO_MMIO 16u
#define VIRT_NB_VIRTIO_MMIO 32u
/* PPIs, as INTIDs. */
#define VIRT_PPI_PMU 23u
#define VIRT_PPI_TIMER_HYP 26u
#define VIRT_PPI_TIMER_VIRT 27u
#define VIRT_PPI_TIMER_SEC 29u
#define VIRT_PPI_TIMER_PHYS 30u
#define VIRT_GPIO_POWER_PIN 3u

typedef struct VirtBoard {
    const MachineConfig *config;
    unsigned smp, gic_version; /* smp: topology.cpus */
    CpuTopology topology;
    uint64_t ram_bytes;
    const char *dumpdtb;
    CPUState **cpus;
    MemoryRegion flash, ram;
    Device *gic, *uart, *rtc, *gpio, *fw_cfg, *virtio_mmio;
    IrqLine power_key;
    Timer *power_key_timer;
} VirtBoard;

/* The complete tree but for the kernel's part of /chosen, with free space for that; or -dtb's with memory filled in. g_free it. NULL with an error. */
void *virt_fdt_build(const VirtBoard *board, GError **error);
void *virt_fdt_load(const VirtBoard *board, const char *path, GError **error);

#endif
