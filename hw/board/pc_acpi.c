/* SPDX-License-Identifier: MIT */
/* The board's ACPI tables: what they say about this machine, and where they lie when no firmware places them. */
#include "base/bits.h"
#include "hw/acpi/pc_tables.h"
#include "hw/board/pc_internal.h"


static void fill_config(const PcBoard *b, PcAcpiConfig *c, uint32_t *apic_ids)
{
    *c = (PcAcpiConfig){ .q35 = b->chipset->q35, .hpet = b->use_hpet, .i8042 = b->use_i8042, .fw_cfg = b->fw_cfg != NULL, .n_cpus = b->smp,
                         .apic_ids = apic_ids, .pm_base = PC_PM_BASE, .ecam_base = PC_ECAM_BASE, .ecam_size = PC_ECAM_SIZE, .low_ram = b->low_ram,
                         .high_ram_end = PC_HIGH_RAM + b->high_ram, .sci = PC_SCI };
    for (unsigned i = 0; i < PC_ACPI_MAX_SERIAL; i++)
        c->serial[i] = b->config->serial[i] != NULL;
    for (unsigned i = 0; i < b->smp; i++)
        apic_ids[i] = x86_cpu_apic_id(b->cpus[i]);
}

hwaddr pc_acpi_build_direct(PcBoard *b)
{
    hwaddr rsdp = PC_TABLES;
    uint32_t apic_ids[PC_MAX_CPUS];
    PcAcpiConfig c;

    fill_config(b, &c, apic_ids);
    pc_acpi_build(&b->acpi, &c);
    g_assert(rsdp + 64 + b->acpi.tables->len <= PC_SMBIOS);
    acpi_build_place(&b->acpi, rsdp + 64, rsdp);
    return rsdp;
}

void pc_acpi_place_direct(PcBoard *b)
{
    address_space_write_rom(&address_space_memory, PC_TABLES, b->acpi.rsdp, sizeof(b->acpi.rsdp));
    address_space_write_rom(&address_space_memory, PC_TABLES + 64, b->acpi.tables->data, b->acpi.tables->len);
}
