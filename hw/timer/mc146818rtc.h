/* SPDX-License-Identifier: MIT */
/*
 * "mc146818rtc": the PC's real-time clock and 256 bytes of CMOS RAM.
 *
 * Regions: 0 ports 0x70-0x71, 1 ports 0x72-0x73 (the upper 128 bytes). Output "irq": to ISA IRQ 8. Input "irq-disable": from HPET's
 * "legacy-mode". Property "base": "utc", "localtime" or a date (2006-06-17 or 2006-06-17T16:01:21).
 */
#ifndef HW_TIMER_MC146818RTC_H
#define HW_TIMER_MC146818RTC_H

#include "hw/core/device.h"

/* For boards: what firmware finds in CMOS RAM. Kept over resets. index 14..255; the century byte (0x32) is the clock's own. */
void rtc_set_cmos(Device *dev, unsigned index, uint8_t value);
uint8_t rtc_get_cmos(Device *dev, unsigned index);

#endif
