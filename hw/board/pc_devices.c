/* SPDX-License-Identifier: MIT */
/*
 * The devices of a PC and their wires: interrupt controllers, timers, the legacy devices at fixed ports, chipset functions.
 *
 * Order matters where a device is linked to another: the power management block before the function that places it, the reset
 * control before the configuration ports that forward to it.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/board/pc_internal.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/timer/hpet.h"
#include "hw/timer/mc146818rtc.h"

#define PORT_FERR 0xf0u              /* writing clears the coprocessor's interrupt */
#define IRQ_FERR 13u
#define HPET_ROUTES 0x00ff0100u      /* I/O APIC pins that its timers may use: 8, 16-23 */

static void place_io(Device *dev, unsigned region, unsigned port)
{
    memory_region_add_subregion(memory_io_root(), port, device_region(dev, region));
}

/* Realizes dev; NULL with an error when that fails, or dev is NULL. */
static Device *realized(Device *dev, GError **error)
{
    if (dev && !device_realize(dev, error)) {
        device_free(dev);
        return NULL;
    }
    return dev;
}

/* ---- interrupt controllers ---- */
static bool create_local_apics(PcBoard *b, GError **error)
{
    for (unsigned i = 0; i < b->smp; i++) {
        Device *apic = device_new("apic", error);

        if (!apic)
            return false;
        device_set_link(apic, "cpu", b->cpus[i]);
        if (!realized(apic, error))
            return false;
    }
    memory_region_add_subregion(memory_system_root(), APIC_DEFAULT_BASE, apic_create_region());
    apic_connect_pic(b->pic);
    return true;
}

static bool create_intc(PcBoard *b, GError **error)
{
    if (!(b->pic = realized(device_new("i8259", error), error)) || !(b->ioapic = realized(device_new("ioapic", error), error)))
        return false;
    place_io(b->pic, I8259_REGION_MASTER, 0x20);
    place_io(b->pic, I8259_REGION_SLAVE, 0xa0);
    place_io(b->pic, I8259_REGION_ELCR, 0x4d0);
    memory_region_add_subregion(memory_system_root(), IOAPIC_DEFAULT_BASE, device_region(b->ioapic, 0));
    return create_local_apics(b, error);
}

/* ---- timers ---- */
static bool create_hpet(PcBoard *b, GError **error)
{
    Device *dev = device_new("hpet", error);

    if (!dev)
        return false;
    device_set_uint(dev, "routes", HPET_ROUTES);
    for (unsigned i = 0; i < PC_NB_GSIS; i++)
        if (HPET_ROUTES >> i & 1)
            device_connect_irq(dev, "irq", i, pc_gsi_line(b, i));
    device_connect_irq(dev, "legacy", 0, pc_gsi_line(b, 0));
    device_connect_irq(dev, "legacy", 1, pc_gsi_line(b, 8));
    device_connect_irq(dev, "legacy-mode", 0, device_input(b->pit, "irq-disable", 0));
    device_connect_irq(dev, "legacy-mode", 1, device_input(b->rtc, "irq-disable", 0));
    if (!(b->hpet = realized(dev, error)))
        return false;
    memory_region_add_subregion(memory_system_root(), HPET_DEFAULT_BASE, device_region(b->hpet, 0));
    return true;
}

static bool create_timers(PcBoard *b, GError **error)
{
    b->pit = device_new("i8254", error);
    b->rtc = device_new("mc146818rtc", error);
    if (!b->pit || !b->rtc || (b->config->rtc_base && !device_set_prop(b->rtc, "base", b->config->rtc_base, error)))
        return false;
    device_connect_irq(b->pit, "irq", 0, pc_gsi_line(b, 0));
    device_connect_irq(b->rtc, "irq", 0, pc_gsi_line(b, 8));
    if (!realized(b->pit, error) || !realized(b->rtc, error))
        return false;
    place_io(b->pit, 0, 0x40);
    place_io(b->pit, 1, 0x61);
    place_io(b->rtc, 0, 0x70);
    place_io(b->rtc, 1, 0x72);
    return !b->use_hpet || create_hpet(b, error);
}

/* ---- legacy devices ---- */
static void a20_set(void *opaque, int n, int level)
{
    PcBoard *b = opaque;

    b->a20[n] = level;
    for (unsigned i = 0; i < b->smp; i++)
        x86_cpu_set_a20(b->cpus[i], b->a20[0] || b->a20[1]);
}

