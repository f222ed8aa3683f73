/* SPDX-License-Identifier: MIT */
/* The PC boards' state, shared by pc*.c. One struct serves both machines: the chipsets' differences are rows of PcChipset. */
#ifndef HW_BOARD_PC_INTERNAL_H
#define HW_BOARD_PC_INTERNAL_H

#include "hw/acpi/build.h"
#include "hw/core/board.h"
#include "hw/core/device.h"
#include "hw/pci/isa_bridge.h"
#include "hw/pci/pc_shadow.h"
#include "hw/pci/pci.h"
#include "hw/smbios/smbios.h"

#define PC_MAX_CPUS 64u
#define PC_NB_GSIS 24u
#define PC_HIGH_RAM 0x100000000ull
#define PC_PM_BASE 0x600u            /* where firmware puts the ACPI hardware */
#define PC_ECAM_BASE 0xb0000000u     /* q35 */
#define PC_ECAM_SIZE 0x10000000u
#define PC_RCBA_BASE 0xfed1c000u     /* q35 */
#define PC_SCI 9u
#define PC_PIIX4_PM_DEVFN PCI_DEVFN(1, 3)
#define PC_EBDA 0x9fc00u
#define PC_TABLES 0xe0000u           /* ACPI and SMBIOS tables of a boot without firmware lie here, up to 1 MiB */
#define PC_SMBIOS 0xf0000u            /* of those, SMBIOS from here on */
#define PC_TABLES_END 0x100000u

typedef struct PcChipset {
    const char *bus;                 /* the root bus's name */
    const PcHostBridge *host;
    const IsaBridge *isa;
    unsigned isa_devfn;
    bool q35;
    uint64_t low_ram_all, low_ram;   /* up to low_ram_all bytes of RAM all lie below 4 GiB; of more, low_ram bytes do */
} PcChipset;

typedef struct PcBoard PcBoard;
/* A group of lines into one interrupt: asserted while any is. */
typedef struct PcGsi {
    uint32_t sources;   /* (a) */
    unsigned n_sources; /* (c) while the machine runs */
} PcGsi;

typedef struct PcCpu { PcBoard *board; int index; } PcCpu;

struct PcBoard {
    const MachineConfig *config;
    const BoardClass *class;
    const PcChipset *chipset;
    unsigned smp;                    /* topology.cpus */
    CpuTopology topology;
    uint64_t ram_bytes, low_ram, high_ram;
    bool use_hpet, use_smm, use_acpi, use_i8042;
    CPUState **cpus;
    MemoryRegion ram, low_alias, high_alias, pci_memory, pci_io, bios, isa_bios, ferr_mr;
    bool has_bios;
    PCIBus *bus;
    Device *host, *isa, *pm, *pic, *ioapic, *pit, *hpet, *rtc, *i8042, *port92, *reset_control, *fw_cfg;
    AcpiBuild acpi;                  /* of a boot without firmware */
    bool acpi_is_fresh;              /* fw_cfg's tables have been built since the last reset */
    Smbios smbios;
    PcGsi gsis[PC_NB_GSIS];
    IrqLine ferr;                    /* x87 errors, ISA interrupt 13 */
    bool a20[2];                     /* what the keyboard controller and port 92 say */
};

/* A range of the firmware's memory map (ACPI 6.4 ch. 15): type 1 RAM, 2 reserved. */
typedef struct PcE820 { uint64_t base, size; uint32_t type; } PcE820;
enum { E820_RAM = 1, E820_RESERVED = 2 };

/* pc_memory.c */
bool pc_create_memory(PcBoard *b, GError **error);
bool pc_load_bios(PcBoard *b, GError **error);
/* direct: as a boot without firmware hands it over; else what firmware is told. g_free it. */
PcE820 *pc_e820(const PcBoard *b, bool direct, unsigned *n);

/* pc_gsi.c */
/* A new line into an interrupt: ISA interrupts 0..15 reach the PIC and the I/O APIC, 16..23 the latter alone. */
IrqLine pc_gsi_line(PcBoard *b, unsigned gsi);

/* pc_devices.c */
bool pc_create_devices(PcBoard *b, GError **error);
/* What firmware reads in CMOS RAM. */
void pc_fill_cmos(PcBoard *b);

/* pc_acpi.c */
/* ACPI's tables for a boot without firmware: into memory at each reset, after pc_firmware_setup. Returns the address of the root pointer. */
hwaddr pc_acpi_build_direct(PcBoard *b);
void pc_acpi_place_direct(PcBoard *b);
/* For firmware to place: with what it has set up so far. The caller frees it. */
void pc_acpi_build_now(const PcBoard *b, AcpiBuild *acpi);

/* pc_fw_cfg.c */
bool pc_create_fw_cfg(PcBoard *b, GError **error);
/* After a reset, firmware starts anew. */
void pc_fw_cfg_reset(PcBoard *b);

/* pc_smbios.c */
bool pc_create_smbios(PcBoard *b, GError **error);
void pc_smbios_place_direct(PcBoard *b);

/* pc_user.c */
bool pc_create_user_devices(PcBoard *b, GError **error);
/* Places and realizes a function; devfn < 0: the next free slot. */
bool pc_add_function(PcBoard *b, Device *dev, int devfn, GError **error);

/* pc_firmware.c */
/* Leaves the chipset as firmware does; for boots without one. At each reset, after the devices'. */
void pc_firmware_setup(PcBoard *b);

#endif
