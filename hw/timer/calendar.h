/* SPDX-License-Identifier: MIT */
/* The proleptic Gregorian calendar, for real-time clocks. */
#ifndef HW_TIMER_CALENDAR_H
#define HW_TIMER_CALENDAR_H

#include <stdint.h>

/* Rounds down, also below zero. */
static inline int64_t calendar_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
/* Days from 1970-01-01 to a date; a day beyond its month's end counts on. month 0..12. */
int64_t calendar_days(int64_t year, int64_t month, int64_t day);
/* And back. */
void calendar_date(int64_t days, int *year, int *month, int *day);

#endif
