/* SPDX-License-Identifier: MIT */
/* The board's ACPI tables: what they say about this machine, and where they lie when no firmware places them. */
#include "base/bits.h"
#include "hw/acpi/pc_tables.h"
#include "hw/board/pc_internal.h"

#define AT_TABLES (PC_TABLES + 64)   /* after the root pointer; the FACS wants 64 bytes' alignment */
#define PM_BASE_REGISTER 0x40u       /* of both chipsets */
#define PM_BASE_MASK 0xffc0u
#define MCH_PCIEXBAR 0x60u


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

/* Where firmware has put the PM block and the configuration window. */
static void read_bases(const PcBoard *b, PcAcpiConfig *c)
{
    unsigned function = b->chipset->q35 ? b->chipset->isa_devfn : PC_PIIX4_PM_DEVFN;
    uint32_t pm = pci_config_cycle_read(b->bus, 0, function, PM_BASE_REGISTER, 4) & PM_BASE_MASK;
    uint32_t ecam = pci_config_cycle_read(b->bus, 0, 0, MCH_PCIEXBAR, 4);

    c->pm_base = pm ? pm : PC_PM_BASE;
    if (b->chipset->q35 && (ecam & 1)) {
        c->ecam_size = PC_ECAM_SIZE >> (ecam >> 1 & 3);
        c->ecam_base = ecam & ~(c->ecam_size - 1);
    }
}

void pc_acpi_build_now(const PcBoard *b, AcpiBuild *acpi)
{
    uint32_t apic_ids[PC_MAX_CPUS];
    PcAcpiConfig c;

    fill_config(b, &c, apic_ids);
    read_bases(b, &c);
    pc_acpi_build(acpi, &c);
}

hwaddr pc_acpi_build_direct(PcBoard *b)
{
    uint32_t apic_ids[PC_MAX_CPUS];
    PcAcpiConfig c;

    fill_config(b, &c, apic_ids);
    pc_acpi_build(&b->acpi, &c);
    g_assert(AT_TABLES + b->acpi.tables->len <= PC_SMBIOS);
    acpi_build_place(&b->acpi, AT_TABLES, PC_TABLES);
    return PC_TABLES;
}

void pc_acpi_place_direct(PcBoard *b)
{
    address_space_write_rom(&address_space_memory, PC_TABLES, b->acpi.rsdp, sizeof(b->acpi.rsdp));
    address_space_write_rom(&address_space_memory, AT_TABLES, b->acpi.tables->data, b->acpi.tables->len);
}
