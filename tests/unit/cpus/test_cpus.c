/* SPDX-License-Identifier: MIT */
/* cpus/: exclusive sections, pauses, sleep and kicks, the list, round robin. */
#include <string.h>

#include "fake.h"

#define NB_CPUS 3

static void nothing(CPUState *cpu, void *data)
{
}

/* ---- exclusive sections ---- */
static void check_alone(CPUState *cpu, void *data)
{
    g_assert_true(in_exclusive_section());
    for (int k = 0; k < 50; k++)
        g_assert_false(fake_any_inside());
    __atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void test_nobody_runs(void)
{
    int n = 0;
    for (int i = 0; i < 300; i++)
        async_safe_run_on_cpu(cpus[i % NB_CPUS], check_alone, &n);
    WAIT_UNTIL(__atomic_load_n(&n, __ATOMIC_SEQ_CST) == 300);
    bql_unlock();
    for (int i = 0; i < 100; i++) {
        start_exclusive(); /* a thread that is no vCPU may do it too */
        check_alone(NULL, &n);
        end_exclusive();
    }
    bql_lock();
    for (int i = 0; i < NB_CPUS; i++)
        fake_wait_round(i);
}

/* A vCPU that was asleep when the section began must not go in. */
static void test_late_comer_waits(void)
{
    fake_set_halted(1);
    bql_unlock();
    start_exclusive();
    bql_lock(); /* inside a section the big lock may be taken */
    uint64_t seen = fake_rounds(1), before = fake(cpus[1])->entries;
    fake_wake(1);
    if (fake_single_thread)
        g_usleep(20000); /* the thread may be held back at another vCPU's start */
    else
        WAIT_UNTIL(__atomic_load_n(&fake(cpus[1])->entries, __ATOMIC_RELAXED) > before);
    g_usleep(5000);
    g_assert_cmpuint(fake_rounds(1), ==, seen);
    bql_unlock();
    end_exclusive();
    bql_lock();
    fake_wait_round(1);
}

static void test_nests(void)
{
    int n = 0;
    bql_unlock();
    start_exclusive();
    start_exclusive();
    end_exclusive();
    check_alone(NULL, &n);
    end_exclusive();
    g_assert_false(in_exclusive_section());
    bql_lock();
    fake_wait_round(0);
}

static void test_step_alone(void)
{
    for (int k = 0; k < 50; k++) {
        for (int i = 0; i < NB_CPUS; i++)
            __atomic_store_n(&fake(cpus[i])->step, true, __ATOMIC_RELAXED);
        for (int i = 0; i < NB_CPUS; i++)
            WAIT_UNTIL(__atomic_load_n(&fake(cpus[i])->steps, __ATOMIC_RELAXED) > (uint64_t)k);
    }
}

static gpointer hold_section(gpointer data)
{
    start_exclusive();
    __atomic_store_n((bool *)data, true, __ATOMIC_SEQ_CST);
    g_usleep(10000);
    g_assert_false(fake_any_inside());
    end_exclusive();
    return NULL;
}

/* vCPUs that are held back at cpu_exec_start, or wait for a section of their own, stop when the section is over. */
static void test_pause_during_section(void)
{
    bool begun = false;
    int n = 0;
    GThread *holder = g_thread_new("holder", hold_section, &begun);
    WAIT_UNTIL(__atomic_load_n(&begun, __ATOMIC_SEQ_CST));
    async_safe_run_on_cpu(cpus[0], check_alone, &n);
    pause_all_vcpus();
    g_assert_true(all_vcpus_paused());
    g_thread_join(holder);
    resume_all_vcpus();
    WAIT_UNTIL(__atomic_load_n(&n, __ATOMIC_SEQ_CST) == 1);
}

/* ---- sleep ---- */
static void test_halt_and_wake(void)
{
    fake_set_halted(2);
    run_on_cpu(cpus[2], nothing, NULL); /* and so it is asleep soon */
    uint64_t seen = fake_rounds(2);
    g_usleep(10000);
    g_assert_cmpuint(fake_rounds(2), ==, seen);
    uint64_t before = fake(cpus[2])->entries;
    g_usleep(10000);
    g_assert_cmpuint(fake(cpus[2])->entries, ==, before); /* an idle vCPU is not run to find out */
    for (int i = 0; i < 20; i++) {
        fake_wake(2);
        fake_wait_round(2);
        g_assert_cmphex(cpus[2]->interrupt_request & CPU_INTERRUPT_HARD, !=, 0);
        cpu_reset_interrupt(cpus[2], CPU_INTERRUPT_HARD);
        if (i < 19)
            fake_set_halted(2);
    }
    fake_wait_round(2);
}

static void timer_fired(void *opaque)
{
    __atomic_store_n((int *)opaque, cpu_is_self(cpus[0]) ? 1 : 2, __ATOMIC_SEQ_CST);
}

/* The alarm gets it out of its endless guest code; asleep, it wakes by itself. */
static void test_timer_on_its_thread(void)
{
    for (int halted = 0; halted < 2; halted++) {
        int fired = 0;
        if (halted)
            fake_set_halted(0);
        Timer *t = timer_new(cpus[0]->timers, CLOCK_RT, timer_fired, &fired);
        timer_mod(t, clock_get_ns(CLOCK_RT) + 3000000);
        WAIT_UNTIL(__atomic_load_n(&fired, __ATOMIC_SEQ_CST));
        g_assert_cmpint(fired, ==, 1);
        timer_free(t);
    }
    fake_wake(0);
}

/* ---- pauses ---- */
static void check_stand_still(void)
{
    uint64_t seen[NB_CPUS];
    g_assert_true(all_vcpus_paused());
    for (int i = 0; i < NB_CPUS; i++)
        seen[i] = fake_rounds(i);
    run_on_cpu(cpus[1], nothing, NULL);
    g_usleep(1000);
    for (int i = 0; i < NB_CPUS; i++)
        g_assert_cmpuint(fake_rounds(i), ==, seen[i]);
}

static void test_pause(void)
{
    for (int k = 0; k < 20; k++) {
        pause_all_vcpus();
        check_stand_still();
        resume_all_vcpus();
        g_assert_false(all_vcpus_paused());
        for (int i = 0; i < NB_CPUS; i++)
            fake_wait_round(i);
    }
}

static void test_pauses_nest(void)
{
    pause_all_vcpus();
    pause_all_vcpus();
    resume_all_vcpus();
    check_stand_still();
    resume_all_vcpus();
    fake_wait_round(0);
}

static gpointer pauser(gpointer data)
{
    for (int i = 0; i < 100; i++) {
        pause_all_vcpus();
        g_assert_true(all_vcpus_paused());
        g_assert_false(fake_any_inside());
        resume_all_vcpus();
    }
    return NULL;
}

static void test_two_pausers(void)
{
    bql_unlock();
    GThread *a = g_thread_new("pauser", pauser, NULL), *b = g_thread_new("pauser", pauser, NULL);
    g_thread_join(a);
    g_thread_join(b);
    bql_lock();
    fake_wait_round(0);
}

static void pause_by_function(CPUState *cpu, void *data)
{
    pause_all_vcpus();
    g_assert_false(all_vcpus_paused()); /* this one does something */
}

/* A vCPU's thread only asks, and stops when its function ends. */
static void test_pause_by_vcpu(void)
{
    for (int i = 0; i < NB_CPUS; i++) {
        async_run_on_cpu(cpus[i], pause_by_function, NULL);
        WAIT_UNTIL(all_vcpus_paused());
        check_stand_still();
        resume_all_vcpus();
    }
    fake_wait_round(0);
}

static void pause_inside(CPUState *cpu)
{
    bql_lock(); /* as a device has it */
    pause_all_vcpus();
    g_assert_true(bql_locked());
    bql_unlock();
}

/* The same within guest code: it stops after its block. */
static void test_pause_from_guest_code(void)
{
    __atomic_store_n(&fake(cpus[1])->hook, pause_inside, __ATOMIC_RELEASE);
    WAIT_UNTIL(all_vcpus_paused());
    check_stand_still();
    resume_all_vcpus();
    fake_wait_round(1);
}

/* ---- the list ---- */
static void test_add(void)
{
    int index = n_cpus;
    g_assert_null(cpu_by_index(index));
    g_assert_null(cpu_by_index(-1));
    g_assert_null(cpu_by_index(CPUS_MAX));
    CPUState *cpu = fake_new(index);
    g_assert_true(cpu_by_index(index) == cpu && cpu_count() == index + 1);
    run_on_cpu(cpu, nothing, NULL); /* here, as there is no thread */
    cpu_start(cpu);
    fake_wait_round(index);
    int n = 0;
    async_safe_run_on_cpu(cpu, check_alone, &n);
    pause_all_vcpus();
    uint64_t seen = fake_rounds(index);
    CPUState *second = fake_new(index + 1);
    cpu_start(second); /* paused as the others are */
    g_usleep(2000);
    g_assert_cmpuint(fake_rounds(index), ==, seen);
    g_assert_cmpuint(fake_rounds(index + 1), ==, 0);
    resume_all_vcpus();
    fake_wait_round(index);
    fake_wait_round(index + 1);
    fake_set_halted(index);
    fake_set_halted(index + 1);
}

/* ---- sharing a thread ---- */
static uint64_t entries(int i)
{
    return __atomic_load_n(&fake(cpus[i])->entries, __ATOMIC_SEQ_CST);
}

/* Endless guest code gives way after its slice, so that all make rounds. */
static void test_all_progress(void)
{
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < NB_CPUS; i++)
            fake_wait_round(i);
    }
}

