/* SPDX-License-Identifier: MIT */
/*
 * "i440FX": the host bridge of machine pc (Intel 82441FX, 290549), 8086:1237.
 *
 * What software sees of it: the PAM registers 0x59-0x5f and SMRAM 0x72. DRAM timing and row registers hold nothing.
 */
#include "base/bits.h"
#include "hw/pci/pc_shadow.h"

#define PAM 0x59u
#define SMRAM 0x72u

typedef struct I440fx {
    PCIDevice pci;
    PcShadow shadow;
} I440fx;

static void update(I440fx *s)
{
    pc_shadow_update(&s->shadow, s->pci.config + PAM, s->pci.config[SMRAM], 0);
}

static void config_written(PCIDevice *dev, unsigned offset, unsigned size)
{
    if (offset < SMRAM + 1 && offset + size > PAM)
        update((I440fx *)dev);
}

static uint32_t config_filter(PCIDevice *dev, unsigned offset, unsigned size, uint32_t value)
{
    return pc_shadow_filter_smram(dev, SMRAM, offset, size, value);
}

static const PCIOps i440fx_ops = { .config_filter = config_filter, .config_written = config_written };

static bool i440fx_realize(Device *dev, GError **error)
{
    I440fx *s = (I440fx *)dev;

    s->pci.ops = &i440fx_ops;
    pci_config_set_ids(&s->pci, 0x8086, 0x1237, 0x1af4, 0x1100, 0x060000, 0x02);
    for (unsigned i = 0; i < PC_NB_PAM_REGS; i++)
        s->pci.wmask[PAM + i] = i ? 0x33 : 0x30;
    s->pci.wmask[SMRAM] = 0xff;
    pc_shadow_init(&s->shadow);
    return true;
}

static void i440fx_reset(Device *dev)
{
    I440fx *s = (I440fx *)dev;

    for (unsigned i = 0; i < PC_NB_PAM_REGS; i++)
        s->pci.config[PAM + i] = 0;
    s->pci.config[SMRAM] = SMRAM_C_BASE;
    s->shadow.smm_cpus = 0;
    update(s);
}

static void i440fx_smm(Device *dev, int cpu, bool in_smm)
{
    I440fx *s = (I440fx *)dev;

    pc_shadow_smm(&s->shadow, cpu, in_smm);
    update(s);
}

static const Property i440fx_properties[] = { PC_SHADOW_PROPERTIES(I440fx, shadow), { NULL } };
static const SnapshotField i440fx_fields[] = { SNAP(I440fx, pci.config), SNAP(I440fx, shadow.smm_cpus), { NULL } };

const DeviceClass i440fx_class = {
    .name = "i440FX",
    .description = "host bridge of machine pc",
    .instance_size = sizeof(I440fx),
    .properties = i440fx_properties,
    .fields = i440fx_fields,
    .realize = i440fx_realize,
    .reset = i440fx_reset,
};

const PcHostBridge i440fx_bridge = { .class = &i440fx_class, .pam = PAM, .smm = i440fx_smm };
