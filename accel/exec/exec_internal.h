/* SPDX-License-Identifier: MIT */
/* What the files of accel/exec share. */
#ifndef ACCEL_EXEC_EXEC_INTERNAL_H
#define ACCEL_EXEC_EXEC_INTERNAL_H

#include "accel/exec/exec.h"

/* Enters and leaves the state in which guest code may run: RCU read side, the target's clocks. */
void exec_begin(CPUState *cpu);
void exec_end(CPUState *cpu);
/* Carries out what other vCPUs' flushes, and blocks whose memory is wanted, ask of this one, before guest code runs. True: no pointer to a block from before is good. */
bool exec_settle(CPUState *cpu);
/* After a helper or a fetch left by cpu_loop_exit: nothing of what was under way stays. */
void exec_recover(CPUState *cpu);

#endif
