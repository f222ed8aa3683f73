/* SPDX-License-Identifier: MIT */
/*
 * Local APICs, the I/O APIC and the PIC with a thread for each CPU and devices beside them; nobody has the big lock, which this
 * test's first thread holds.
 *
 * CPUs send each other IPIs (by id, by shorthand, to logical destinations), raise and lower TPR, and let a timer expire that is
 * due at once; I/O APIC entries are sent to other CPUs while their pins are high; a device is on the PIC. A CPU sleeps as the
 * emulator's do: it looks, and then waits for INTR to be raised anew. What is counted: see tests/unit/hw/test_gic_threads.c.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "pc_fakes.h"

#define CPUS FAKE_X86_CPUS
#define PINS 3u
#define FIRST_PIN 16u
#define DEVICES (PINS + 1) /* the last is on the PIC */
#define PIC_LINE 3u
#define ROUNDS 200u
#define IPIS 15u /* a round: in its end all must have been seen, so that what comes later cannot hide a loss */
#define RAISES 1000u

enum { TPR = 0x80, EOI = 0xb0, LDR = 0xd0, SVR = 0xf0, ICR = 0x300, ICR_HIGH = 0x310, LVT_TIMER = 0x320 };
enum { VECTOR_IPI = 0x40, VECTOR_TIMER = 0x51, VECTOR_PIN = 0x60, VECTOR_PIC = 0x20 };
enum { TIMER = CPUS, SOURCES }; /* of edges: the sending CPU, or the timer */
#define MSR_DEADLINE 0x6e0u

static Device *apics[CPUS], *ioapic, *pic;
static unsigned sent[CPUS][SOURCES], seen[CPUS][SOURCES], taken[CPUS][SOURCES]; /* (a) */
static struct { unsigned served, active; int level; } device[DEVICES];          /* (a) */
static unsigned busy;                                                           /* (a) device threads at work */
static unsigned sending[ROUNDS], missing[ROUNDS];                               /* (a) CPUs that still send, that have not seen all */
static gint64 deadline;
static GMutex window; /* the I/O APIC's index and data belong together */

static unsigned get(unsigned *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
static void add(unsigned *p) { __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); }

static void put(unsigned cpu, unsigned reg, uint32_t value)
{
    wr(apic_create_region(), reg, value, 4, cpu);
}

static void write_entry(unsigned pin, unsigned cpu)
{
    g_mutex_lock(&window);
    out32(ioapic, 0, 0, 0x10 + pin * 2 + 1);
    out32(ioapic, 0, 0x10, cpu << 24);
    out32(ioapic, 0, 0, 0x10 + pin * 2);
    out32(ioapic, 0, 0x10, 1u << 15 | (VECTOR_PIN + 0x10 * (pin - FIRST_PIN)));
    g_mutex_unlock(&window);
}

static void init_pic(void)
{
    static const uint8_t icw[] = { 0x11, VECTOR_PIC, 4, 1 };

    pic = new_device("i8259");
    for (unsigned i = 0; i < sizeof icw; i++)
        out8(pic, I8259_REGION_MASTER, i != 0, icw[i]);
    out8(pic, I8259_REGION_MASTER, 1, (uint8_t)~(1u << PIC_LINE));
    apic_connect_pic(pic);
}

static void create(void)
{
    for (unsigned i = 0; i < CPUS; i++) {
        apics[i] = device_new("apic", NULL);
        device_set_link(apics[i], "cpu", &fake_x86[i]->cpu);
        g_assert_true(device_realize(apics[i], NULL));
        current_cpu = &fake_x86[i]->cpu;
        put(i, SVR, 0x1ff);
        put(i, LDR, 1u << (24 + i));
        put(i, LVT_TIMER, 2u << 17 | VECTOR_TIMER);
    }
    current_cpu = NULL;
    ioapic = new_device("ioapic");
    for (unsigned p = 0; p < PINS; p++)
        write_entry(FIRST_PIN + p, p);
    init_pic();
}

static void in_time(void)
{
    g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    sched_yield();
}

