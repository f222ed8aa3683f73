/* SPDX-License-Identifier: MIT */
/* The window at 0xa0000: from an address of the CPU's to bytes of planes. */
#include "hw/display/vga.h"

/* Spreads the low four bits of v over four bytes, each 0 or 0xff. */
static uint32_t spread(unsigned v)
{
    return (v & 1 ? 0xffu : 0) | (v & 2 ? 0xff00u : 0) | (v & 4 ? 0xff0000u : 0) | (v & 8 ? 0xff000000u : 0);
}

/* The address within the mapped part of the window (graphics register 6), banked; false: outside. */
static bool map(const Vga *s, uint32_t offset, uint32_t *addr)
{
    switch (s->gfx[6] >> 2 & 3) {
    case 0: *addr = offset; return true;
    case 1:
        *addr = offset + ((uint32_t)s->dispi[DISPI_BANK] << 16);
        return offset < 0x10000;
    case 2:
        *addr = offset - 0x10000;
        return offset >= 0x10000 && offset < 0x18000;
    default:
        *addr = offset - 0x18000;
        return offset >= 0x18000;
    }
}

static uint8_t *byte_at(Vga *s, uint32_t n) { return &s->vram[n & (s->vram_size - 1)]; }

static uint32_t load_planes(Vga *s, uint32_t addr)
{
    uint32_t v;
    __builtin_memcpy(&v, byte_at(s, addr << 2), 4);
    return v;
}

uint8_t vga_window_read(Vga *s, uint32_t offset)
{
    uint32_t addr;
    if (!map(s, offset, &addr))
        return 0xff;
    if (s->seq[4] & 8)
        return *byte_at(s, addr);
    if (s->gfx[5] & 0x10)
        return *byte_at(s, (addr & ~1u) << 2 | (s->gfx[4] & 2) | (addr & 1));
    s->latch = load_planes(s, addr);
    if (!(s->gfx[5] & 8))
        return (uint8_t)(s->latch >> (s->gfx[4] & 3) * 8);
    uint32_t differs = (s->latch ^ spread(s->gfx[2])) & spread(s->gfx[7]); /* colour compare */
    differs |= differs >> 16;
    differs |= differs >> 8;
    return (uint8_t)~differs;
}

static uint32_t combine(const Vga *s, uint32_t v)
{
    switch (s->gfx[3] >> 3 & 3) {
    case 1: return v & s->latch;
    case 2: return v | s->latch;
    case 3: return v ^ s->latch;
    default: return v;
    }
}

/* Write modes 0 to 3 (graphics register 5): the planes' new bytes. */
static uint32_t planar_value(const Vga *s, uint8_t value)
{
    unsigned rotate = s->gfx[3] & 7;
    uint32_t rotated = (uint8_t)(value >> rotate | value << (8 - rotate)) * 0x01010101u, mask = s->gfx[8] * 0x01010101u, v;
    switch (s->gfx[5] & 3) {
    case 1: return s->latch;
    case 2: v = combine(s, spread(value)); break;
    case 3:
        mask &= rotated;
        v = combine(s, spread(s->gfx[0]));
        break;
    default: {
        uint32_t set = spread(s->gfx[1]);
        v = combine(s, (rotated & ~set) | (spread(s->gfx[0]) & set));
    }
    }
    return (v & mask) | (s->latch & ~mask);
}

void vga_window_write(Vga *s, uint32_t offset, uint8_t value)
{
    uint32_t addr;
    if (!map(s, offset, &addr))
        return;
    if (s->seq[4] & 8) {
        if (s->seq[2] >> (addr & 3) & 1)
            *byte_at(s, addr) = value;
    } else if (s->gfx[5] & 0x10) {
        unsigned plane = (s->gfx[4] & 2) | (addr & 1);
        if (s->seq[2] >> plane & 1)
            *byte_at(s, (addr & ~1u) << 2 | plane) = value;
    } else {
        uint32_t enabled = spread(s->seq[2]), v = (load_planes(s, addr) & ~enabled) | (planar_value(s, value) & enabled);
        __builtin_memcpy(byte_at(s, addr << 2), &v, 4);
    }
}
