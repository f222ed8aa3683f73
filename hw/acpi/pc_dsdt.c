/* SPDX-License-Identifier: MIT */
/*
 * The PC's DSDT: host bridge with its windows and interrupt routing, the legacy devices, processors.
 *
 * PCI interrupts: on pc all pins go by link devices LNKA-D to ISA interrupts that PIIX3's registers choose. On q35 a kernel that uses
 * the I/O APIC (it says so by _PIC) finds pins 16-23 wired to PIRQA-H; one that does not, links as on pc.
 */
#include "hw/acpi/pc_tables.h"

#include <string.h>

#include "base/bits.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/timer/hpet.h"

#define IOAPIC_PCI_PIN 16u
#define FIRST_INTERNAL_SLOT 25u
#define NB_SLOTS 32u
#define NB_PINS 4u
#define PCI_WINDOW_MIN 0x80000000ull
#define PCI_WINDOW_END 0xfec00000ull
#define PCI_WINDOW64_SIZE (32ull << 30)
#define OSC_PCI_UUID "33db4d5b-1ff7-401c-9657-7441c03dd766"

static const uint32_t link_irqs[] = { 5, 10, 11 };

/* ---- interrupt routing ---- */
static unsigned pirq_of(const PcAcpiConfig *c, unsigned slot, unsigned pin)
{
    if (!c->q35)
        return (slot - 1 + pin) & 3;
    return slot < FIRST_INTERNAL_SLOT ? 4 + ((slot + pin) & 3) : pin;
}

static void put_route(Aml *a, const PcAcpiConfig *c, unsigned slot, unsigned pin, bool by_gsi)
{
    unsigned pirq = pirq_of(c, slot, pin);
    char link[5] = { 'L', 'N', 'K', (char)('A' + pirq), 0 };

    aml_package(a, 4);
    aml_int(a, slot << 16 | 0xffff);
    aml_int(a, pin);
    if (by_gsi)
        aml_int(a, 0);
    else
        aml_path(a, link);
    aml_int(a, by_gsi ? IOAPIC_PCI_PIN + pirq : 0);
    aml_end(a);
}

static void put_routes(Aml *a, const PcAcpiConfig *c, const char *name, bool by_gsi)
{
    aml_name(a, name);
    aml_package(a, NB_SLOTS * NB_PINS);
    for (unsigned slot = 0; slot < NB_SLOTS; slot++)
        for (unsigned pin = 0; pin < NB_PINS; pin++)
            put_route(a, c, slot, pin, by_gsi);
    aml_end(a);
}

static void put_prt(Aml *a, const PcAcpiConfig *c)
{
    if (!c->q35) {
        put_routes(a, c, "_PRT", false);
        return;
    }
    put_routes(a, c, "PRTL", false);
    put_routes(a, c, "PRTG", true);
    aml_method(a, "_PRT", 0);
    aml_if(a);
    aml_path(a, "\\PICF");
    aml_return(a);
    aml_path(a, "PRTG");
    aml_end(a);
    aml_return(a);
    aml_path(a, "PRTL");
    aml_end(a);
}

static void put_link_crs(Aml *a, const char *reg)
{
    aml_method(a, "_CRS", 0);
    aml_name(a, "BUF0");
    aml_resources(a);
    aml_interrupts(a, &(uint32_t){ 0 }, 1);
    aml_end(a);
    aml_create_dword_field(a, "BUF0", 0, 5, "IRQN");
    aml_if(a);
    aml_equal(a);
    aml_and(a), aml_path(a, reg), aml_int(a, 0x80), aml_int(a, 0);
    aml_int(a, 0);
    aml_and(a), aml_path(a, reg), aml_int(a, 0x0f), aml_path(a, "IRQN");
    aml_end(a);
    aml_return(a), aml_path(a, "BUF0");
    aml_end(a);
}

static void put_link_methods(Aml *a, const char *reg)
{
    aml_method(a, "_STA", 0);
    aml_if(a);
    aml_and(a), aml_path(a, reg), aml_int(a, 0x80), aml_int(a, 0);
    aml_return(a), aml_int(a, 0x09);
    aml_end(a);
    aml_return(a), aml_int(a, 0x0b);
    aml_end(a);
    aml_method(a, "_DIS", 0);
    aml_or(a), aml_path(a, reg), aml_int(a, 0x80), aml_path(a, reg);
    aml_end(a);
    aml_method(a, "_SRS", 1);
    aml_create_dword_field(a, NULL, 0, 5, "IRQW");
    aml_store(a), aml_path(a, "IRQW"), aml_path(a, reg);
    aml_end(a);
}