/* ---- devices ---- */
static void drive(unsigned d, int level)
{
    IrqLine l = d < PINS ? device_input(ioapic, "gsi", FIRST_PIN + d) : device_input(pic, "irq", PIC_LINE);

    __atomic_store_n(&device[d].level, level, __ATOMIC_SEQ_CST);
    irq_set(&l, level);
}

static void *device_thread(void *arg)
{
    unsigned d = GPOINTER_TO_UINT(arg);

    while (get(&missing[ROUNDS / 2])) /* interrupts among CPUs alone: no other may come and cover a loss */
        in_time();
    for (unsigned i = 1; i <= RAISES; i++) {
        drive(d, 1);
        while (get(&device[d].served) != i)
            in_time();
    }
    __atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* A level that is left high comes again; an edge, on the PIC, does not. */
static void serve(unsigned d, GRand *rand)
{
    g_assert_cmpuint(__atomic_fetch_add(&device[d].active, 1, __ATOMIC_SEQ_CST), ==, 0);
    if (__atomic_load_n(&device[d].level, __ATOMIC_SEQ_CST) && (d >= PINS || g_rand_int_range(rand, 0, 4))) {
        drive(d, 0);
        add(&device[d].served);
    }
    __atomic_fetch_sub(&device[d].active, 1, __ATOMIC_SEQ_CST);
}

/* ---- CPUs ---- */
static void see(unsigned cpu, unsigned source)
{
    unsigned now = get(&sent[cpu][source]);

    add(&taken[cpu][source]);
    __atomic_store_n(&seen[cpu][source], now, __ATOMIC_SEQ_CST);
}

static void handle(unsigned cpu, GRand *rand)
{
    int vector = fake_x86[cpu]->apic.get_interrupt(fake_x86[cpu]->apic.opaque);

    if (vector < 0)
        return;
    if (vector == VECTOR_PIC + PIC_LINE) {
        out8(pic, I8259_REGION_MASTER, 0, 0x20); /* before the next edge can come */
        serve(PINS, rand);
        return;
    }
    if (vector == VECTOR_PIC + 7) /* spurious: another CPU has acknowledged */
        return;
    if (vector == VECTOR_TIMER) {
        see(cpu, TIMER);
    } else if (vector >= VECTOR_PIN) {
        g_assert_cmpint(vector & 15, ==, 0);
        serve((unsigned)(vector - VECTOR_PIN) / 16, rand);
    } else {
        g_assert_cmpint(vector - VECTOR_IPI, <, CPUS);
        see(cpu, (unsigned)(vector - VECTOR_IPI));
    }
    put(cpu, EOI, 0);
}

static void send_ipi(unsigned cpu, GRand *rand)
{
    unsigned target = (unsigned)g_rand_int_range(rand, 0, CPUS), vector = VECTOR_IPI + cpu;

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0: /* all but self */
        for (unsigned i = 0; i < CPUS; i++)
            if (i != cpu)
                add(&sent[i][cpu]);
        put(cpu, ICR, 3u << 18 | vector);
        break;
    case 1: /* flat logical: two */
        add(&sent[target][cpu]);
        add(&sent[(target + 1) % CPUS][cpu]);
        put(cpu, ICR_HIGH, (1u << target | 1u << (target + 1) % CPUS) << 24);
        put(cpu, ICR, 1u << 11 | vector);
        break;
    default:
        add(&sent[target][cpu]);
        put(cpu, ICR_HIGH, target << 24);
        put(cpu, ICR, vector);
        break;
    }
}

static void disturb(unsigned cpu, GRand *rand)
{
    const X86ApicOps *ops = &fake_x86[cpu]->apic;

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        ops->set_cr8(ops->opaque, (uint8_t)g_rand_int_range(rand, 1, 16));
        sched_yield();
        handle(cpu, rand);
        ops->set_cr8(ops->opaque, 0);
        break;
    case 1: write_entry(FIRST_PIN + (unsigned)g_rand_int_range(rand, 0, PINS), (unsigned)g_rand_int_range(rand, 0, CPUS)); break;
    case 2:
        add(&sent[cpu][TIMER]);
        g_assert_true(ops->msr_write(ops->opaque, MSR_DEADLINE, 1));
        break;
    default: break;
    }
}

