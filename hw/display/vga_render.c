/* SPDX-License-Identifier: MIT */
/* From registers and planes to a picture. Every address is masked to the memory's size: registers are the guest's. */
#include <glib.h>

#include "base/bits.h"
#include "hw/display/vga.h"

#define TEXT_MAX_COLUMNS 160
#define TEXT_MAX_ROWS 100

static uint8_t at(const Vga *s, uint64_t n) { return s->vram[n & (s->vram_size - 1)]; }
static uint8_t plane_at(const Vga *s, uint32_t address, unsigned plane) { return at(s, (uint64_t)address * 4 + plane); }

static void put(DisplayFrame *f, unsigned x, unsigned y, const uint8_t rgb[3])
{
    uint8_t *p = f->rgb + ((size_t)y * f->width + x) * 3;
    p[0] = rgb[0], p[1] = rgb[1], p[2] = rgb[2];
}

/* An entry of the DAC, six bits a component unless DISPI says eight. */
static void put_dac(const Vga *s, DisplayFrame *f, unsigned x, unsigned y, uint8_t index)
{
    const uint8_t *c = s->dac[index & s->dac_mask];
    uint8_t rgb[3];
    for (unsigned i = 0; i < 3; i++)
        rgb[i] = s->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? c[i] : (uint8_t)(c[i] << 2 | c[i] >> 4);
    put(f, x, y, rgb);
}

/* A four-bit colour, through the attribute controller's palette. */
static void put_attr(const Vga *s, DisplayFrame *f, unsigned x, unsigned y, unsigned color)
{
    uint8_t v = s->attr[color & s->attr[0x12] & 15];
    uint8_t high = s->attr[0x10] & 0x80 ? (uint8_t)((s->attr[0x14] & 3) << 4 | (v & 0x0f)) : v & 0x3f;
    put_dac(s, f, x, y, (uint8_t)(high | (s->attr[0x14] & 0x0c) << 4));
}

static void frame_new(DisplayFrame *f, unsigned width, unsigned height)
{
    f->width = width;
    f->height = height;
    f->rgb = g_malloc0((size_t)width * height * 3);
}

/* ---- geometry ---- */
static unsigned display_lines(const Vga *s) { return (s->crtc[0x12] | (s->crtc[7] & 2) << 7 | (s->crtc[7] & 0x40) << 3) + 1u; }
static unsigned display_columns(const Vga *s) { return s->crtc[1] + 1u; }
static unsigned start_address(const Vga *s) { return s->crtc[0x0c] << 8 | s->crtc[0x0d]; }

/* ---- text ---- */
static void draw_cell(const Vga *s, DisplayFrame *f, unsigned column, unsigned row, unsigned lines, unsigned cell)
{
    uint8_t ch = plane_at(s, cell * 2, 0), attr = plane_at(s, cell * 2, 1);
    unsigned map = s->seq[3], select = attr & 8 ? (map >> 2 & 3) | (map >> 3 & 4) : (map & 3) | (map >> 2 & 4);
    uint32_t font = (select & 3) * 0x4000u + (select >> 2) * 0x2000u;
    unsigned width = s->seq[1] & 1 ? 8 : 9;
    bool is_cursor = cell == (unsigned)(s->crtc[0x0e] << 8 | s->crtc[0x0f]) && !(s->crtc[0x0a] & 0x20);
    for (unsigned y = 0; y < lines; y++) {
        uint8_t bits = plane_at(s, font + ch * 32u + y, 2);
        bool cursor = is_cursor && y >= (s->crtc[0x0a] & 31u) && y <= (s->crtc[0x0b] & 31u);
        for (unsigned x = 0; x < width; x++) {
            bool extended = x == 8 && ch >= 0xc0 && ch <= 0xdf && s->attr[0x10] & 4 && bits & 1;
            bool on = x < 8 ? bits >> (7 - x) & 1 : extended;
            put_attr(s, f, column * width + x, row * lines + y, on || cursor ? attr & 15 : attr >> 4 & (s->attr[0x10] & 8 ? 7 : 15));
        }
    }
}

static void draw_text(const Vga *s, DisplayFrame *f)
{
    unsigned lines = (s->crtc[9] & 31) + 1u, columns = MIN_OF(display_columns(s), TEXT_MAX_COLUMNS);
    unsigned rows = MAX_OF(1u, MIN_OF(display_lines(s) / lines, TEXT_MAX_ROWS)), pitch = s->crtc[0x13] * 2u;
    frame_new(f, columns * (s->seq[1] & 1 ? 8 : 9), rows * lines);
    for (unsigned row = 0; row < rows; row++) {
        for (unsigned column = 0; column < columns; column++)
            draw_cell(s, f, column, row, lines, start_address(s) + row * pitch + column);
    }
}

