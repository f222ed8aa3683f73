/* SPDX-License-Identifier: MIT */
/*
 * MONITOR and MWAIT (SDM vol. 3, 9.10.3): halting until another CPU stores to a line.
 *
 * Stores are not watched. MONITOR keeps a copy of the line, and while MWAIT waits the vCPU's thread compares: at first every 50 microseconds, then
 * less and less often, down to every 2 ms. So a store is seen late by as much, and one that changes nothing is not seen; for that a wait ends by itself
 * after a tenth of a second, as MWAIT may at any time. MONITOR copies before the guest's own look at the line, so a store that this look
 * missed makes a difference. With one CPU only devices store, and they interrupt. A line that is not plain RAM is not compared: MWAIT then sleeps shortly.
 */
#include "target/x86/helper_int.h"

#include "base/bits.h"

#define LINE X86_MONITOR_LINE
#define FIRST_NS 50000
#define LONGEST_NS 2000000
#define ENOUGH_NS 100000000
#define NO_LINE_NS 1000000

static uint64_t load_word(const X86Monitor *m, unsigned i)
{
    return __atomic_load_n(m->line + i, __ATOMIC_RELAXED);
}

static bool line_changed(const X86Monitor *m)
{
    uint64_t differences = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(m->copy); i++)
        differences |= load_word(m, i) ^ m->copy[i];
    return differences;
}

bool x86_mwait_is_over(const X86CPU *cpu)
{
    const X86Monitor *m = &cpu->monitor;
    uint32_t request = __atomic_load_n(&cpu->parent.interrupt_request, __ATOMIC_ACQUIRE);

    return m->waiting && (line_changed(m) || m->waited_ns >= ENOUGH_NS || (m->any_interrupt && (request & CPU_INTERRUPT_HARD)));
}

/* The timer only brings the thread to look whether the wait is over. */
static void look_later(void *opaque)
{
    X86CPU *cpu = opaque;
    X86Monitor *m = &cpu->monitor;

    if (!m->waiting || !cpu->parent.halted)
        return;
    m->waited_ns += m->wait_ns;
    m->wait_ns = MIN_OF(m->wait_ns * 2, LONGEST_NS);
    timer_mod(m->timer, clock_get_ns(CLOCK_VIRTUAL) + m->wait_ns);
}

void helper_monitor(CPUState *cs, uint64_t va)
{
    CPUX86State *env = x86_env(cs);
    X86Monitor *m = &x86_cpu(cs)->monitor;
    uintptr_t ra = GETPC();
    uint8_t *host;

    if ((uint32_t)env->regs[X86_RCX])
        x86_raise_gp0(x86_cpu(cs), ra);
    host = mmu_probe(cs, va, 1, MMU_DATA_LOAD, x86_data_mmu_index(env), false, NULL, ra);
    m->line = host ? (const uint64_t *)(void *)(host - va % LINE) : NULL;
    for (unsigned i = 0; m->line && i < ARRAY_SIZE(m->copy); i++)
        m->copy[i] = load_word(m, i);
    env->monitor_address = va;
    env->monitor_armed = true;
}

static void __attribute__((noreturn)) leave_to(CPUState *cs, int why, uint64_t next_pc, uintptr_t ra)
{
    cpu_restore_state(cs, ra); /* cc_op */
    x86_env(cs)->pc = next_pc;
    cs->exception_index = why;
    cpu_loop_exit(cs);
}

/* ECX bit 0: interrupts end it even when they are masked. Not armed: no wait. */
void helper_mwait(CPUState *cs, uint64_t next_pc)
{
    X86CPU *cpu = x86_cpu(cs);
    X86Monitor *m = &cpu->monitor;
    uintptr_t ra = GETPC();
    uint32_t extensions = (uint32_t)cpu->env.regs[X86_RCX];

    if (extensions & ~1u)
        x86_raise_gp0(cpu, ra);
    if (!cpu->env.monitor_armed || (m->line && line_changed(m)))
        return;
    cpu->env.monitor_armed = false;
    if (!m->line) {
        cpu_spin_may_sleep(cs, NO_LINE_NS);
        leave_to(cs, EXCP_YIELD, next_pc, ra);
    }
    m->waiting = true;
    m->any_interrupt = extensions & 1;
    m->waited_ns = 0;
    m->wait_ns = FIRST_NS;
    if (cpu_count() > 1)
        timer_mod(m->timer, clock_get_ns(CLOCK_VIRTUAL) + FIRST_NS);
    cs->halted = true;
    leave_to(cs, EXCP_HLT, next_pc, ra);
}

void helper_pause(CPUState *cs, uint64_t next_pc)
{
    if (cpu_spin_poll(cs, CPU_SPIN_POLL))
        leave_to(cs, EXCP_YIELD, next_pc, GETPC());
}

void x86_mwait_init(X86CPU *cpu)
{
    cpu->monitor.timer = timer_new(cpu->parent.timers, CLOCK_VIRTUAL, look_later, cpu);
}