static bool all_seen(unsigned cpu)
{
    for (unsigned i = 0; i < SOURCES; i++)
        if (get(&sent[cpu][i]) != get(&seen[cpu][i]))
            return false;
    return true;
}

/* Takes an interrupt, or sleeps until somebody raises INTR or *count is 0. */
static void handle_or_sleep(unsigned cpu, GRand *rand, unsigned *count)
{
    FakeX86 *f = fake_x86[cpu];
    unsigned kicks = get(&f->kicks);

    if (__atomic_load_n(&f->intr, __ATOMIC_SEQ_CST) && f->apic.has_interrupt(f->apic.opaque)) {
        handle(cpu, rand);
        return;
    }
    while (get(&f->kicks) == kicks && get(count))
        in_time();
}

static void run_round(unsigned cpu, unsigned r, GRand *rand)
{
    for (unsigned i = 0; i < IPIS; i++) {
        send_ipi(cpu, rand);
        disturb(cpu, rand);
        if (__atomic_load_n(&fake_x86[cpu]->intr, __ATOMIC_SEQ_CST))
            handle(cpu, rand);
    }
    __atomic_fetch_sub(&sending[r], 1, __ATOMIC_SEQ_CST);
    while (get(&sending[r]))
        handle_or_sleep(cpu, rand, &sending[r]);
    while (!all_seen(cpu))
        handle_or_sleep(cpu, rand, &missing[r]);
    __atomic_fetch_sub(&missing[r], 1, __ATOMIC_SEQ_CST);
    while (get(&missing[r]))
        handle_or_sleep(cpu, rand, &missing[r]);
}

static void *cpu_thread(void *arg)
{
    unsigned cpu = GPOINTER_TO_UINT(arg);
    GRand *rand = g_rand_new_with_seed(cpu + 1);

    current_cpu = &fake_x86[cpu]->cpu;
    for (unsigned r = 0; r < ROUNDS; r++)
        run_round(cpu, r, rand);
    while (get(&busy))
        handle_or_sleep(cpu, rand, &busy);
    g_rand_free(rand);
    return NULL;
}

static void check_sums(void)
{
    for (unsigned t = 0; t < CPUS; t++)
        for (unsigned s = 0; s < SOURCES; s++) {
            g_assert_cmpuint(seen[t][s], ==, sent[t][s]);
            g_assert_cmpuint(taken[t][s], <=, sent[t][s]);
        }
    for (unsigned d = 0; d < DEVICES; d++)
        g_assert_cmpuint(device[d].served, ==, RAISES);
}

static void test_threads(void)
{
    pthread_t t[CPUS + DEVICES];
    const char *slower = getenv("CALQUE_TEST_SLOWER");

    create();
    busy = DEVICES;
    for (unsigned r = 0; r < ROUNDS; r++)
        sending[r] = missing[r] = CPUS;
    deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC * (slower ? atoi(slower) : 1);
    for (unsigned i = 0; i < CPUS + DEVICES; i++)
        pthread_create(&t[i], NULL, i < CPUS ? cpu_thread : device_thread, GUINT_TO_POINTER(i < CPUS ? i : i - CPUS));
    for (unsigned i = 0; i < CPUS + DEVICES; i++)
        pthread_join(t[i], NULL);
    check_sums();
    for (unsigned i = 0; i < CPUS; i++) {
        g_assert_cmpint(fake_x86[i]->apic.get_interrupt(fake_x86[i]->apic.opaque), ==, -1);
        g_assert_false(fake_x86[i]->intr);
        device_free(apics[i]);
    }
    device_free(ioapic);
    device_free(pic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    advance(NS_PER_SEC); /* so that a deadline of 1 has gone by */
    fakes_dawdle = true;
    g_test_add_func("/pc/apic-threads/all", test_threads);
    return g_test_run();
}
