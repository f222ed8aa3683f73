/* SPDX-License-Identifier: MIT */
/* Running IR that a test built. */
#include "accel/exec/exec_internal.h"
#include "accel/opt/opt.h"
#include "accel/tb/tb_internal.h"

uint64_t accel_run_ir(CPUState *cpu, IRFunc *f, bool optimise)
{
    if (optimise)
        ir_optimise(f);
    TranslationBlock *tb = tb_emit(cpu->tb, f);
    assert(tb); /* it fits an empty chunk */
    exec_begin(cpu);
    uint64_t result = host_ops->enter(cpu, tb->code);
    exec_end(cpu);
    tb_discard(cpu, tb);
    return result;
}