static void put_link(Aml *a, unsigned pirq)
{
    char name[5] = { 'L', 'N', 'K', (char)('A' + pirq), 0 }, reg[] = "\\_SB.PCI0.ISA.PRQx";

    reg[sizeof(reg) - 2] = (char)('A' + pirq);
    aml_device(a, name);
    aml_name_eisa(a, "_HID", "PNP0C0F");
    aml_name_int(a, "_UID", pirq);
    aml_name(a, "_PRS");
    aml_resources(a);
    aml_interrupts(a, link_irqs, ARRAY_SIZE(link_irqs));
    aml_end(a);
    put_link_crs(a, reg);
    put_link_methods(a, reg);
    aml_end(a);
}

/* ---- host bridge ---- */
static void put_windows(Aml *a, const PcAcpiConfig *c)
{
    uint64_t first = MAX_OF(c->low_ram, PCI_WINDOW_MIN), first64 = ALIGN_UP(c->high_ram_end, 1ull << 30);

    aml_name(a, "_CRS");
    aml_resources(a);
    aml_bus_range(a, 0, 0xff);
    aml_io(a, 0xcf8, 0xcf8, 1, 8);
    aml_io_range(a, 0, 0xcf7);
    aml_io_range(a, 0xd00, 0xffff);
    aml_memory_range(a, 0xa0000, 0xbffff, true);
    if (c->q35 && first < c->ecam_base)
        aml_memory_range(a, (uint32_t)first, (uint32_t)c->ecam_base - 1, false);
    if (c->q35)
        first = c->ecam_base + c->ecam_size;
    if (first < PCI_WINDOW_END)
        aml_memory_range(a, (uint32_t)first, PCI_WINDOW_END - 1, false);
    aml_memory_range64(a, first64, first64 + PCI_WINDOW64_SIZE - 1);
    aml_end(a);
}

/* Nothing is handed over to the operating system: there is no hot-plug, AER or PME here. */
static void put_osc(Aml *a)
{
    aml_method(a, "_OSC", 4);
    aml_create_dword_field(a, NULL, 3, 0, "CDW1");
    aml_if(a);
    aml_equal(a), aml_arg(a, 0), aml_uuid(a, OSC_PCI_UUID);
    aml_create_dword_field(a, NULL, 3, 8, "CDW3");
    aml_if(a);
    aml_path(a, "CDW3");
    aml_or(a), aml_path(a, "CDW1"), aml_int(a, 0x10), aml_path(a, "CDW1");
    aml_end(a);
    aml_store(a), aml_int(a, 0), aml_path(a, "CDW3");
    aml_end(a);
    aml_else(a);
    aml_or(a), aml_path(a, "CDW1"), aml_int(a, 4), aml_path(a, "CDW1");
    aml_end(a);
    aml_return(a), aml_arg(a, 3);
    aml_end(a);
}

/* ---- legacy devices ---- */
static void put_pnp(Aml *a, const char *name, const char *id)
{
    aml_device(a, name);
    aml_name_eisa(a, "_HID", id);
}

static void put_serial(Aml *a, unsigned n)
{
    static const struct { uint16_t port; uint8_t irq; } ports[PC_ACPI_MAX_SERIAL] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };
    char name[5] = { 'C', 'O', 'M', (char)('1' + n), 0 };

    put_pnp(a, name, "PNP0501");
    aml_name_int(a, "_UID", n + 1);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, ports[n].port, ports[n].port, 8, 8);
    aml_irq(a, ports[n].irq);
    aml_end(a);
    aml_end(a);
}

static void put_keyboard(Aml *a)
{
    put_pnp(a, "KBD", "PNP0303");
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, 0x60, 0x60, 1, 1);
    aml_io(a, 0x64, 0x64, 1, 1);
    aml_irq(a, 1);
    aml_end(a);
    aml_end(a);
    put_pnp(a, "MOU", "PNP0F13");
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_irq(a, 12);
    aml_end(a);
    aml_end(a);
}

