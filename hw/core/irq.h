/* SPDX-License-Identifier: MIT */
/*
 * An interrupt line: a wire from one device's output to another's input.
 *
 * The holder of an IrqLine drives the wire; fn is the input at the far end. A line that is not connected has no fn and goes
 * nowhere. A device drives its line whenever its level may have changed: inputs must not mind the same level twice. Lines may be
 * driven from any thread, and under the driver's own lock: an input takes only locks that rank after LOCK_DEVICE.
 */
#ifndef HW_CORE_IRQ_H
#define HW_CORE_IRQ_H

typedef struct IrqLine {
    void (*fn)(void *opaque, int n, int level);
    void *opaque;
    int n; /* number of the input, passed to fn */
} IrqLine;

static inline void irq_set(const IrqLine *line, int level)
{
    if (line->fn)
        line->fn(line->opaque, line->n, level);
}

static inline void irq_pulse(const IrqLine *line)
{
    irq_set(line, 1);
    irq_set(line, 0);
}

#endif
