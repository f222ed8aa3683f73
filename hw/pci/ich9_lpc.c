/* SPDX-License-Identifier: MIT */
/*
 * "ICH9-LPC": the ISA bridge of machine q35 (Intel I/O Controller Hub 9, 316972), 8086:2918.
 *
 * Pins of slots 0-24 reach PIRQE-H rotated by slot; those of slots 25-31, the chip's own, go where DnnIR in the chipset configuration
 * space (RCBA 0x3140..) says, PIRQA-D by default. Each PIRQ is pin 16 + n of the I/O APIC, and the ISA interrupt of its routing
 * register too. PMBASE and RCBA place the ACPI hardware ("acpi-pm") and chipset configuration; of the latter DnnIR and GCS exist,
 * the rest reads as zero.
 */
#include "base/bits.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/pci/isa_bridge.h"
#include "hw/pci/pirq.h"

#define PMBASE 0x40u
#define PMBASE_MASK 0xff80u
#define PMBASE_IO 1u
#define ACPI_CNTL 0x44u
#define ACPI_CNTL_EN 0x80u
#define PIRQ_ROUT_A 0x60u
#define PIRQ_ROUT_E 0x68u
#define GEN_PMCON_1 0xa0u
#define GEN_PMCON_1_SMI_LOCK 0x10u
#define RCBA 0xf0u
#define RCBA_MASK 0xffffc000u
#define RCBA_EN 1u
#define RCBA_SIZE 0x4000u
#define RCRB_GCS 0x3410u
#define RCRB_GCS_WRITABLE 0x20u  /* no reboot */
#define RCRB_DIR_DEFAULT 0x3210u
#define NB_PIRQS 8u
#define NB_ISA 16u
#define FIRST_INTERNAL_SLOT 25u
#define NB_INTERNAL_SLOTS 7u

typedef struct Ich9Lpc {
    PCIDevice pci;
    MemoryRegion rcrb;
    Device *pm;                       /* (c) acpi-pm */
    MemoryRegion *io, *memory;        /* (c) where ports and RCRB go */
    IrqLine irq[NB_ISA], gsi[NB_PIRQS];
    bool rcrb_placed;
    PirqPins pins;                    /* (B) */
    uint16_t isa_driven;              /* (B) */
    uint8_t gsi_driven;               /* (B) */
    uint16_t dir[NB_INTERNAL_SLOTS];  /* (B) D25IR.. D31IR */
    uint32_t gcs;                     /* (B) */
} Ich9Lpc;

/* ---- interrupts ---- */
static unsigned pirq_of(const void *opaque, unsigned slot, unsigned pin)
{
    const Ich9Lpc *s = opaque;

    if (slot < FIRST_INTERNAL_SLOT)
        return 4 + ((slot + pin) & 3);
    return s->dir[slot - FIRST_INTERNAL_SLOT] >> 4 * pin & 7;
}

static void drive(IrqLine *lines, unsigned n, unsigned levels, unsigned before)
{
    for (unsigned i = 0; i < n; i++)
        if ((levels ^ before) >> i & 1)
            irq_set(&lines[i], levels >> i & 1);
}

static void update_irqs(Ich9Lpc *s)
{
    unsigned levels = pirq_levels(&s->pins, pirq_of, s);
    uint16_t isa = pirq_isa_levels(levels, s->pci.config + PIRQ_ROUT_A, 4) | pirq_isa_levels(levels >> 4, s->pci.config + PIRQ_ROUT_E, 4);
    uint16_t isa_before = s->isa_driven;
    uint8_t gsi_before = s->gsi_driven;

    s->isa_driven = isa;
    s->gsi_driven = (uint8_t)levels;
    drive(s->irq, NB_ISA, isa, isa_before);
    drive(s->gsi, NB_PIRQS, levels, gsi_before);
}

static void ich9_set_intx(Device *dev, unsigned devfn, unsigned pin, int level)
{
    Ich9Lpc *s = (Ich9Lpc *)dev;

    pirq_pins_set(&s->pins, devfn, pin, level);
    update_irqs(s);
}

/* ---- chipset configuration space ---- */
/* Offset of DnnIR, for slots from 25 up. */
static const uint16_t dir_offsets[NB_INTERNAL_SLOTS] = { 0x3150, 0x314c, 0x3148, 0x3146, 0x3144, 0x3142, 0x3140 };

static uint16_t *dir_at(Ich9Lpc *s, hwaddr offset)
{
    for (unsigned i = 0; i < NB_INTERNAL_SLOTS; i++)
        if (dir_offsets[i] == offset)
            return &s->dir[i];
    return NULL;
}

static MemTxResult rcrb_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Ich9Lpc *s = opaque;
    const uint16_t *dir = dir_at(s, offset);

    *value = 0;
    if (dir)
        *value = *dir;
    else if (offset == RCRB_GCS)
        *value = s->gcs;
    return MEMTX_OK;
}

static MemTxResult rcrb_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Ich9Lpc *s = opaque;
    uint16_t *dir = dir_at(s, offset);

    if (dir)
        *dir = value & 0x7777;
    else if (offset == RCRB_GCS)
        s->gcs = value & RCRB_GCS_WRITABLE;
    if (dir)
        update_irqs(s);
    return MEMTX_OK;
}

