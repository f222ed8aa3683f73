/* SPDX-License-Identifier: MIT */
/*
 * "i8254": the PC's interval timer and port 0x61.
 *
 * Regions: 0 the counters (0x40, 4 ports), 1 port 0x61. Output "irq": counter 0, to ISA IRQ 0. Input "irq-disable": while high
 * (HPET's "legacy-mode") the output is not driven at all, so that both may drive one line.
 */
#ifndef HW_TIMER_I8254_H
#define HW_TIMER_I8254_H

#include "hw/core/device.h"

#define I8254_HZ 1193182u

/* The output pin of a counter now. */
bool i8254_output(Device *dev, unsigned counter);

#endif
