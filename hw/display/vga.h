/* SPDX-License-Identifier: MIT */
/*
 * The VGA core: registers, the planes behind the window at 0xa0000, and the picture.
 *
 * Video memory holds byte p of plane address a at vram[4 * a + p]; in chain-4 and linear modes it is simply linear. The Bochs
 * display interface (DISPI: an index and a data port) sets linear modes of up to 32 bits a pixel.
 *
 *   vga_regs.c     ports 3b0-3df: sequencer, graphics and attribute controllers, CRTC, DAC
 *   vga_memory.c   the window's reads and writes, through latches and write modes
 *   vga_render.c   what it all looks like
 *   vga_pci.c      the device "VGA"
 */
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/display/display.h"
#include "memory/memory.h"

#define VGA_NB_SEQ 5
#define VGA_NB_GFX 9
#define VGA_NB_ATTR 21
#define VGA_NB_CRTC 25
#define VGA_WINDOW 0x20000u /* bytes from 0xa0000 */

enum { DISPI_ID, DISPI_XRES, DISPI_YRES, DISPI_BPP, DISPI_ENABLE, DISPI_BANK, DISPI_VIRT_WIDTH, DISPI_VIRT_HEIGHT, DISPI_X_OFFSET, DISPI_Y_OFFSET,
       DISPI_VIDEO_MEMORY_64K, DISPI_NB };
#define DISPI_ENABLED 0x01u
#define DISPI_GETCAPS 0x02u
#define DISPI_8BIT_DAC 0x20u
#define DISPI_LFB 0x40u
#define DISPI_NOCLEAR 0x80u
#define DISPI_MAX_X 2560
#define DISPI_MAX_Y 1600

typedef struct Vga {
    uint8_t *vram;          /* (c) */
    uint32_t vram_size;     /* (c) bytes, a power of two */
    /* (B) */
    uint8_t misc, seq_index, gfx_index, crtc_index, attr_index, status1_toggle;
    uint8_t seq[VGA_NB_SEQ], gfx[VGA_NB_GFX], attr[VGA_NB_ATTR], crtc[VGA_NB_CRTC];
    bool attr_data;         /* the attribute port's next write is data */
    uint8_t dac[256][3], dac_mask, dac_read, dac_write, dac_component;
    bool dac_reading;
    uint32_t latch;
    uint16_t dispi_index, dispi[DISPI_NB];
} Vga;

void vga_reset(Vga *s);
uint8_t vga_port_read(Vga *s, unsigned port);
void vga_port_write(Vga *s, unsigned port, uint8_t value);
uint16_t vga_dispi_read(Vga *s, unsigned index);
void vga_dispi_write(Vga *s, unsigned index, uint16_t value);
/* offset from 0xa0000 */
uint8_t vga_window_read(Vga *s, uint32_t offset);
void vga_window_write(Vga *s, uint32_t offset, uint8_t value);
/* Bytes a row of the linear mode that is set. */
uint32_t vga_dispi_pitch(const Vga *s);
void vga_render(const Vga *s, DisplayFrame *out);

#endif
