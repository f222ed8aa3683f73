/* SPDX-License-Identifier: MIT */
/*
 * Global system interrupts: every wire that asks for one is a source of it, and it is asserted while any source is.
 *
 * ISA interrupt 0 is pin 2 of the I/O APIC (its pin 0 is not connected), as the ACPI tables say.
 */
#include "hw/board/pc_internal.h"

#define NB_ISA 16u
#define SOURCE_SHIFT 8

static void gsi_set(void *opaque, int n, int level)
{
    PcBoard *b = opaque;
    unsigned gsi = (unsigned)n & 0xff, pin = gsi ? gsi : 2;
    uint32_t bit = 1u << (n >> SOURCE_SHIFT);
    PcGsi *g = &b->gsis[gsi];
    IrqLine line;

    g->sources = level ? g->sources | bit : g->sources & ~bit;
    if (gsi < NB_ISA) {
        line = device_input(b->pic, "irq", gsi);
        irq_set(&line, g->sources != 0);
    }
    line = device_input(b->ioapic, "gsi", pin);
    irq_set(&line, g->sources != 0);
}

IrqLine pc_gsi_line(PcBoard *b, unsigned gsi)
{
    g_assert(gsi < PC_NB_GSIS && b->gsis[gsi].n_sources < 32);
    return (IrqLine){ gsi_set, b, (int)(gsi | b->gsis[gsi].n_sources++ << SOURCE_SHIFT) };
}