static bool create_a20_and_reset(PcBoard *b, GError **error)
{
    Device *i8042 = b->use_i8042 ? device_new("i8042", error) : NULL, *port92 = device_new("port92", error);

    if ((b->use_i8042 && !i8042) || !port92)
        return false;
    device_connect_irq(port92, "a20", 0, (IrqLine){ a20_set, b, 0 });
    if (!(b->port92 = realized(port92, error)) || !(b->reset_control = realized(device_new("reset-control", error), error)))
        return false;
    place_io(b->port92, 0, 0x92);
    if (!i8042)
        return true;
    device_connect_irq(i8042, "kbd", 0, pc_gsi_line(b, 1));
    device_connect_irq(i8042, "mouse", 0, pc_gsi_line(b, 12));
    device_connect_irq(i8042, "a20", 0, (IrqLine){ a20_set, b, 1 });
    if (!(b->i8042 = realized(i8042, error)))
        return false;
    place_io(b->i8042, 0, 0x60);
    place_io(b->i8042, 1, 0x64);
    return true;
}

static bool create_serials(PcBoard *b, GError **error)
{
    static const struct { uint16_t port; uint8_t irq; } ports[BOARD_MAX_SERIAL] = { { 0x3f8, 4 }, { 0x2f8, 3 }, { 0x3e8, 4 }, { 0x2e8, 3 } };

    for (unsigned i = 0; i < BOARD_MAX_SERIAL; i++) {
        Device *dev = b->config->serial[i] ? device_new("isa-serial", error) : NULL;

        if (!b->config->serial[i])
            continue;
        if (!dev)
            return false;
        device_set_link(dev, "chardev", b->config->serial[i]);
        device_connect_irq(dev, "irq", 0, pc_gsi_line(b, ports[i].irq));
        if (!realized(dev, error))
            return false;
        place_io(dev, 0, ports[i].port);
    }
    return true;
}

/* ---- what CPUs ask of the machine ---- */
static MemTxResult ferr_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = MASK64(size * 8);
    return MEMTX_OK;
}

static MemTxResult ferr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    irq_set(opaque, 0);
    return MEMTX_OK;
}

static const MemoryRegionOps ferr_ops = { ferr_read, ferr_write, .valid = { 1, 4, true }, .impl = { 1, 1 } };

static void cpu_ferr(void *opaque)
{
    PcCpu *c = opaque;

    irq_set(&c->board->ferr, 1);
}

static void cpu_smm_changed(void *opaque, bool in_smm)
{
    PcCpu *c = opaque;

    c->board->chipset->host->smm(c->board->host, c->index, in_smm);
}

static void connect_cpus(PcBoard *b)
{
    PcCpu *cpus = g_new0(PcCpu, b->smp); /* as long as the CPUs live */

    b->ferr = pc_gsi_line(b, IRQ_FERR);
    memory_region_init_io(&b->ferr_mr, &ferr_ops, &b->ferr, "coprocessor", 2);
    memory_region_add_subregion(memory_io_root(), PORT_FERR, &b->ferr_mr);
    for (unsigned i = 0; i < b->smp; i++) {
        cpus[i] = (PcCpu){ b, (int)i };
        x86_cpu_set_hooks(b->cpus[i], &(X86MachineHooks){ .smm_changed = cpu_smm_changed, .ferr = cpu_ferr, .opaque = &cpus[i] });
    }
}

/* ---- chipset ---- */
static void set_intx(void *opaque, unsigned devfn, unsigned pin, int level)
{
    PcBoard *b = opaque;

    b->chipset->isa->set_intx(b->isa, devfn, pin, level);
}

/* A message is a memory write like any other; the APICs take those to their window. */
static void send_msi(void *opaque, uint64_t address, uint32_t data, uint16_t requester)
{
    if (address - APIC_DEFAULT_BASE < APIC_REGION_SIZE)
        apic_send_msi(address, data);
    else
        address_space_st(&address_space_memory, address, data, 4, (MemTxAttrs){ .requester_id = requester }, NULL);
}

/* A function of the chipset; NULL with an error. */
static Device *add_function(PcBoard *b, Device *dev, unsigned devfn, GError **error)
{
    return dev && pc_add_function(b, dev, (int)devfn, error) ? dev : NULL;
}