/* ---- graphics of old ---- */
static unsigned planar_color(const Vga *s, uint32_t address, unsigned bit)
{
    unsigned color = 0;
    for (unsigned p = 0; p < 4; p++)
        color |= (plane_at(s, address, p) >> bit & 1u) << p;
    return color;
}

static void draw_graphics(const Vga *s, DisplayFrame *f)
{
    unsigned repeat = (s->crtc[9] & 31) + 1u, doubled = s->crtc[9] & 0x80 ? 2 : 1;
    unsigned height = MAX_OF(1u, display_lines(s) / (repeat * doubled)), pitch = s->crtc[0x13] * 2u;
    bool is_256 = s->gfx[5] & 0x40, is_cga = s->gfx[5] & 0x20;
    unsigned width = display_columns(s) * (is_256 ? 4 : 8);
    frame_new(f, width, height);
    for (unsigned y = 0; y < height; y++) {
        bool odd_bank = !(s->crtc[0x17] & 1) && y & 1; /* CGA's second bank of lines */
        uint32_t line = start_address(s) + (s->crtc[0x17] & 1 ? y : y / 2) * pitch + (odd_bank ? 0x2000 : 0);
        for (unsigned x = 0; x < width; x++) {
            if (is_256)
                put_dac(s, f, x, y, at(s, ((uint64_t)start_address(s) + (uint64_t)y * pitch) * 4 + x));
            else if (is_cga)
                put_attr(s, f, x, y, plane_at(s, (line + x / 8) & ~1u, x / 4 & 1) >> (6 - x % 4 * 2) & 3);
            else
                put_attr(s, f, x, y, planar_color(s, line + x / 8, 7 - x % 8));
        }
    }
}

/* ---- linear modes ---- */
static void put_direct(DisplayFrame *f, unsigned x, unsigned y, uint32_t v, unsigned bpp)
{
    uint8_t rgb[3];
    if (bpp == 15 || bpp == 16) {
        unsigned green = bpp == 16 ? 6 : 5;
        uint32_t r = v >> (5 + green) & 31, g = v >> 5 & ((1u << green) - 1), b = v & 31;
        rgb[0] = (uint8_t)(r << 3 | r >> 2), rgb[2] = (uint8_t)(b << 3 | b >> 2);
        rgb[1] = (uint8_t)(green == 6 ? g << 2 | g >> 4 : g << 3 | g >> 2);
    } else {
        rgb[0] = (uint8_t)(v >> 16), rgb[1] = (uint8_t)(v >> 8), rgb[2] = (uint8_t)v;
    }
    put(f, x, y, rgb);
}

static void draw_linear(const Vga *s, DisplayFrame *f)
{
    unsigned bpp = s->dispi[DISPI_BPP], bytes = (bpp + 7) / 8, width = s->dispi[DISPI_XRES], height = s->dispi[DISPI_YRES];
    uint64_t pitch = vga_dispi_pitch(s), start = s->dispi[DISPI_Y_OFFSET] * pitch + (uint64_t)s->dispi[DISPI_X_OFFSET] * bytes;
    frame_new(f, width, height);
    for (unsigned y = 0; y < height; y++) {
        for (unsigned x = 0; x < width; x++) {
            uint64_t n = start + y * pitch + (uint64_t)x * bytes;
            uint32_t v = 0;
            for (unsigned i = 0; i < bytes; i++)
                v |= (uint32_t)at(s, n + i) << i * 8;
            if (bpp == 8)
                put_dac(s, f, x, y, (uint8_t)v);
            else
                put_direct(f, x, y, v, bpp);
        }
    }
}

void vga_render(const Vga *s, DisplayFrame *out)
{
    bool linear = s->dispi[DISPI_ENABLE] & DISPI_ENABLED && s->dispi[DISPI_XRES] && s->dispi[DISPI_YRES];
    if (linear && s->dispi[DISPI_BPP] >= 8)
        draw_linear(s, out);
    else if (!(s->attr_index & 0x20) || s->seq[1] & 0x20)
        frame_new(out, 640, 400); /* the screen is off */
    else if (s->gfx[6] & 1)
        draw_graphics(s, out);
    else
        draw_text(s, out);
}
