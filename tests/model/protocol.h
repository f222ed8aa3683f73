/* SPDX-License-Identifier: MIT */
/* The protocol of cpus/ as a program of the machine. */
#ifndef TESTS_MODEL_PROTOCOL_H
#define TESTS_MODEL_PROTOCOL_H

#include "machine.h"

extern const Insn protocol[];
extern const unsigned protocol_length;

#endif
