/* SPDX-License-Identifier: MIT */
/*
 * The PC's static ACPI tables: FADT, FACS, MADT, HPET, MCFG (ACPI 6.4 ch. 5; IA-PC HPET 1.0a; PCI Firmware 3.2).
 *
 * Left out: SRAT and SLIT (there is one node), DMAR, TPM, hot-plug.
 */
#include "hw/acpi/pc_tables.h"

#include "base/bits.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/intc/apic.h"
#include "hw/intc/ioapic.h"
#include "hw/timer/hpet.h"

#define PORT_APM 0xb2u
#define PORT_RESET 0xcf9u
#define RESET_HARD 0x0fu
#define CMOS_CENTURY 0x32u
#define NO_LATENCY 0xfffu            /* C2, C3: not supported */
#define GAS_MEMORY 0u
#define GAS_IO 1u

#define FADT_WBINVD BIT(0)
#define FADT_PROC_C1 BIT(2)
#define FADT_NO_SLEEP_BUTTON BIT(5)
#define FADT_NO_FIXED_RTC BIT(6)
#define FADT_TMR_VAL_EXT BIT(8)
#define FADT_RESET_REG BIT(10)
#define BOOT_LEGACY_DEVICES 0x01u
#define BOOT_8042 0x02u

#define MADT_PCAT_COMPAT 1u
#define MADT_LEVEL_HIGH 0x0du
enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_LAPIC_NMI = 4 };

static void put_gas(AcpiBuild *b, unsigned space, uint64_t address, unsigned bytes, unsigned access)
{
    acpi_put_int(b, space, 1);
    acpi_put_int(b, bytes * 8, 1);
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, access, 1);
    acpi_put_int(b, address, 8);
}

static unsigned build_facs(AcpiBuild *b)
{
    unsigned at = acpi_table_begin(b, "FACS", 0, 64);

    /* No common header: signature and length, then fields that start as zero but for the version. */
    g_byte_array_set_size(b->tables, at + 8);
    for (unsigned i = 8; i < 64; i++)
        acpi_put_int(b, i == 32, 1);
    acpi_table_end(b, at, false, false);
    return at;
}

static unsigned build_dsdt(AcpiBuild *b, const PcAcpiConfig *c)
{
    unsigned at = acpi_table_begin(b, "DSDT", 2, 16);
    GByteArray *aml = pc_acpi_dsdt(c);

    acpi_put(b, aml->data, aml->len);
    g_byte_array_unref(aml);
    acpi_table_end(b, at, true, false);
    return at;
}

/* ---- FADT, rev. 6: offsets as in table 5.9 ---- */
static void fadt_legacy_blocks(AcpiBuild *b, const PcAcpiConfig *c)
{
    unsigned gpe = c->pm_base + (c->q35 ? ACPI_PM_ICH9_GPE0 : ACPI_PM_PIIX4_GPE0);

    acpi_put_int(b, c->pm_base + ACPI_PM1_EVT, 4);
    acpi_put_int(b, 0, 4);
    acpi_put_int(b, c->pm_base + ACPI_PM1_CNT, 4);
    acpi_put_int(b, 0, 8);
    acpi_put_int(b, c->pm_base + ACPI_PM_TMR, 4);
    acpi_put_int(b, gpe, 4);
    acpi_put_int(b, 0, 4);
    acpi_put_int(b, 4, 1);                 /* PM1_EVT_LEN */
    acpi_put_int(b, 2, 1);
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, 4, 1);
    acpi_put_int(b, c->q35 ? 16 : 4, 1);   /* GPE0_BLK_LEN */
    acpi_put_int(b, 0, 3);
}

static void fadt_extended_blocks(AcpiBuild *b, const PcAcpiConfig *c)
{
    unsigned gpe = c->pm_base + (c->q35 ? ACPI_PM_ICH9_GPE0 : ACPI_PM_PIIX4_GPE0);

    put_gas(b, GAS_IO, c->pm_base + ACPI_PM1_EVT, 4, 0);
    put_gas(b, GAS_MEMORY, 0, 0, 0);
    put_gas(b, GAS_IO, c->pm_base + ACPI_PM1_CNT, 2, 0);
    put_gas(b, GAS_MEMORY, 0, 0, 0);
    put_gas(b, GAS_MEMORY, 0, 0, 0);
    put_gas(b, GAS_IO, c->pm_base + ACPI_PM_TMR, 4, 0);
    put_gas(b, GAS_IO, gpe, c->q35 ? 16 : 4, 0);
    for (unsigned i = 0; i < 3; i++)       /* GPE1, sleep control, sleep status */
        put_gas(b, GAS_MEMORY, 0, 0, 0);
}

