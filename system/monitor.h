/* SPDX-License-Identifier: MIT */
/* The human monitor: a command line on a character device. */
#ifndef SYSTEM_MONITOR_H
#define SYSTEM_MONITOR_H

#include <stdio.h>

#include "hw/core/board.h"

/* Attaches a monitor to chr. Big lock held. */
void monitor_new(Chardev *chr);
/* Runs one command line; output goes to out. Big lock held. */
void monitor_run(const char *line, FILE *out);
/* The machine, for system_powerdown and info. */
void monitor_set_board(const BoardClass *board);

#endif