/* One that says it spins gives way at once: it is entered as often as the others, and makes a round each time. */
static void test_spinning_gives_way(void)
{
    __atomic_store_n(&fake(cpus[1])->yields, true, __ATOMIC_RELAXED);
    fake_wait_round(1);
    fake_wait_round(2);
    uint64_t mine = entries(1), others = entries(2);
    WAIT_UNTIL(entries(1) >= mine + 4);
    if (fake_single_thread)
        g_assert_cmpuint(entries(2), >=, others + 3);
    __atomic_store_n(&fake(cpus[1])->yields, false, __ATOMIC_RELAXED);
}

static void ask_oneself(CPUState *cpu)
{
    cpu_exit(cpu);
}

/* A vCPU that leaves guest code all the time, to look at requests of its own, is not robbed of its slice by that. */
static void test_leaving_keeps_slice(void)
{
    __atomic_store_n(&fake(cpus[0])->each_round, ask_oneself, __ATOMIC_RELEASE);
    fake_wait_round(0);
    uint64_t others = entries(1), mine = entries(0);
    WAIT_UNTIL(fake_single_thread ? entries(1) >= others + 4 : entries(0) >= mine + 100);
    g_assert_cmpuint(entries(0), >=, mine + 100);
    __atomic_store_n(&fake(cpus[0])->each_round, NULL, __ATOMIC_RELEASE);
}

