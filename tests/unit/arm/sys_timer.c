/* SPDX-License-Identifier: MIT */
/* Generic timers and performance monitors, WFI and WFE. */
#include "base/bits.h"
#include "base/lock.h"
#include "target/arm/pmu.h"
#include "target/arm/timer.h"
#include "target/arm/wfx.h"
#include "tests/unit/arm/sys_fakes.h"

#define PMU(crm, op2) SYSREG_ENC(3, 3, 9, crm, op2)

static int levels[ARM_NB_OUT_LINES];

static void output(void *opaque, int level)
{
    *(int *)opaque = level;
}

static void wire(ArmCPU *cpu)
{
    for (int i = 0; i < ARM_NB_OUT_LINES; i++) {
        levels[i] = 0;
        arm_cpu_set_output(&cpu->parent, i, output, &levels[i]);
    }
}

/* Lets virtual time pass, then runs what is due: a timer list does nothing while its clock stands still. */
static void run_clock_ns(ArmCPU *cpu, int64_t ns)
{
    int64_t end = clock_get_ns(CLOCK_VIRTUAL) + ns;

    bql_lock();
    clock_virtual_set_running(true);
    bql_unlock();
    while (clock_get_ns(CLOCK_VIRTUAL) < end)
        ;
    timer_list_run(cpu->parent.timers);
    bql_lock();
    clock_virtual_set_running(false);
    bql_unlock();
}

static void test_timers(void)
{
    ArmCPU *cpu = sys_cpu("max");
    uint64_t v;

    wire(cpu);
    g_assert_cmpuint(arm_timer_frequency_hz(&cpu->parent), ==, 62500000);
    g_assert_true(sys_mrs(cpu, SYSREG_ENC(3, 3, 14, 0, 0), &v));
    g_assert_cmpuint(v, ==, 62500000);
    for (ArmTimerLine line = ARM_TIMER_PHYS; line <= ARM_TIMER_VIRT; line++) {
        unsigned crm = line == ARM_TIMER_PHYS ? 2 : 3;
        Timer *t = line == ARM_TIMER_PHYS ? cpu->phys_timer : cpu->virt_timer;
        uint64_t now = arm_counter(cpu);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 2), now + 1000)); /* CVAL */
        g_assert_false(timer_pending(t));
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 1), 1));          /* CTL: enable */
        g_assert_cmpint(timer_expire_ns(t), ==, (int64_t)(now + 1000) * 16);
        g_assert_true(sys_mrs(cpu, SYSREG_ENC(3, 3, 14, crm, 0), &v));         /* TVAL */
        g_assert_cmpuint(v, ==, 1000);
        g_assert_cmpint(levels[line], ==, 0);
        run_clock_ns(cpu, 20000);
        g_assert_cmpint(levels[line], ==, 1);
        g_assert_true(sys_mrs(cpu, SYSREG_ENC(3, 3, 14, crm, 1), &v));
        g_assert_cmphex(v, ==, 5);
        g_assert_true(sys_mrs(cpu, SYSREG_ENC(3, 3, 14, crm, 0), &v));
        g_assert_cmpint((int32_t)v, <, 0);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 1), 3));          /* masked */
        g_assert_cmpint(levels[line], ==, 0);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 1), 1));
        g_assert_cmpint(levels[line], ==, 1);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 0), 500));        /* TVAL: later again */
        g_assert_cmpint(levels[line], ==, 0);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 0), (uint32_t)-5)); /* signed */
        g_assert_cmpint(levels[line], ==, 1);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 2), ~0ull));      /* never */
        g_assert_cmpint(levels[line], ==, 0);
        g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, crm, 1), 0));
        g_assert_false(timer_pending(t));
    }
}

static uint64_t pmu_read(ArmCPU *cpu, uint32_t enc)
{
    uint64_t v;
    g_assert_true(sys_mrs(cpu, enc, &v));
    return v;
}

