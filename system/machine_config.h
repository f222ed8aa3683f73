/* SPDX-License-Identifier: MIT */
/* From the command line to what a board is told. */
#ifndef SYSTEM_MACHINE_CONFIG_H
#define SYSTEM_MACHINE_CONFIG_H

#include "system/options.h"

/* Fills config in; strings belong to the options. */
bool machine_config(const Options *o, const BoardClass *board, MachineConfig *config, GError **error);
/* Opens what -chardev names, for -serial chardev:ID and properties of devices. memory_init has run, big lock held. */
bool machine_open_chardevs(const Options *o, GError **error);

#endif
