/* SPDX-License-Identifier: MIT */
/*
 * What a PC's host bridge decides about the first megabyte and SMRAM: RAM, PCI, or RAM that looks like ROM.
 *
 *   a0000-bffff  PCI (VGA), or RAM while SMRAM is open
 *   c0000-effff  twelve segments of 16 KiB, f0000-fffff one of 64 KiB: two bits each, read enable and write enable of RAM (PAM)
 *   top of low RAM: TSEG (q35), RAM that only SMM sees
 *
 * RAM lies beneath it all; windows of higher priority show PCI or a read-only view. Where PCI has nothing its windows show ones. RAM that is written but not read cannot be
 * shown by a window: such a segment shows PCI for both, and what is written then is lost.
 */
#ifndef HW_PCI_PC_SHADOW_H
#define HW_PCI_PC_SHADOW_H

#include "hw/pci/pci.h"

#define PC_NB_PAM_REGS 7
#define PC_NB_PAM_SEGMENTS 13
#define SMRAM_D_OPEN 0x40u
#define SMRAM_D_CLS 0x20u
#define SMRAM_D_LCK 0x10u
#define SMRAM_G_SMRAME 0x08u
#define SMRAM_C_BASE 0x02u
#define ESMRAMC_T_EN 0x01u
#define ESMRAMC_TSEG_SHIFT 1
#define ESMRAMC_CACHE 0x38u     /* read-only ones */

typedef struct PcShadow {
    MemoryRegion *system, *ram, *pci; /* (c) links: what they are placed in, RAM from address 0, PCI's memory */
    uint64_t low_ram;                 /* (c) bytes of RAM below 4 GiB */
    struct { MemoryRegion pci, rom; } segments[PC_NB_PAM_SEGMENTS];
    MemoryRegion background, vga, tseg;
    uint64_t smm_cpus;                /* (B) a bit for each CPU in SMM */
} PcShadow;

void pc_shadow_init(PcShadow *s);
/* pam: the PAM registers; smram, esmramc: likewise (esmramc 0 where there is none). */
void pc_shadow_update(PcShadow *s, const uint8_t *pam, uint8_t smram, uint8_t esmramc);
/* A CPU entered or left SMM; then pc_shadow_update. */
void pc_shadow_smm(PcShadow *s, int cpu, bool in_smm);
/* PCIOps.config_filter for a function whose SMRAM register is at reg: D_LCK and what it locks. */
uint32_t pc_shadow_filter_smram(PCIDevice *dev, unsigned reg, unsigned offset, unsigned size, uint32_t value);
/* Rows of a host bridge's properties. */
#define PC_SHADOW_PROPERTIES(type, member) \
    { "system", PROP_LINK, offsetof(type, member.system), NULL, "memory as CPUs see it" }, \
    { "ram", PROP_LINK, offsetof(type, member.ram), NULL, "RAM from address 0" }, \
    { "pci", PROP_LINK, offsetof(type, member.pci), NULL, "PCI's memory" }, \
    { "low-ram", PROP_U64, offsetof(type, member.low_ram), NULL, "bytes of RAM below 4 GiB" }

/* A host bridge as boards use it. */
typedef struct PcHostBridge {
    const DeviceClass *class;
    unsigned pam;                                     /* offset of PAM0 */
    void (*smm)(Device *dev, int cpu, bool in_smm);
} PcHostBridge;
extern const PcHostBridge i440fx_bridge, mch_bridge;

#endif