static uint64_t entries_when_woken, entries_when_run; /* (a) of vCPU 0 */

static void wake_another(CPUState *cpu)
{
    __atomic_store_n(&entries_when_woken, entries(0), __ATOMIC_SEQ_CST);
    fake_wake(2);
    if (fake_single_thread)
        g_assert_cmpuint(__atomic_load_n(&cpu->exit_request, __ATOMIC_SEQ_CST), ==, 1);
}

static void was_woken(CPUState *cpu)
{
    __atomic_store_n(&entries_when_run, entries(0), __ATOMIC_SEQ_CST);
}

/* Who wakes another, as by an interrupt between processors, gives way to it. */
static void test_kicked_comes_first(void)
{
    for (int k = 1; k <= 5; k++) {
        __atomic_store_n(&entries_when_run, 0, __ATOMIC_SEQ_CST);
        fake_set_halted(2);
        __atomic_store_n(&fake(cpus[2])->hook, was_woken, __ATOMIC_RELEASE);
        __atomic_store_n(&fake(cpus[0])->hook, wake_another, __ATOMIC_RELEASE);
        WAIT_UNTIL(__atomic_load_n(&entries_when_run, __ATOMIC_SEQ_CST));
        if (fake_single_thread)
            g_assert_cmpuint(entries_when_run, ==, entries_when_woken);
    }
}