static void build_fadt(AcpiBuild *b, const PcAcpiConfig *c, unsigned facs, unsigned dsdt)
{
    unsigned at = acpi_table_begin(b, "FACP", 6, 16);
    uint64_t flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_NO_FIXED_RTC | FADT_RESET_REG | (c->q35 ? FADT_TMR_VAL_EXT : 0);

    acpi_put_int(b, 0, 8);                 /* FIRMWARE_CTRL, DSDT */
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, 1, 1);                 /* profile: desktop */
    acpi_put_int(b, c->sci, 2);
    acpi_put_int(b, PORT_APM, 4);
    acpi_put_int(b, ACPI_PM_ACPI_ENABLE, 1);
    acpi_put_int(b, ACPI_PM_ACPI_DISABLE, 1);
    acpi_put_int(b, 0, 2);
    fadt_legacy_blocks(b, c);
    acpi_put_int(b, NO_LATENCY, 2);
    acpi_put_int(b, NO_LATENCY, 2);
    acpi_put_int(b, 0, 8);                 /* flush, duty cycle, day and month alarm */
    acpi_put_int(b, CMOS_CENTURY, 1);
    acpi_put_int(b, BOOT_LEGACY_DEVICES | (c->i8042 ? BOOT_8042 : 0), 2);
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, flags, 4);
    put_gas(b, GAS_IO, PORT_RESET, 1, 1);
    acpi_put_int(b, RESET_HARD, 1);
    acpi_put_int(b, 0, 3);
    acpi_put_int(b, 0, 8);                 /* X_FIRMWARE_CTRL: FIRMWARE_CTRL is used */
    acpi_put_int(b, 0, 8);                 /* X_DSDT */
    fadt_extended_blocks(b, c);
    acpi_put_int(b, 0, 8);                 /* hypervisor vendor: none */
    acpi_set_pointer(b, at + 36, 4, facs);
    acpi_set_pointer(b, at + 40, 4, dsdt);
    acpi_set_pointer(b, at + 140, 8, dsdt);
    acpi_table_end(b, at, true, true);
}

/* ---- interrupt controllers ---- */
static void madt_override(AcpiBuild *b, unsigned irq, unsigned gsi, unsigned flags)
{
    acpi_put_int(b, MADT_OVERRIDE, 1);
    acpi_put_int(b, 10, 1);
    acpi_put_int(b, 0, 1);                 /* ISA */
    acpi_put_int(b, irq, 1);
    acpi_put_int(b, gsi, 4);
    acpi_put_int(b, flags, 2);
}

static void build_madt(AcpiBuild *b, const PcAcpiConfig *c)
{
    static const uint8_t level[] = { 5, 9, 10, 11 }; /* those that PCI or the SCI may use */
    unsigned at = acpi_table_begin(b, "APIC", 3, 16);

    acpi_put_int(b, APIC_DEFAULT_BASE, 4);
    acpi_put_int(b, MADT_PCAT_COMPAT, 4);
    for (unsigned i = 0; i < c->n_cpus; i++) {
        acpi_put_int(b, MADT_LAPIC | 8 << 8, 2);
        acpi_put_int(b, i, 1);
        acpi_put_int(b, c->apic_ids[i], 1);
        acpi_put_int(b, 1, 4);             /* enabled */
    }
    acpi_put_int(b, MADT_IOAPIC | 12 << 8, 2);
    acpi_put_int(b, 0, 2);                 /* id, reserved */
    acpi_put_int(b, IOAPIC_DEFAULT_BASE, 4);
    acpi_put_int(b, 0, 4);
    madt_override(b, 0, 2, 0);
    for (unsigned i = 0; i < sizeof(level); i++)
        madt_override(b, level[i], level[i], MADT_LEVEL_HIGH);
    acpi_put_int(b, MADT_LAPIC_NMI | 6 << 8, 2);
    acpi_put_int(b, 0xff, 1);              /* every CPU */
    acpi_put_int(b, 0, 2);
    acpi_put_int(b, 1, 1);                 /* LINT1 */
    acpi_table_end(b, at, true, true);
}

static void build_hpet(AcpiBuild *b)
{
    unsigned at = acpi_table_begin(b, "HPET", 1, 16);

    acpi_put_int(b, HPET_ID, 4);
    put_gas(b, GAS_MEMORY, HPET_DEFAULT_BASE, 8, 0);
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, 0x80, 2);              /* least ticks between interrupts in periodic mode */
    acpi_put_int(b, 0, 1);
    acpi_table_end(b, at, true, true);
}

static void build_mcfg(AcpiBuild *b, const PcAcpiConfig *c)
{
    unsigned at = acpi_table_begin(b, "MCFG", 1, 16);

    acpi_put_int(b, 0, 8);
    acpi_put_int(b, c->ecam_base, 8);
    acpi_put_int(b, 0, 2);
    acpi_put_int(b, 0, 1);
    acpi_put_int(b, (c->ecam_size >> 20) - 1, 1);
    acpi_put_int(b, 0, 4);
    acpi_table_end(b, at, true, true);
}

void pc_acpi_build(AcpiBuild *b, const PcAcpiConfig *config)
{
    unsigned facs, dsdt;

    acpi_build_init(b);
    facs = build_facs(b);
    dsdt = build_dsdt(b, config);
    build_fadt(b, config, facs, dsdt);
    build_madt(b, config);
    if (config->hpet)
        build_hpet(b);
    if (config->q35)
        build_mcfg(b, config);
    acpi_build_roots(b);
}
