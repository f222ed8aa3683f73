/* SPDX-License-Identifier: MIT */
/*
 * The loop that runs a vCPU.
 *
 *   cpu_exec:  exception to take? -> interrupt to take, or a reason to leave? -> find the block -> enter it -> again
 *
 * Generated code goes from block to block by itself and comes back for one of these: a link that is not patched yet (the loop finds
 * the target and patches it), a lookup it could not do, something for the loop's top, exit_request. Faults come back by
 * cpu_loop_exit to the sigsetjmp here.
 *
 * exit_request is cleared by the vCPU's thread before it looks at its work; here it only means: leave. But for CPU_EXIT_SETTLE,
 * which asks for nothing but exec_settle and goes on in the loop. Interrupt requests are looked at between any two blocks that
 * the loop enters, and cpu_interrupt sets exit_request, so chained code comes back for them.
 *
 * Instruction counting, when it comes, decides here how long generated code may run and translates what is left of a budget
 * as a short block; breakpoints are a reason to translate less (wants_one_insn).
 */
#include <string.h>

#include "accel/exec/exec_internal.h"
#include "accel/mmu/mmu_internal.h"
#include "accel/tb/tb_internal.h"
#include "base/bits.h"
#include "base/log.h"
#include "base/rcu.h"
#include "base/tsan.h"

/* A result below this is a HOST_EXIT_* reason, above it a block with a link number. */
#define FIRST_BLOCK_ADDRESS 0x1000
#define GIVE_WAY_NS 50000
#define MAX_FORMS 4 /* a common form of an instruction leaves for a rare one, which need not be the last */

void exec_begin(CPUState *cpu)
{
    rcu_read_lock();
    cpu->in_exec = true;
    if (cpu->target->exec_enter)
        cpu->target->exec_enter(cpu);
    mmu_apply_pending(cpu); /* who posts does not tell a vCPU that is outside; an exception that is delivered next may use the TLB */
    exec_settle(cpu, true);
}

bool exec_settle(CPUState *cpu, bool entering)
{
    /* Cleared before the reasons are looked at; pairs with cpu_exit_settle. Who posts flushes tells a vCPU that is inside. */
    if (UNLIKELY(__atomic_load_n(&cpu->exit_request, __ATOMIC_RELAXED) & CPU_EXIT_SETTLE)) {
        __atomic_fetch_and(&cpu->exit_request, ~CPU_EXIT_SETTLE, __ATOMIC_SEQ_CST);
        mmu_apply_pending(cpu);
    }
    return jump_cache_settle(cpu, entering);
}

void exec_end(CPUState *cpu)
{
    if (cpu->target->exec_leave)
        cpu->target->exec_leave(cpu);
    cpu->in_exec = false;
    rcu_read_unlock();
}

void exec_recover(CPUState *cpu)
{
    cpu->interp_ra = 0;
    cpu->mem_io_pc = 0;
    if (host_ops->left)
        host_ops->left(cpu);
    tb_translate_abort(cpu);
    if (bql_locked())
        bql_unlock();
}

/* Takes what exception_index asks for. True: leave with *why. */
static bool take_exception(CPUState *cpu, int *why)
{
    int excp = cpu->exception_index;
    if (LIKELY(excp < 0))
        return false;
    cpu->exception_index = -1;
    if (excp >= EXCP_FIRST) {
        *why = excp;
        return true;
    }
    cpu->exception_index = excp;
    cpu->target->do_exception(cpu);
    cpu->exception_index = -1;
    if (cpu->singlestep & CPU_STEP_ENABLE) {
        *why = EXCP_DEBUG;
        return true;
    }
    return false;
}

static bool take_interrupt(CPUState *cpu, uint32_t request, Next *next, int *why)
{
    if (request & CPU_INTERRUPT_EXIT) {
        cpu_reset_interrupt(cpu, CPU_INTERRUPT_EXIT);
        *why = EXCP_INTERRUPT;
        return true;
    }
    if (request & CPU_INTERRUPT_HALT) {
        cpu_reset_interrupt(cpu, CPU_INTERRUPT_HALT);
        cpu->halted = true;
        *why = EXCP_HLT;
        return true;
    }
    if (!(cpu->singlestep & CPU_STEP_NO_IRQ) && cpu->target->do_interrupt(cpu, request))
        *next = (Next){ 0 }; /* the block that comes next is not where it led */
    return false;
}

/*
 * Completes this vCPU's own broadcast flushes; or it is one that kept another waiting, asleep, since it had no host core: when
 * there are too few of them, that goes on for as long as it is in guest code whenever it loses its core. It sleeps for a moment,
 * outside, where nobody waits for it. True: leave with *why.
 */
static bool sync_flushes(CPUState *cpu, int *why)
{
    bool waits = cpu->tlb_sync & CPU_SYNC_WAIT, give_way = cpu->tlb_sync & CPU_SYNC_GIVE_WAY;
    cpu->tlb_sync &= ~CPU_SYNC_GIVE_WAY;
    *why = EXCP_INTERRUPT;
    if (waits)
        return !mmu_sync_try(cpu);
    if (give_way) {
        cpu_spin_may_sleep(cpu, GIVE_WAY_NS);
        *why = EXCP_YIELD;
    }
    return give_way;
}

