/* SPDX-License-Identifier: MIT */
/* A clock that the test moves, ports, and a character device that keeps what it is given. */
#ifndef TESTS_UNIT_PC_PC_FAKES_H
#define TESTS_UNIT_PC_PC_FAKES_H

#include "tests/unit/hw/fakes.h"
#include "tests/unit/hw/fakes_x86.h"

#define MS 1000000ll

void pc_fakes_init(void);
/* Lets virtual time pass; timers go off at their times, in order. */
void advance(int64_t ns);
/* Time moves on without any timer running: a late host. */
void jump(int64_t ns);
extern int64_t fake_host_ns; /* CLOCK_HOST */

/* A device by name, realized. Class must exist. */
Device *new_device(const char *name);
/* Byte accesses to region n. */
uint8_t in8(Device *dev, unsigned region, unsigned port);
void out8(Device *dev, unsigned region, unsigned port, unsigned value);
uint32_t in32(Device *dev, unsigned region, unsigned offset);
void out32(Device *dev, unsigned region, unsigned offset, uint32_t value);

extern Chardev keep_chr;
extern char kept[256];
extern size_t n_kept;

#endif