static const MemoryRegionOps rcrb_ops = { rcrb_read, rcrb_write, .valid = { 1, 4 }, .impl = { 2, 2 } };

/* ---- configuration space ---- */
static void update_pm(Ich9Lpc *s)
{
    MemoryRegion *mr = device_region(s->pm, 0);
    unsigned base = ldl_le_p(s->pci.config + PMBASE) & PMBASE_MASK;

    memory_transaction_begin();
    memory_region_set_address(mr, base);
    memory_region_set_enabled(mr, base && (s->pci.config[ACPI_CNTL] & ACPI_CNTL_EN));
    memory_transaction_commit();
}

static void update_rcrb(Ich9Lpc *s)
{
    uint32_t reg = ldl_le_p(s->pci.config + RCBA);

    memory_transaction_begin();
    if (s->rcrb_placed)
        memory_region_del_subregion(s->memory, &s->rcrb);
    s->rcrb_placed = reg & RCBA_EN;
    if (s->rcrb_placed)
        memory_region_add_subregion_overlap(s->memory, reg & RCBA_MASK, &s->rcrb, 1);
    memory_transaction_commit();
}

static void config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    unsigned end = offset + size;
    Ich9Lpc *s = (Ich9Lpc *)dev;

    if (offset <= ACPI_CNTL && end > PMBASE)
        update_pm(s);
    if (offset < PIRQ_ROUT_E + 4 && end > PIRQ_ROUT_A)
        update_irqs(s);
    if (offset < RCBA + 4 && end > RCBA)
        update_rcrb(s);
    if (dev->config[GEN_PMCON_1] & GEN_PMCON_1_SMI_LOCK) {
        dev->wmask[GEN_PMCON_1] &= (uint8_t)~GEN_PMCON_1_SMI_LOCK;
        acpi_pm_lock_smi(s->pm);
    }
}

static const PCIOps ich9_ops = { .config_written = config_written };

static bool ich9_realize(Device *dev, GError **error)
{
    Ich9Lpc *s = (Ich9Lpc *)dev;

    s->pci.ops = &ich9_ops;
    pci_config_set_ids(&s->pci, 0x8086, 0x2918, 0x1af4, 0x1100, 0x060100, 0x02);
    stw_le_p(s->pci.wmask + PMBASE, PMBASE_MASK);
    s->pci.wmask[ACPI_CNTL] = ACPI_CNTL_EN | 7;
    for (unsigned i = 0; i < 4; i++)
        s->pci.wmask[PIRQ_ROUT_A + i] = s->pci.wmask[PIRQ_ROUT_E + i] = 0x8f;
    stl_le_p(s->pci.wmask + RCBA, RCBA_MASK | RCBA_EN);
    memory_region_init_io(&s->rcrb, &rcrb_ops, s, "ich9-rcrb", RCBA_SIZE);
    memory_region_add_subregion(s->io, 0, device_region(s->pm, 0));
    return true;
}

static void ich9_reset(Device *dev)
{
    Ich9Lpc *s = (Ich9Lpc *)dev;

    pci_config_set_long(&s->pci, PMBASE, PMBASE_IO);
    s->pci.config[ACPI_CNTL] = 0;
    for (unsigned i = 0; i < 4; i++)
        s->pci.config[PIRQ_ROUT_A + i] = s->pci.config[PIRQ_ROUT_E + i] = PIRQ_ROUTE_OFF;
    pci_config_set_word(&s->pci, GEN_PMCON_1, 0);
    s->pci.wmask[GEN_PMCON_1] = GEN_PMCON_1_SMI_LOCK;
    pci_config_set_long(&s->pci, RCBA, 0);
    for (unsigned i = 0; i < NB_INTERNAL_SLOTS; i++)
        s->dir[i] = RCRB_DIR_DEFAULT;
    s->gcs = RCRB_GCS_WRITABLE;
    update_pm(s);
    update_rcrb(s);
    update_irqs(s);
}

static const Property ich9_properties[] = {
    { "pm", PROP_LINK, offsetof(Ich9Lpc, pm), NULL, "the acpi-pm device" },
    { "io", PROP_LINK, offsetof(Ich9Lpc, io), NULL, "I/O ports" },
    { "memory", PROP_LINK, offsetof(Ich9Lpc, memory), NULL, "memory" },
    { NULL },
};
static const DeviceOutput ich9_outputs[] = { { "irq", offsetof(Ich9Lpc, irq), NB_ISA }, { "gsi", offsetof(Ich9Lpc, gsi), NB_PIRQS }, { NULL } };
static const SnapshotField ich9_fields[] = {
    SNAP(Ich9Lpc, pci.config), SNAP(Ich9Lpc, pins), SNAP(Ich9Lpc, isa_driven), SNAP(Ich9Lpc, gsi_driven), SNAP_ARRAY(Ich9Lpc, dir), SNAP(Ich9Lpc, gcs), { NULL },
};

const DeviceClass ich9_lpc_class = {
    .name = "ICH9-LPC",
    .description = "ISA bridge and power management of machine q35",
    .instance_size = sizeof(Ich9Lpc),
    .properties = ich9_properties,
    .outputs = ich9_outputs,
    .fields = ich9_fields,
    .realize = ich9_realize,
    .reset = ich9_reset,
};

const IsaBridge ich9_lpc_bridge = { .class = &ich9_lpc_class, .set_intx = ich9_set_intx };