static void test_cycle_counter(void)
{
    ArmCPU *cpu = sys_cpu("max");

    wire(cpu);
    g_assert_cmphex(pmu_read(cpu, PMU(12, 0)), ==, 0x41003000); /* PMCR: six counters */
    g_assert_true(sys_msr(cpu, PMU(12, 1), 1u << 31));
    run_clock_ns(cpu, 1000);
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 0)), ==, 0); /* PMCR.E is clear */
    g_assert_true(sys_msr(cpu, PMU(12, 0), 1 | 0x40));
    run_clock_ns(cpu, 1000);
    uint64_t first = pmu_read(cpu, PMU(13, 0));
    g_assert_cmpuint(first, >=, 1000);
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 0)), ==, first); /* time stands still */
    g_assert_true(sys_msr(cpu, PMU(12, 0), 1 | 0x40 | 4));   /* C: reset */
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 0)), ==, 0);
    g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, 15, 7), 3ull << 30)); /* filtered at EL0 and EL1 */
    run_clock_ns(cpu, 1000);
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 0)), ==, 0);
    g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, 15, 7), 0));
    /* overflow of the low 32 bits without LC, with its interrupt */
    g_assert_true(sys_msr(cpu, PMU(12, 0), 1));
    g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 0, 9, 14, 1), 1u << 31));
    g_assert_true(sys_msr(cpu, PMU(13, 0), 0xffffff00));
    g_assert_true(timer_pending(cpu->pmu_timer));
    run_clock_ns(cpu, 1000);
    g_assert_cmpint(levels[ARM_PMU_IRQ], ==, 1);
    g_assert_cmphex(pmu_read(cpu, PMU(12, 3)), ==, 1u << 31);
    g_assert_true(sys_msr(cpu, PMU(12, 3), 1u << 31));
    g_assert_cmpint(levels[ARM_PMU_IRQ], ==, 0);
}

static void test_event_counters(void)
{
    ArmCPU *cpu = sys_cpu("max");

    wire(cpu);
    g_assert_true(sys_msr(cpu, PMU(12, 5), 0));                         /* PMSELR */
    g_assert_true(sys_msr(cpu, PMU(13, 1), PMU_EVENT_SW_INCR));
    g_assert_true(sys_msr(cpu, SYSREG_ENC(3, 3, 14, 12, 1), PMU_EVENT_CPU_CYCLES));
    g_assert_true(sys_msr(cpu, PMU(12, 1), 3));
    g_assert_true(sys_msr(cpu, PMU(12, 4), 1));
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 2)), ==, 0);
    g_assert_true(sys_msr(cpu, PMU(12, 0), 1));
    g_assert_true(sys_msr(cpu, PMU(12, 4), 3));
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 2)), ==, 1);
    run_clock_ns(cpu, 1000);
    g_assert_cmpuint(pmu_read(cpu, SYSREG_ENC(3, 3, 14, 8, 1)), >=, 1000);
    g_assert_true(sys_msr(cpu, PMU(13, 2), 0xffffffff));
    g_assert_true(sys_msr(cpu, PMU(12, 4), 1));
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 2)), ==, 0);
    g_assert_cmphex(pmu_read(cpu, PMU(12, 3)) & 1, ==, 1);
    g_assert_true(sys_msr(cpu, PMU(12, 0), 2));                         /* P: reset event counters */
    g_assert_cmpuint(pmu_read(cpu, SYSREG_ENC(3, 3, 14, 8, 1)), ==, 0);
    g_assert_true(sys_msr(cpu, PMU(12, 5), 30));                        /* beyond N: RAZ/WI */
    g_assert_true(sys_msr(cpu, PMU(13, 2), 5));
    g_assert_cmpuint(pmu_read(cpu, PMU(13, 2)), ==, 0);
}

static void wfi(ArmCPU *cpu, void *arg) { helper_wfi(&cpu->parent); }
static void wfe(ArmCPU *cpu, void *arg) { helper_wfe(&cpu->parent); }

static void test_wfx(void)
{
    ArmCPU *cpu = sys_cpu("max");

    g_assert_true(sys_leaves(cpu, wfi, NULL));
    g_assert_true(cpu->parent.halted);
    g_assert_cmpint(cpu->parent.exception_index, ==, EXCP_HLT);
    cpu->parent.halted = false;
    arm_cpu_set_irq(&cpu->parent, ARM_LINE_IRQ, true);
    g_assert_false(sys_leaves(cpu, wfi, NULL)); /* masked, but pending */
    arm_set_pstate(cpu, 0);
    g_assert_true(sys_leaves(cpu, wfi, NULL));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_WFX, 0x1e00000));
    g_assert_true(sys_leaves(cpu, wfe, NULL));
    g_assert_cmphex(cpu->env.exc.syndrome, ==, ARM_SYN(EC_WFX, 0x1e00001));
    arm_cpu_set_irq(&cpu->parent, ARM_LINE_IRQ, false);
}

