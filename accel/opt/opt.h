/* SPDX-License-Identifier: MIT */
/* The optimiser: passes over one block's IR, in place. */
#ifndef ACCEL_OPT_OPT_H
#define ACCEL_OPT_OPT_H

#include "accel/ir/ir.h"

/* Slot forwarding (get after put, dead puts), folding, flag fusion (a condition on fl_sub becomes a compare), dead code. */
void ir_optimise(IRFunc *f);

#endif
