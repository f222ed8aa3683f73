/* SPDX-License-Identifier: MIT */
/*
 * "hpet": IA-PC HPET 1.0a with HPET_NB_TIMERS comparators at 100 MHz.
 *
 * Region 0: 1 KiB at HPET_DEFAULT_BASE. Outputs: "irq" 0..23, to the I/O APIC's pins; "legacy" 0 and 1, to ISA IRQ 0 (I/O APIC pin 2)
 * and ISA IRQ 8, driven in legacy replacement mode only; "legacy-mode" 0, high in that mode, to "irq-disable" of i8254 and
 * mc146818rtc (connect it to both through a small fan-out, or use index 0 for the one and 1 for the other). Properties: "routes", the mask
 * of I/O APIC pins that timers may use; "msi", whether they can send messages.
 */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "hw/core/device.h"

#define HPET_DEFAULT_BASE 0xfed00000ull
#define HPET_NB_TIMERS 3u
#define HPET_ID 0x8086a201u        /* low half of the capabilities register: the ACPI table's Event Timer Block ID */
#define HPET_PERIOD_FS 10000000u

#endif
