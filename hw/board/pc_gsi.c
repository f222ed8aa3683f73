/* SPDX-License-Identifier: MIT */
/*
 * Global system interrupts: every wire that asks for one is a source of it, and it is asserted while any source is.
 *
 * ISA interrupt 0 is pin 2 of the I/O APIC (its pin 0 is not connected), as the ACPI tables say.
 *
 * Sources change on any thread, under the locks of their devices. Two that change at once may drive the wire in the wrong order;
 * therefore each looks again after it has driven and repeats when the sum has changed meanwhile: whoever drives last drives the
 * last sum. A source of its own wire is alone and loses no edge.
 */
#include "hw/board/pc_internal.h"

#define NB_ISA 16u
#define SOURCE_SHIFT 8

static void drive(PcBoard *b, unsigned gsi, bool level)
{
    IrqLine line;

    if (gsi < NB_ISA) {
        line = device_input(b->pic, "irq", gsi);
        irq_set(&line, level);
    }
    line = device_input(b->ioapic, "gsi", gsi ? gsi : 2);
    irq_set(&line, level);
}

static void gsi_set(void *opaque, int n, int level)
{
    PcBoard *b = opaque;
    unsigned gsi = (unsigned)n & 0xff;
    uint32_t bit = 1u << (n >> SOURCE_SHIFT), *sources = &b->gsis[gsi].sources;
    bool now = (level ? __atomic_or_fetch(sources, bit, __ATOMIC_SEQ_CST) : __atomic_and_fetch(sources, ~bit, __ATOMIC_SEQ_CST)) != 0, sent;

    do {
        sent = now;
        drive(b, gsi, sent);
        now = __atomic_load_n(sources, __ATOMIC_SEQ_CST) != 0;
    } while (now != sent);
}

IrqLine pc_gsi_line(PcBoard *b, unsigned gsi)
{
    g_assert(gsi < PC_NB_GSIS && b->gsis[gsi].n_sources < 32);
    return (IrqLine){ gsi_set, b, (int)(gsi | b->gsis[gsi].n_sources++ << SOURCE_SHIFT) };
}