/* Looks at what others want of this vCPU. True: leave with *why. */
static bool attend(CPUState *cpu, Next *next, int *why)
{
    if (UNLIKELY(__atomic_load_n(&cpu->exit_request, __ATOMIC_ACQUIRE) & ~CPU_EXIT_SETTLE)) {
        *why = EXCP_INTERRUPT;
        return true;
    }
    if (exec_settle(cpu, false))
        next->from = NULL; /* it may be gone */
    if (UNLIKELY(cpu->tlb_sync & (CPU_SYNC_WAIT | CPU_SYNC_GIVE_WAY)) && sync_flushes(cpu, why))
        return true;
    uint32_t request = __atomic_load_n(&cpu->interrupt_request, __ATOMIC_ACQUIRE);
    return UNLIKELY(request) && take_interrupt(cpu, request, next, why);
}

static void log_block(CPUState *cpu, const TranslationBlock *tb)
{
    if (!log_in_filter(tb->pc))
        return;
    log_printf(LOG_EXEC, "vCPU %d: pc 0x%016llx flags 0x%llx\n", cpu->index, (unsigned long long)tb->pc, (unsigned long long)tb->flags);
    FILE *out = log_begin(LOG_CPU);
    if (out) {
        cpu->target->dump(cpu, out);
        log_end(out);
    }
}

static uint64_t enter_block(CPUState *cpu, const TranslationBlock *tb)
{
    if (log_enabled(LOG_EXEC | LOG_CPU))
        log_block(cpu, tb);
    return host_ops->enter(cpu, tb->code);
}

/* The next block must be one instruction, and no common block. */
static bool wants_one_insn(CPUState *cpu)
{
    bool one = cpu->tb->one_insn || cpu->singlestep & CPU_STEP_ENABLE;
    cpu->tb->one_insn = false;
    return one;
}

/* tb was entered after it had been invalidated: this vCPU knew it yet. What runs in its place is found anew. */
static void leave_stale(CPUState *cpu, const TranslationBlock *tb, Next *next)
{
    jump_cache_forget(cpu, tb);
    memcpy((char *)cpu + cpu->target->pc_offset, &tb->pc, sizeof tb->pc);
    *next = (Next){ .led = true, .flags = tb->flags };
}

static void note_exit(CPUState *cpu, uint64_t result, Next *next)
{
    TranslationBlock *tb = (TranslationBlock *)(uintptr_t)(result & ~(uint64_t)TB_EXIT_MASK);
    unsigned n = result & TB_EXIT_MASK;
    if (result < FIRST_BLOCK_ADDRESS) {
        *next = (Next){ 0 };
        return;
    }
    tsan_acquire(tb); /* it was complete before a link or the jump cache led to it */
    if (n == TB_EXIT_STALE)
        leave_stale(cpu, tb, next);
    else
        *next = (Next){ .led = true, .flags = tb->links[n].flags, .from = tb->no_cache ? NULL : tb, .n = n };
}

void exec_next_block(CPUState *cpu, const Next *next, uint64_t *pc, uint64_t *flags)
{
    cpu->target->get_block_state(cpu, pc, flags);
    if (next->led)
        *flags = next->flags;
}

void exec_one_insn(CPUState *cpu, TranslationBlock *tb, Next *next)
{
    uint64_t pc = tb->pc, flags, to, to_flags;
    for (unsigned forms = 0; forms < MAX_FORMS; forms++) {
        flags = tb->flags;
        note_exit(cpu, enter_block(cpu, tb), next);
        tb_discard(cpu, tb);
        exec_next_block(cpu, next, &to, &to_flags);
        if (!next->led || to != pc || to_flags == flags)
            return;
        tb = tb_translate(cpu, pc, to_flags, 1, true);
    }
}

static void run_block(CPUState *cpu, Next *next)
{
    uint64_t pc, flags;
    exec_next_block(cpu, next, &pc, &flags);
    if (UNLIKELY(wants_one_insn(cpu))) {
        next->from = NULL;
        exec_one_insn(cpu, tb_translate(cpu, pc, flags, 1, true), next);
        return;
    }
    TranslationBlock *tb = tb_find(cpu, pc, flags);
    if (next->from)
        tb_link(next->from, next->n, tb);
    bool once = tb->no_cache;
    note_exit(cpu, enter_block(cpu, tb), next);
    if (once)
        tb_discard(cpu, tb);
}

static int exec_loop(CPUState *cpu)
{
    Next next;
    int why;
    if (sigsetjmp(cpu->jmp_env, 0))
        exec_recover(cpu);
    next = (Next){ 0 };
    while (!take_exception(cpu, &why) && !attend(cpu, &next, &why)) {
        bool step = cpu->singlestep & CPU_STEP_ENABLE;
        run_block(cpu, &next);
        if (UNLIKELY(step) && cpu->exception_index < 0)
            return EXCP_DEBUG;
    }
    return why;
}

/* A halted vCPU wakes when it has work. */
static bool awake(CPUState *cpu)
{
    if (cpu->halted && cpu->target->has_work(cpu))
        cpu->halted = false;
    return !cpu->halted;
}

int cpu_exec(CPUState *cpu)
{
    if (!awake(cpu))
        return EXCP_HALTED;
    cpu_exec_start(cpu);
    exec_begin(cpu);
    int why = exec_loop(cpu);
    exec_end(cpu);
    cpu_exec_end(cpu);
    if (UNLIKELY(cpu->tlb_sync & CPU_SYNC_WAIT))
        mmu_sync_wait(cpu);
    return why;
}
