/* SPDX-License-Identifier: MIT */
/*
 * "mch": the host bridge of machine q35 (Intel 3 series, 316966), 8086:29c0.
 *
 * PCIEXBAR 0x60 places the enhanced configuration window (a megabyte a bus); PAM is at 0x90, SMRAM at 0x9d, ESMRAMC with TSEG at
 * 0x9e. Where memory ends and TSEG begins (GGC, GBSM, BGSM, TSEGMB, TOLUD) firmware writes for itself to read: here the board decides. DRAM,
 * graphics and DMI registers are not there.
 */
#include <string.h>

#include "base/bits.h"
#include "hw/pci/pc_shadow.h"

#define PCIEXBAR 0x60u
#define PCIEXBAR_EN 1u
#define PCIEXBAR_LENGTH_SHIFT 1
#define PCIEXBAR_BASE 0xffc000000ull
#define EXT_TSEG 0x50u /* QEMU's: firmware writes ffffh and reads how many MiB a larger TSEG has; ffffh: there is none */
#define GGC 0x52u
#define GBSM 0xa4u     /* and BGSM, TSEGMB behind it */
#define TOLUD 0xb0u
#define PAM 0x90u
#define SMRAM 0x9du
#define ESMRAMC 0x9eu
#define ECAM_SIZE (256ull << 20)

typedef struct Mch {
    PCIDevice pci;
    PcShadow shadow;
    MemoryRegion ecam;
    bool ecam_placed;
} Mch;

/* ---- enhanced configuration ---- */
static MemTxResult ecam_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    Mch *s = opaque;

    *value = pci_config_cycle_read(s->pci.bus, (unsigned)(offset >> 20), offset >> 12 & 0xff, offset & 0xfff, size);
    return MEMTX_OK;
}

static MemTxResult ecam_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Mch *s = opaque;

    pci_config_cycle_write(s->pci.bus, (unsigned)(offset >> 20), offset >> 12 & 0xff, offset & 0xfff, (uint32_t)value, size);
    return MEMTX_OK;
}

static const MemoryRegionOps ecam_ops = { ecam_read, ecam_write, .valid = { 1, 4 }, .impl = { 1, 4 } };

static void update_ecam(Mch *s)
{
    uint64_t reg = ldq_le_p(s->pci.config + PCIEXBAR);
    unsigned length = reg >> PCIEXBAR_LENGTH_SHIFT & 3; /* 0: 256 MiB, 1: 128, 2: 64, 3: reserved */

    memory_transaction_begin();
    if (s->ecam_placed)
        memory_region_del_subregion(s->shadow.system, &s->ecam);
    s->ecam_placed = (reg & PCIEXBAR_EN) && length < 3;
    s->ecam.size = ECAM_SIZE >> length;
    if (s->ecam_placed)
        memory_region_add_subregion(s->shadow.system, reg & PCIEXBAR_BASE & ~(s->ecam.size - 1), &s->ecam);
    memory_transaction_commit();
}

/* ---- configuration space ---- */
static void update_shadow(Mch *s)
{
    pc_shadow_update(&s->shadow, s->pci.config + PAM, s->pci.config[SMRAM], s->pci.config[ESMRAMC]);
}

static void config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    unsigned end = offset + size;
    Mch *s = (Mch *)dev;

    if (offset < PCIEXBAR + 8 && end > PCIEXBAR)
        update_ecam(s);
    if (offset <= ESMRAMC && end > PAM)
        update_shadow(s);
}

/* SMRAM's lock also holds ESMRAMC. */
static uint32_t config_filter(PCIDevice *dev, unsigned offset, unsigned size, uint32_t value)
{
    unsigned shift = (ESMRAMC - offset) * 8;

    if ((dev->config[SMRAM] & SMRAM_D_LCK) && offset <= ESMRAMC && ESMRAMC < offset + size)
        value = (value & ~(0xffu << shift)) | (uint32_t)dev->config[ESMRAMC] << shift;
    return pc_shadow_filter_smram(dev, SMRAM, offset, size, value);
}

static const PCIOps mch_ops = { .config_filter = config_filter, .config_written = config_written };

static bool mch_realize(Device *dev, GError **error)
{
    Mch *s = (Mch *)dev;

    s->pci.ops = &mch_ops;
    s->pci.express = true;
    pci_config_set_ids(&s->pci, 0x8086, 0x29c0, 0x1af4, 0x1100, 0x060000, 0x00);
    stq_le_p(s->pci.wmask + PCIEXBAR, PCIEXBAR_BASE | 7);
    for (unsigned i = 0; i < PC_NB_PAM_REGS; i++)
        s->pci.wmask[PAM + i] = i ? 0x33 : 0x30;
    stw_le_p(s->pci.wmask + EXT_TSEG, 0xffff);
    stw_le_p(s->pci.wmask + GGC, 0x0ff3);
    for (unsigned at = GBSM; at < TOLUD; at += 4)
        stl_le_p(s->pci.wmask + at, 0xfff00000);
    stw_le_p(s->pci.wmask + TOLUD, 0xfff0);
    s->pci.wmask[SMRAM] = 0xff;
    s->pci.wmask[ESMRAMC] = (uint8_t)~ESMRAMC_CACHE;
    memory_region_init_io(&s->ecam, &ecam_ops, s, "pcie-ecam", ECAM_SIZE);
    pc_shadow_init(&s->shadow);
    return true;
}

static void mch_reset(Device *dev)
{
    Mch *s = (Mch *)dev;

    pci_config_set_long(&s->pci, PCIEXBAR, 0xe0000000);
    pci_config_set_long(&s->pci, PCIEXBAR + 4, 0);
    for (unsigned i = 0; i < PC_NB_PAM_REGS; i++)
        s->pci.config[PAM + i] = 0;
    stw_le_p(s->pci.config + EXT_TSEG, 0);
    stw_le_p(s->pci.config + GGC, 0x0030);
    memset(s->pci.config + GBSM, 0, TOLUD - GBSM);
    stw_le_p(s->pci.config + TOLUD, 0x0010);
    s->pci.config[SMRAM] = SMRAM_C_BASE;
    s->pci.config[ESMRAMC] = ESMRAMC_CACHE;
    s->shadow.smm_cpus = 0;
    update_ecam(s);
    update_shadow(s);
}

static void mch_smm(Device *dev, int cpu, bool in_smm)
{
    Mch *s = (Mch *)dev;

    pc_shadow_smm(&s->shadow, cpu, in_smm);
    update_shadow(s);
}

static const Property mch_properties[] = { PC_SHADOW_PROPERTIES(Mch, shadow), { NULL } };
static const SnapshotField mch_fields[] = { SNAP(Mch, pci.config), SNAP(Mch, shadow.smm_cpus), { NULL } };

const DeviceClass mch_class = {
    .name = "mch",
    .description = "host bridge of machine q35",
    .instance_size = sizeof(Mch),
    .properties = mch_properties,
    .fields = mch_fields,
    .realize = mch_realize,
    .reset = mch_reset,
};

const PcHostBridge mch_bridge = { .class = &mch_class, .pam = PAM, .smm = mch_smm };
