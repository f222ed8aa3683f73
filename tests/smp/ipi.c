/* SPDX-License-Identifier: MIT */
/*
 * Interrupts from all to all: each vCPU asks each other one for an answer, and again when it has come.
 *
 * The sender sets its bit in the target's inbox and sends; the target's handler takes the inbox and answers each by a count. An
 * interrupt may stand for several senders, but none may be lost: whoever waits would wait for ever. On amd64 by the APIC's
 * registers in memory, then by x2APIC.
 */
#include "smp.h"

static struct { uint64_t inbox ALIGNED(CACHE_LINE); uint64_t answers[SMP_MAX_CPUS]; } mail[SMP_MAX_CPUS];
static uint64_t deadline, sent[SMP_MAX_CPUS], handled[SMP_MAX_CPUS];

static void handler(unsigned cpu)
{
    uint64_t from = __atomic_exchange_n(&mail[cpu].inbox, 0, __ATOMIC_ACQ_REL);
    handled[cpu]++;
    for (; from; from &= from - 1)
        __atomic_fetch_add(&mail[__builtin_ctzl(from)].answers[cpu], 1, __ATOMIC_RELEASE);
}

static void storm(unsigned cpu)
{
    for (uint64_t round = 1; round < 10 || smp_ticks() < deadline; round++) {
        for (unsigned to = 0; to < smp_cpus; to++) {
            __atomic_fetch_or(&mail[to].inbox, 1ul << cpu, __ATOMIC_ACQ_REL);
            smp_ipi(to, 1 + to % 7);
            sent[cpu]++;
        }
        for (unsigned to = 0; to < smp_cpus; to++)
            SPIN_UNTIL(__atomic_load_n(&mail[cpu].answers[to], __ATOMIC_ACQUIRE) >= round);
    }
}

static void run(const char *name)
{
    uint64_t out = 0, in = 0;
    test_begin(name);
    for (unsigned i = 0; i < SMP_MAX_CPUS; i++) {
        sent[i] = handled[i] = 0;
        for (unsigned k = 0; k < SMP_MAX_CPUS; k++)
            mail[i].answers[k] = 0;
    }
    deadline = smp_deadline();
    smp_run(smp_cpus, storm);
    for (unsigned i = 0; i < smp_cpus; i++) {
        out += sent[i];
        in += handled[i];
    }
    note("%s: %lu sent, %lu taken", name, out, in);
    CHECK(in > 0 && in <= out);
    test_end();
}

void smp_main(void)
{
    for (unsigned n = 1; n < 8; n++)
        smp_on_ipi(n, handler);
    run("from all to all");
#ifdef __x86_64__
    if (amd64_use_x2apic())
        run("from all to all by x2APIC");
#endif
}