static bool create_host_bridge(PcBoard *b, GError **error)
{
    PCIBusConfig config = { .name = b->chipset->bus, .memory = &b->pci_memory, .io = &b->pci_io, .set_intx = set_intx, .send_msi = send_msi, .opaque = b };
    Device *host = device_new_class(b->chipset->host->class), *ports = device_new("pci-host", error);

    b->bus = pci_bus_new(&config);
    device_set_link(host, "system", memory_system_root());
    device_set_link(host, "ram", &b->ram);
    device_set_link(host, "pci", &b->pci_memory);
    device_set_uint(host, "low-ram", b->low_ram);
    device_set_link(ports, "bus", b->bus);
    device_set_link(ports, "reset-control", b->reset_control);
    if (!(b->host = add_function(b, host, 0, error)) || !realized(ports, error))
        return false;
    place_io(ports, 0, 0xcf8);
    place_io(ports, 1, 0xcfc);
    return true;
}

static bool create_pm(PcBoard *b, GError **error)
{
    Device *dev = device_new("acpi-pm", error);

    if (!dev)
        return false;
    device_set_uint(dev, "ich9", b->chipset->q35);
    device_set_uint(dev, "smm", b->use_smm);
    device_connect_irq(dev, "sci", 0, pc_gsi_line(b, PC_SCI));
    if (!(b->pm = realized(dev, error)))
        return false;
    place_io(b->pm, 1, 0xb2);
    return true;
}

static bool create_isa_bridge(PcBoard *b, GError **error)
{
    Device *isa = device_new_class(b->chipset->isa->class), *placer = isa;

    for (unsigned i = 0; i < 16; i++)
        device_connect_irq(isa, "irq", i, pc_gsi_line(b, i));
    for (unsigned i = 16; b->chipset->q35 && i < PC_NB_GSIS; i++)
        device_connect_irq(isa, "gsi", i - 16, pc_gsi_line(b, i));
    if (b->chipset->q35)
        device_set_link(isa, "memory", memory_system_root());
    else
        placer = device_new("PIIX4_PM", error);
    device_set_link(placer, "pm", b->pm);
    device_set_link(placer, "io", memory_io_root());
    if (!(b->isa = add_function(b, isa, b->chipset->isa_devfn, error)))
        return false;
    return placer == isa || add_function(b, placer, PC_PIIX4_PM_DEVFN, error);
}

bool pc_create_devices(PcBoard *b, GError **error)
{
    if (!create_intc(b, error) || !create_timers(b, error) || !create_a20_and_reset(b, error) || !create_serials(b, error) ||
        !create_host_bridge(b, error) || !create_pm(b, error) || !create_isa_bridge(b, error))
        return false;
    connect_cpus(b);
    return true;
}

/* ---- CMOS RAM ---- */
static void cmos_word(PcBoard *b, unsigned index, uint64_t value, uint64_t max)
{
    value = MIN_OF(value, max);
    rtc_set_cmos(b->rtc, index, (uint8_t)value);
    rtc_set_cmos(b->rtc, index + 1, (uint8_t)(value >> 8));
}

/* Boot devices as SeaBIOS numbers them: 0 none. */
static unsigned boot_device(char c)
{
    static const char letters[] = "acdn";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (unsigned)(at - letters) + 1 : 0;
}

void pc_fill_cmos(PcBoard *b)
{
    const char *order = b->config->boot_order ? b->config->boot_order : "cad";
    unsigned n = (unsigned)strlen(order), first = boot_device(order[0]), second = n > 1 ? boot_device(order[1]) : 0,
             third = n > 2 ? boot_device(order[2]) : 0;
    uint64_t extended = (b->low_ram >> 10) - 1024, high64k = b->high_ram >> 16;

    rtc_set_cmos(b->rtc, 0x14, 0x06); /* a coprocessor, a PS/2 mouse; no floppy drive */
    cmos_word(b, 0x15, 640, 640);
    cmos_word(b, 0x17, extended, 0xffff);
    cmos_word(b, 0x30, extended, 0xffff);
    cmos_word(b, 0x34, b->low_ram > 16 << 20 ? (b->low_ram - (16 << 20)) >> 16 : 0, 0xffff);
    cmos_word(b, 0x5b, high64k & 0xffff, 0xffff);
    rtc_set_cmos(b->rtc, 0x5d, (uint8_t)(high64k >> 16));
    rtc_set_cmos(b->rtc, 0x5f, (uint8_t)(b->smp - 1));
    rtc_set_cmos(b->rtc, 0x38, (uint8_t)(third << 4));
    rtc_set_cmos(b->rtc, 0x3d, (uint8_t)(second << 4 | first));
}