/* ---- what must not be done ---- */
static void run_on_next(CPUState *cpu)
{
    run_on_cpu(cpus[(cpu->index + 1) % NB_CPUS], nothing, NULL);
}

static void work_inside(void)
{
    __atomic_store_n(&fake(cpus[0])->hook, run_on_next, __ATOMIC_RELEASE);
}

static void start_inside(CPUState *cpu)
{
    start_exclusive();
}

static void section_inside(void)
{
    __atomic_store_n(&fake(cpus[0])->hook, start_inside, __ATOMIC_RELEASE);
}

static void pause_in_section(void)
{
    bql_unlock();
    start_exclusive();
    pause_all_vcpus();
}

static void section_with_big_lock(void)
{
    if (!CALQUE_DEBUG_LOCKS)
        abort();
    start_exclusive();
}

typedef struct Misuse { const char *path; void (*commit)(void); } Misuse;
static const Misuse misuses[] = {
    { "/cpus/misuse/run-on-cpu-from-guest-code", work_inside },
    { "/cpus/misuse/exclusive-from-guest-code", section_inside },
    { "/cpus/misuse/pause-in-section", pause_in_section },
    { "/cpus/misuse/exclusive-with-big-lock", section_with_big_lock },
};

static void test_misuse(gconstpointer data)
{
    const Misuse *m = data;
    if (g_test_subprocess()) {
        m->commit();
        bql_unlock();
        g_usleep(60 * G_USEC_PER_SEC); /* another thread aborts */
        return;
    }
    g_test_trap_subprocess(m->path, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
}

int main(int argc, char **argv)
{
    fakes_init(&argc, &argv, NB_CPUS);
    g_test_add_func("/cpus/exclusive/nobody-runs", test_nobody_runs);
    g_test_add_func("/cpus/exclusive/late-comer-waits", test_late_comer_waits);
    g_test_add_func("/cpus/exclusive/nests", test_nests);
    g_test_add_func("/cpus/exclusive/step-alone", test_step_alone);
    g_test_add_func("/cpus/exclusive/pause-during-section", test_pause_during_section);
    g_test_add_func("/cpus/halt/wakes", test_halt_and_wake);
    g_test_add_func("/cpus/timer/own-thread", test_timer_on_its_thread);
    g_test_add_func("/cpus/pause/stops-and-resumes", test_pause);
    g_test_add_func("/cpus/pause/nests", test_pauses_nest);
    g_test_add_func("/cpus/pause/two-threads", test_two_pausers);
    g_test_add_func("/cpus/pause/by-vcpu", test_pause_by_vcpu);
    g_test_add_func("/cpus/pause/from-guest-code", test_pause_from_guest_code);
    g_test_add_func("/cpus/share/all-progress", test_all_progress);
    g_test_add_func("/cpus/share/spinning-gives-way", test_spinning_gives_way);
    g_test_add_func("/cpus/share/leaving-keeps-slice", test_leaving_keeps_slice);
    g_test_add_func("/cpus/share/kicked-comes-first", test_kicked_comes_first);
    g_test_add_func("/cpus/list/add-while-running", test_add);
    for (unsigned i = 0; i < G_N_ELEMENTS(misuses); i++)
        g_test_add_data_func(misuses[i].path, &misuses[i], test_misuse);
    return fakes_run();
}
