/* SPDX-License-Identifier: MIT */
/* The ACPI tables of the PC boards: what they are made from, and the parts that pc_tables.c and pc_dsdt.c share. */
#ifndef HW_ACPI_PC_TABLES_H
#define HW_ACPI_PC_TABLES_H

#include "hw/acpi/aml.h"
#include "hw/acpi/build.h"

#define PC_ACPI_MAX_SERIAL 4

typedef struct PcAcpiConfig {
    bool q35, hpet, i8042, fw_cfg;
    bool serial[PC_ACPI_MAX_SERIAL];
    unsigned n_cpus;
    const uint32_t *apic_ids;        /* of each CPU */
    unsigned pm_base;                /* ports of the PM block */
    uint64_t ecam_base, ecam_size;   /* q35 */
    uint64_t low_ram;                /* end of RAM below 4 GiB */
    uint64_t high_ram_end;           /* end of RAM above, or 4 GiB */
    unsigned sci;
} PcAcpiConfig;

/* All tables; then acpi_build_place or acpi_build_script. */
void pc_acpi_build(AcpiBuild *b, const PcAcpiConfig *config);
/* The DSDT's definition block. The caller frees it. */
GByteArray *pc_acpi_dsdt(const PcAcpiConfig *config);

#endif
