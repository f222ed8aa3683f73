/* SPDX-License-Identifier: MIT */
/* VGA's ports (IBM VGA technical reference; FreeVGA), and the DISPI registers. Ports 3b0-3bb and 3d0-3db are the same controller, chosen by the miscellaneous output register. */
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "hw/display/vga.h"

#define DISPI_ID_VERSION 0xb0c5

/* Writable bits. */
static const uint8_t seq_mask[VGA_NB_SEQ] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gfx_mask[VGA_NB_GFX] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };

/* ---- status: retrace on the virtual clock, so that a guest that waits for it sees it pass ---- */
static uint8_t status1(Vga *s)
{
    int64_t line = clock_get_ns(CLOCK_VIRTUAL) / 31778 % 525; /* 31.5 kHz, 60 Hz */
    int64_t in_line = clock_get_ns(CLOCK_VIRTUAL) % 31778;
    s->attr_data = false;
    if (line >= 480)
        return line >= 490 && line < 492 ? 0x09 : 0x01;
    return in_line > 25422 ? 0x01 : 0x00;
}

/* ---- attribute controller ---- */
static void attr_write(Vga *s, uint8_t v)
{
    if (!s->attr_data)
        s->attr_index = v & 0x3f;
    else if ((s->attr_index & 0x1f) < VGA_NB_ATTR)
        s->attr[s->attr_index & 0x1f] = (s->attr_index & 0x1f) < 16 ? v & 0x3f : v;
    s->attr_data = !s->attr_data;
}

/* ---- DAC ---- */
static void dac_write(Vga *s, uint8_t v)
{
    s->dac[s->dac_write][s->dac_component++] = s->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? v : v & 0x3f;
    if (s->dac_component == 3) {
        s->dac_component = 0;
        s->dac_write++;
    }
}

static uint8_t dac_read(Vga *s)
{
    uint8_t v = s->dac[s->dac_read][s->dac_component++];
    if (s->dac_component == 3) {
        s->dac_component = 0;
        s->dac_read++;
    }
    return v;
}

/* ---- CRTC ---- */
static void crtc_write(Vga *s, uint8_t v)
{
    unsigned n = s->crtc_index;
    if (n >= VGA_NB_CRTC)
        return;
    if (n <= 7 && s->crtc[0x11] & 0x80) { /* protected, but for the line compare bit */
        if (n == 7)
            s->crtc[7] = (uint8_t)((s->crtc[7] & ~0x10u) | (v & 0x10));
        return;
    }
    s->crtc[n] = v;
}

static bool is_active(const Vga *s, unsigned port)
{
    bool mono = port >= 0x3b0 && port < 0x3c0, color = port >= 0x3d0;
    return !(mono && s->misc & 1) && !(color && !(s->misc & 1));
}

uint8_t vga_port_read(Vga *s, unsigned port)
{
    if (!is_active(s, port))
        return 0xff;
    switch (port) {
    case 0x3c0: return s->attr_index;
    case 0x3c1: return (s->attr_index & 0x1f) < VGA_NB_ATTR ? s->attr[s->attr_index & 0x1f] : 0;
    case 0x3c2: return 0x10; /* a colour monitor */
    case 0x3c4: return s->seq_index;
    case 0x3c5: return s->seq_index < VGA_NB_SEQ ? s->seq[s->seq_index] : 0;
    case 0x3c6: return s->dac_mask;
    case 0x3c7: return s->dac_reading ? 3 : 0;
    case 0x3c8: return s->dac_write;
    case 0x3c9: return dac_read(s);
    case 0x3cc: return s->misc;
    case 0x3ce: return s->gfx_index;
    case 0x3cf: return s->gfx_index < VGA_NB_GFX ? s->gfx[s->gfx_index] : 0;
    case 0x3b4: case 0x3d4: return s->crtc_index;
    case 0x3b5: case 0x3d5: return s->crtc_index < VGA_NB_CRTC ? s->crtc[s->crtc_index] : 0;
    case 0x3ba: case 0x3da: return status1(s);
    default: return 0;
    }
}

void vga_port_write(Vga *s, unsigned port, uint8_t v)
{
    if (!is_active(s, port))
        return;
    switch (port) {
    case 0x3c0: attr_write(s, v); break;
    case 0x3c2: s->misc = v & 0xef; break;
    case 0x3c4: s->seq_index = v & 7; break;
    case 0x3c5:
        if (s->seq_index < VGA_NB_SEQ)
            s->seq[s->seq_index] = v & seq_mask[s->seq_index];
        break;
    case 0x3c6: s->dac_mask = v; break;
    case 0x3c7:
        s->dac_read = v;
        s->dac_component = 0;
        s->dac_reading = true;
        break;
    case 0x3c8:
        s->dac_write = v;
        s->dac_component = 0;
        s->dac_reading = false;
        break;
    case 0x3c9: dac_write(s, v); break;
    case 0x3ce: s->gfx_index = v & 15; break;
    case 0x3cf:
        if (s->gfx_index < VGA_NB_GFX)
            s->gfx[s->gfx_index] = v & gfx_mask[s->gfx_index];
        break;
    case 0x3b4: case 0x3d4: s->crtc_index = v & 0x3f; break;
    case 0x3b5: case 0x3d5: crtc_write(s, v); break;
    default: break;
    }
}

