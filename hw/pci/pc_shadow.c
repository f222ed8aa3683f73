/* SPDX-License-Identifier: MIT */
/* Shadow RAM and SMRAM: see pc_shadow.h. */
#include "hw/pci/pc_shadow.h"

#include "base/bits.h"

#define VGA_BASE 0xa0000u
#define VGA_SIZE 0x20000u
#define PAM_BASE 0xc0000u
#define PAM_SEGMENT 0x4000u
#define BIOS_BASE 0xf0000u
#define BIOS_SIZE 0x10000u
#define WINDOW_PRIORITY 1
#define BACKGROUND_PRIORITY (-1000)
#define MIB 0x100000u

enum { PAM_NONE, PAM_READ, PAM_WRITE, PAM_BOTH };

static MemTxResult hole_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = MASK64(size * 8);
    return MEMTX_OK;
}

static MemTxResult hole_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return MEMTX_OK;
}

static const MemoryRegionOps hole_ops = { hole_read, hole_write, .valid = { 1, 8, true }, .impl = { 1, 8, true } };

static void add_window(PcShadow *s, MemoryRegion *mr, hwaddr at)
{
    memory_region_set_enabled(mr, false);
    memory_region_add_subregion_overlap(s->system, at, mr, WINDOW_PRIORITY);
}

void pc_shadow_init(PcShadow *s)
{
    memory_transaction_begin();
    for (unsigned i = 0; i < PC_NB_PAM_SEGMENTS; i++) {
        hwaddr at = i ? PAM_BASE + (i - 1) * PAM_SEGMENT : BIOS_BASE;
        uint64_t size = i ? PAM_SEGMENT : BIOS_SIZE;

        memory_region_init_alias(&s->segments[i].pci, "pam-pci", s->pci, at, size);
        memory_region_init_alias(&s->segments[i].rom, "pam-rom", s->ram, at, size);
        memory_region_set_readonly(&s->segments[i].rom);
        add_window(s, &s->segments[i].pci, at);
        add_window(s, &s->segments[i].rom, at);
    }
    memory_region_init_io(&s->background, &hole_ops, s, "pci-nothing", MIB - VGA_BASE);
    memory_region_add_subregion_overlap(s->pci, VGA_BASE, &s->background, BACKGROUND_PRIORITY);
    memory_region_init_alias(&s->vga, "vga-window", s->pci, VGA_BASE, VGA_SIZE);
    add_window(s, &s->vga, VGA_BASE);
    memory_region_init_io(&s->tseg, &hole_ops, s, "tseg-closed", MIB);
    add_window(s, &s->tseg, 0);
    memory_transaction_commit();
}

/* Segment 0 is f0000, PAM0's upper half; then two a register, the lower half first. */
static unsigned pam_mode(const uint8_t *pam, unsigned segment)
{
    return segment ? pam[(segment + 1) / 2] >> (segment % 2 ? 0 : 4) & 3 : pam[0] >> 4 & 3;
}

static void update_tseg(PcShadow *s, uint8_t esmramc, bool enabled)
{
    static const uint8_t mib[4] = { 1, 2, 8, 8 };
    uint64_t size = (uint64_t)mib[esmramc >> ESMRAMC_TSEG_SHIFT & 3] << 20;

    enabled = enabled && (esmramc & ESMRAMC_T_EN) && size < s->low_ram;
    memory_region_set_enabled(&s->tseg, false);
    if (!enabled)
        return;
    s->tseg.size = size;
    memory_region_set_address(&s->tseg, s->low_ram - size);
    memory_region_set_enabled(&s->tseg, true);
}

void pc_shadow_update(PcShadow *s, const uint8_t *pam, uint8_t smram, uint8_t esmramc)
{
    bool smm = s->smm_cpus != 0, valid = smram & SMRAM_G_SMRAME;
    bool open = (valid && (smram & SMRAM_D_OPEN)) || (valid && smm && !(smram & SMRAM_D_CLS));

    memory_transaction_begin();
    for (unsigned i = 0; i < PC_NB_PAM_SEGMENTS; i++) {
        unsigned mode = pam_mode(pam, i);

        memory_region_set_enabled(&s->segments[i].pci, mode == PAM_NONE || mode == PAM_WRITE);
        memory_region_set_enabled(&s->segments[i].rom, mode == PAM_READ);
    }
    memory_region_set_enabled(&s->vga, !open);
    update_tseg(s, esmramc, valid && !smm && !(smram & SMRAM_D_OPEN));
    memory_transaction_commit();
}

void pc_shadow_smm(PcShadow *s, int cpu, bool in_smm)
{
    uint64_t bit = BIT((unsigned)cpu % 64);

    s->smm_cpus = in_smm ? s->smm_cpus | bit : s->smm_cpus & ~bit;
}

static uint8_t smram_value(uint8_t old, uint8_t value)
{
    if (old & SMRAM_D_LCK)
        return (uint8_t)((old & ~SMRAM_D_CLS) | (value & SMRAM_D_CLS));
    if (value & SMRAM_D_LCK)
        value &= (uint8_t)~SMRAM_D_OPEN;
    return (uint8_t)((value & (SMRAM_D_OPEN | SMRAM_D_CLS | SMRAM_D_LCK | SMRAM_G_SMRAME)) | SMRAM_C_BASE);
}

uint32_t pc_shadow_filter_smram(PCIDevice *dev, unsigned reg, unsigned offset, unsigned size, uint32_t value)
{
    unsigned shift = (reg - offset) * 8;

    if (reg < offset || reg >= offset + size)
        return value;
    return (value & ~(0xffu << shift)) | (uint32_t)smram_value(dev->config[reg], (uint8_t)(value >> shift)) << shift;
}