static void put_isa_bridge(Aml *a, const PcAcpiConfig *c)
{
    unsigned first = 0x60, second = 0x68;

    aml_device(a, "ISA");
    aml_name_int(a, "_ADR", c->q35 ? 0x1f0000 : 0x10000);
    aml_region(a, "PIRQ", AML_PCI_CONFIG, first, second + 4 - first);
    aml_field(a, "PIRQ");
    for (unsigned i = 0; i < (c->q35 ? 8u : 4u); i++) {
        char reg[5] = { 'P', 'R', 'Q', (char)('A' + i), 0 };

        if (i == 4)
            aml_field_entry(a, NULL, 32);
        aml_field_entry(a, reg, 8);
    }
    aml_end(a);
    put_pnp(a, "RTC", "PNP0B00");
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, 0x70, 0x70, 1, 2);
    aml_irq(a, 8);
    aml_end(a);
    aml_end(a);
    if (c->i8042)
        put_keyboard(a);
    for (unsigned i = 0; i < PC_ACPI_MAX_SERIAL; i++)
        if (c->serial[i])
            put_serial(a, i);
    aml_end(a);
}

/* What the chipset decodes and no device claims. */
static void put_motherboard(Aml *a, const PcAcpiConfig *c)
{
    put_pnp(a, "MRES", "PNP0C02");
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, (uint16_t)c->pm_base, (uint16_t)c->pm_base, 1, c->q35 ? ACPI_PM_ICH9_SIZE : ACPI_PM_PIIX4_SIZE);
    aml_io(a, 0xb2, 0xb2, 1, 2);
    aml_io(a, 0x4d0, 0x4d0, 1, 2);
    if (c->q35)
        aml_memory32(a, (uint32_t)c->ecam_base, (uint32_t)c->ecam_size);
    aml_end(a);
    aml_end(a);
}

static void put_hpet(Aml *a)
{
    put_pnp(a, "HPET", "PNP0103");
    aml_name_int(a, "_UID", 0);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_memory32(a, HPET_DEFAULT_BASE, 0x400);
    aml_end(a);
    aml_end(a);
}

static void put_fw_cfg(Aml *a)
{
    aml_device(a, "FWCF");
    aml_name_string(a, "_HID", "QEMU0002");
    aml_name_int(a, "_STA", 0x0b);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, 0x510, 0x510, 1, 12);
    aml_end(a);
    aml_end(a);
}

static void put_cpus(Aml *a, const PcAcpiConfig *c)
{
    for (unsigned i = 0; i < c->n_cpus; i++) {
        static const char hex[] = "0123456789ABCDEF";
        char name[5] = { 'C', hex[i >> 8 & 15], hex[i >> 4 & 15], hex[i & 15], 0 };

        aml_device(a, name);
        aml_name_string(a, "_HID", "ACPI0007");
        aml_name_int(a, "_UID", i);
        aml_end(a);
    }
}

static void put_host_bridge(Aml *a, const PcAcpiConfig *c)
{
    aml_device(a, "PCI0");
    aml_name_eisa(a, "_HID", c->q35 ? "PNP0A08" : "PNP0A03");
    if (c->q35)
        aml_name_eisa(a, "_CID", "PNP0A03");
    aml_name_int(a, "_ADR", 0);
    aml_name_int(a, "_UID", 0);
    put_windows(a, c);
    if (c->q35)
        put_osc(a);
    put_isa_bridge(a, c);
    put_prt(a, c);
    aml_end(a);
}

GByteArray *pc_acpi_dsdt(const PcAcpiConfig *c)
{
    Aml a;

    aml_init(&a);
    aml_name_int(&a, "\\PICF", 0);
    aml_method(&a, "\\_PIC", 1);
    aml_store(&a), aml_arg(&a, 0), aml_path(&a, "\\PICF");
    aml_end(&a);
    aml_scope(&a, "\\_SB");
    for (unsigned i = 0; i < (c->q35 ? 8u : 4u); i++)
        put_link(&a, i);
    put_host_bridge(&a, c);
    put_motherboard(&a, c);
    if (c->hpet)
        put_hpet(&a);
    if (c->fw_cfg)
        put_fw_cfg(&a);
    put_cpus(&a, c);
    aml_end(&a);
    aml_name(&a, "\\_S5");
    aml_package(&a, 4);
    for (unsigned i = 0; i < 4; i++)
        aml_int(&a, i < 2 ? ACPI_PM_SLP_TYP_S5 : 0);
    aml_end(&a);
    return aml_finish(&a);
}
