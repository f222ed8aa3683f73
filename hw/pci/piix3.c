/* SPDX-License-Identifier: MIT */
/*
 * "PIIX3": the ISA bridge of machine pc (Intel 82371SB, 290550), 8086:7000.
 *
 * PCI's interrupt pins reach PIRQA-D rotated by slot, and those the ISA interrupts that PIRQRC 0x60-0x63 name. Outputs "irq" 0..15
 * are what PIRQs drive; the board joins them with the ISA devices' own.
 */
#include "base/bits.h"
#include "hw/pci/isa_bridge.h"
#include "hw/pci/pirq.h"

#define PIRQRC 0x60u
#define NB_PIRQS 4u
#define NB_ISA 16u

typedef struct Piix3 {
    PCIDevice pci;
    IrqLine irq[NB_ISA];
    PirqPins pins;      /* (B) */
    uint16_t driven;    /* (B) ISA interrupts that are asserted */
} Piix3;

/* As boards wire it: INTA of slot 1 is PIRQA, of slot 2 PIRQB ... */
static unsigned pirq_of(const void *opaque, unsigned slot, unsigned pin)
{
    return (slot - 1 + pin) & (NB_PIRQS - 1);
}

static void update(Piix3 *s)
{
    uint16_t levels = pirq_isa_levels(pirq_levels(&s->pins, pirq_of, s), s->pci.config + PIRQRC, NB_PIRQS), changed = levels ^ s->driven;

    s->driven = levels;
    for (unsigned i = 0; i < NB_ISA; i++)
        if (changed >> i & 1)
            irq_set(&s->irq[i], levels >> i & 1);
}

static void piix3_set_intx(Device *dev, unsigned devfn, unsigned pin, int level)
{
    Piix3 *s = (Piix3 *)dev;

    pirq_pins_set(&s->pins, devfn, pin, level);
    update(s);
}

static void config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    if (offset < PIRQRC + NB_PIRQS && offset + size > PIRQRC)
        update((Piix3 *)dev);
}

static const PCIOps piix3_ops = { .config_written = config_written };

static bool piix3_realize(Device *dev, GError **error)
{
    Piix3 *s = (Piix3 *)dev;

    s->pci.ops = &piix3_ops;
    pci_config_set_ids(&s->pci, 0x8086, 0x7000, 0x1af4, 0x1100, 0x060100, 0x00);
    for (unsigned i = 0; i < NB_PIRQS; i++)
        s->pci.wmask[PIRQRC + i] = 0x8f;
    return true;
}

static void piix3_reset(Device *dev)
{
    Piix3 *s = (Piix3 *)dev;

    for (unsigned i = 0; i < NB_PIRQS; i++)
        s->pci.config[PIRQRC + i] = PIRQ_ROUTE_OFF;
    update(s);
}

static const DeviceOutput piix3_outputs[] = { { "irq", offsetof(Piix3, irq), NB_ISA }, { NULL } };
static const SnapshotField piix3_fields[] = { SNAP(Piix3, pci.config), SNAP(Piix3, pins), SNAP(Piix3, driven), { NULL } };

const DeviceClass piix3_class = {
    .name = "PIIX3",
    .description = "ISA bridge of machine pc",
    .instance_size = sizeof(Piix3),
    .outputs = piix3_outputs,
    .fields = piix3_fields,
    .realize = piix3_realize,
    .reset = piix3_reset,
};

const IsaBridge piix3_bridge = { .class = &piix3_class, .set_intx = piix3_set_intx };