/* ---- DISPI ---- */
uint32_t vga_dispi_pitch(const Vga *s)
{
    uint32_t bytes = (s->dispi[DISPI_BPP] + 7u) / 8u;
    return s->dispi[DISPI_BPP] == 4 ? s->dispi[DISPI_VIRT_WIDTH] / 2u : s->dispi[DISPI_VIRT_WIDTH] * bytes;
}

/* Rows that fit into the memory follow from the width. */
static void set_width(Vga *s, uint16_t width)
{
    s->dispi[DISPI_VIRT_WIDTH] = MAX_OF(width, s->dispi[DISPI_XRES]);
    uint32_t pitch = vga_dispi_pitch(s);
    s->dispi[DISPI_VIRT_HEIGHT] = pitch ? (uint16_t)MIN_OF(s->vram_size / pitch, 0xffffu) : 0;
}

static void enable(Vga *s, uint16_t v)
{
    bool on = v & DISPI_ENABLED, was = s->dispi[DISPI_ENABLE] & DISPI_ENABLED;
    s->dispi[DISPI_ENABLE] = v;
    s->dispi[DISPI_BANK] = 0;
    if (!on || was)
        return;
    s->dispi[DISPI_X_OFFSET] = s->dispi[DISPI_Y_OFFSET] = 0;
    set_width(s, s->dispi[DISPI_XRES]);
    if (!(v & DISPI_NOCLEAR))
        memset(s->vram, 0, MIN_OF(vga_dispi_pitch(s) * s->dispi[DISPI_YRES], s->vram_size));
    /* The VGA part of the mode, so that the window shows linear memory: chain 4, 256 colours. */
    s->gfx[6] = (uint8_t)((s->gfx[6] & ~0x0cu) | 0x05);
    s->gfx[5] = (uint8_t)((s->gfx[5] & ~0x60u) | 0x40);
    s->seq[4] |= 0x08;
    s->seq[2] = 0x0f;
}

uint16_t vga_dispi_read(Vga *s, unsigned index)
{
    static const uint16_t caps[] = { [DISPI_XRES] = DISPI_MAX_X, [DISPI_YRES] = DISPI_MAX_Y, [DISPI_BPP] = 32 };
    if (index >= DISPI_NB)
        return 0;
    if (index == DISPI_VIDEO_MEMORY_64K)
        return (uint16_t)(s->vram_size >> 16);
    if (s->dispi[DISPI_ENABLE] & DISPI_GETCAPS && index >= DISPI_XRES && index <= DISPI_BPP)
        return caps[index];
    return s->dispi[index];
}

void vga_dispi_write(Vga *s, unsigned index, uint16_t v)
{
    bool on = s->dispi[DISPI_ENABLE] & DISPI_ENABLED;
    switch (index) {
    case DISPI_ID:
        if (v >= 0xb0c0 && v <= DISPI_ID_VERSION)
            s->dispi[DISPI_ID] = v;
        break;
    case DISPI_XRES:
        if (!on && v <= DISPI_MAX_X && !(v & 7))
            s->dispi[DISPI_XRES] = v;
        break;
    case DISPI_YRES:
        if (!on && v <= DISPI_MAX_Y)
            s->dispi[DISPI_YRES] = v;
        break;
    case DISPI_BPP:
        if (!on && (v == 4 || v == 8 || v == 15 || v == 16 || v == 24 || v == 32))
            s->dispi[DISPI_BPP] = v;
        break;
    case DISPI_BANK:
        if ((uint32_t)v << 16 < s->vram_size)
            s->dispi[DISPI_BANK] = v;
        break;
    case DISPI_ENABLE: enable(s, v); break;
    case DISPI_VIRT_WIDTH: set_width(s, v); break;
    case DISPI_X_OFFSET: case DISPI_Y_OFFSET: s->dispi[index] = v; break;
    default: break;
    }
}

void vga_reset(Vga *s)
{
    uint8_t *vram = s->vram;
    uint32_t size = s->vram_size;
    memset(s, 0, sizeof(*s));
    s->vram = vram;
    s->vram_size = size;
    s->dac_mask = 0xff;
    s->misc = 1;
    s->dispi[DISPI_ID] = DISPI_ID_VERSION;
    s->dispi[DISPI_BPP] = 8;
}