static bool waits(ArmCPU *cpu)
{
    cpu->parent.halted = false;
    return sys_leaves(cpu, wfe, NULL);
}

/* With nothing armed a WFE halts: until SEV, or an interrupt that is not masked. */
static void test_wfe_halts(void)
{
    ArmCPU *cpu = sys_cpu("max"), *other = sys_cpu("max");
    CPUState *cs = &cpu->parent;

    helper_sevl(cs);
    g_assert_false(waits(cpu)); /* consumes the event */
    g_assert_true(waits(cpu));
    g_assert_true(cs->halted);
    g_assert_cmpint(cs->exception_index, ==, EXCP_HLT);
    g_assert_false(arm_has_work(cs));
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, true);
    g_assert_false(arm_has_work(cs)); /* masked */
    cpu->env.pstate &= ~PSTATE_I;
    g_assert_true(arm_has_work(cs));
    arm_cpu_set_irq(cs, ARM_LINE_IRQ, false);
    cs->exit_request = 0;
    helper_sev(&other->parent);
    g_assert_true(arm_has_work(cs));
    g_assert_cmpuint(cs->exit_request, ==, 1); /* kicked */
    g_assert_false(waits(cpu));
    g_assert_false(waits(other)); /* SEV is for its sender, too */
    g_assert_true(waits(other));
    cpu->power = ARM_POWER_OFF;
    cs->halted = true;
    helper_sev(&other->parent);
    g_assert_false(arm_has_work(cs)); /* PSCI's off is not WFE's wait */
}

/* With the monitor armed it polls; with the event stream on it sleeps until the counter's next edge. */
static void test_wfe_waits_briefly(void)
{
    ArmCPU *cpu = sys_cpu("max");
    unsigned long waited = 0;

    cpu->env.exclusive = EXCLUSIVE_WATCHED;
    for (unsigned i = 0; i < 100; i++)
        waited += waits(cpu);
    g_assert_cmpuint(waited, ==, 0); /* no vCPU thread is awake, so nobody wants the core */
    cpu->env.exclusive = EXCLUSIVE_OPEN;
    cpu->env.cntkctl_el1 = 1 << 2 | 12 << 4; /* EVNTEN, EVNTI 12: every 8192 ticks */
    for (unsigned dir = 0; dir < 2; dir++) {
        cpu->env.cntkctl_el1 |= dir << 3;
        g_assert_true(waits(cpu));
        g_assert_cmpint(cpu->parent.exception_index, ==, EXCP_YIELD);
        g_assert_false(cpu->parent.halted);
        int64_t before = clock_get_ns(CLOCK_VIRTUAL), ns = cpu->parent.spin.sleep_ns, wakes = before + ns;
        g_assert_cmpint(ns, >, 0);
        g_assert_cmpint(ns, <=, 8192 * 16);
        g_assert_cmpint(wakes / (4096 * 16) % 2, !=, dir); /* on the side of the edge that follows it, but for the time that has passed since */
        g_assert_true(cpu->parent.spin.may_sleep);
    }
}

static void yield(ArmCPU *cpu, void *arg) { helper_yield(&cpu->parent); }

/* YIELD gives way now and then, while more vCPUs are awake than there are cores. */
static void test_yield(void)
{
    ArmCPU *cpu = sys_cpu("max");
    int crowd = (int)g_get_num_processors() + 1;
    unsigned left = 0;

    for (unsigned i = 0; i < 64; i++)
        g_assert_false(sys_leaves(cpu, yield, NULL));
    cpu_spin_count_awake(crowd);
    for (unsigned i = 0; i < 64; i++)
        left += sys_leaves(cpu, yield, NULL);
    cpu_spin_count_awake(-crowd);
    g_assert_cmpuint(left, ==, 2);
    g_assert_cmpint(cpu->parent.exception_index, ==, EXCP_YIELD);
}

void sys_add_timer_tests(void)
{
    g_test_add_func("/arm/wfx/yield", test_yield);
    g_test_add_func("/arm/wfx/wfe-halts", test_wfe_halts);
    g_test_add_func("/arm/wfx/wfe-waits-briefly", test_wfe_waits_briefly);
    g_test_add_func("/arm/timer/phys-and-virt", test_timers);
    g_test_add_func("/arm/pmu/cycle-counter", test_cycle_counter);
    g_test_add_func("/arm/pmu/event-counters", test_event_counters);
    g_test_add_func("/arm/wfx/halt-and-traps", test_wfx);
}
