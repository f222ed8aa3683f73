/* SPDX-License-Identifier: MIT */
/* Ways out of helpers: back to the loop, with the guest's state as of the instruction that was running. */
#include "accel/exec/exec_internal.h"
#include "accel/tb/tb_internal.h"

/* The guest instruction of the call whose return address is code + offset; n_guest: none. */
static uint32_t find_insn(const TranslationBlock *tb, uint32_t offset)
{
    uint32_t lo = 0, hi = tb->n_unwind;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (tb->unwind[mid].host_offset < offset)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < tb->n_unwind && tb->unwind[lo].host_offset == offset ? tb->unwind[lo].guest_insn : tb->n_guest;
}

bool cpu_restore_state(CPUState *cpu, uintptr_t ra)
{
    ra = cpu_code_ra(cpu, ra);
    TranslationBlock *tb = ra ? tb_of_host_pc(ra) : NULL;
    if (!tb)
        return false;
    uint32_t n = find_insn(tb, (uint32_t)(ra - (uintptr_t)tb->code));
    if (n >= tb->n_guest)
        return false;
    cpu->target->restore_state(cpu, tb->pc + (uint64_t)(int64_t)tb->insns[n].pc_offset, tb->insns[n].extra);
    return true;
}

void cpu_loop_exit(CPUState *cpu)
{
    host_fp_harvest(cpu);
    siglongjmp(cpu->jmp_env, 1);
}

void cpu_loop_exit_restore(CPUState *cpu, uintptr_t ra)
{
    if (ra)
        cpu_restore_state(cpu, ra);
    cpu_loop_exit(cpu);
}

void cpu_loop_exit_atomic(CPUState *cpu, uintptr_t ra)
{
    cpu->exception_index = EXCP_ATOMIC;
    cpu_loop_exit_restore(cpu, ra);
}
