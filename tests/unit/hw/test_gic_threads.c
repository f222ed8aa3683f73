/* SPDX-License-Identifier: MIT */
/*
 * Both GICs with a thread for each CPU and devices beside them; nobody has the big lock, which this test's first thread holds.
 *
 * CPUs send each other SGIs, mask and unmask themselves, and enable, disable and re-route shared interrupts while these are pending.
 * A sender counts before it sends, and who acknowledges notes the count: in the end all that was sent has been seen, and nothing
 * was acknowledged more often than it was sent. A device raises its line and waits until the handler has lowered it; a
 * handler that leaves the line high is to be called again. A lost interrupt makes the test wait until its deadline.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "fakes.h"
#include "hw/intc/gic.h"

#define CPUS 4u
#define DEVICES 3u
#define ROUNDS 200u
#define SGIS 15u /* a round: in its end all must have been seen, so that what comes later cannot hide a loss */
#define RAISES 1000u
#define FIRST_SPI 40u

#define ICC(crn, crm, op2) (3u << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum { ICC_PMR = ICC(4, 6, 0), ICC_SGI1R = ICC(12, 11, 5), ICC_IAR1 = ICC(12, 12, 0), ICC_EOIR1 = ICC(12, 12, 1), ICC_IGRPEN1 = ICC(12, 12, 7) };
enum { GICC_CTLR = 0, GICC_PMR = 4, GICC_IAR = 0xc, GICC_EOIR = 0x10 };
enum { GICD_IGROUPR = 0x80, GICD_ISENABLER = 0x100, GICD_ICENABLER = 0x180, GICD_IPRIORITYR = 0x400, GICD_ITARGETSR = 0x800,
       GICD_SGIR = 0xf00, GICD_IROUTER = 0x6000 };

static Device *gic;
static bool is_v3;
static unsigned sent[CPUS][CPUS], seen[CPUS][CPUS], taken[CPUS][CPUS]; /* (a) by target, and SGI, which is the sender's number */
static struct { unsigned raised, served, active; int level; } device[DEVICES]; /* (a) */
static unsigned busy;                                                  /* (a) device threads at work */
static unsigned sending[ROUNDS], missing[ROUNDS];                      /* (a) CPUs that still send, that have not seen all */
static gint64 deadline;

static unsigned get(unsigned *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
static void add(unsigned *p) { __atomic_fetch_add(p, 1, __ATOMIC_SEQ_CST); }

/* ---- what differs between the versions ---- */
static MemoryRegion *cpuif(void) { return device_region(gic, GICV2_REGION_CPUIF); }
static MemoryRegion *dist(void) { return device_region(gic, GIC_REGION_DIST); }

static uint32_t acknowledge(unsigned cpu)
{
    return is_v3 ? (uint32_t)mrs(cpu, ICC_IAR1) : (uint32_t)rd(cpuif(), GICC_IAR, 4, cpu);
}

static void end(unsigned cpu, uint32_t iar)
{
    if (is_v3)
        msr(cpu, ICC_EOIR1, iar);
    else
        wr(cpuif(), GICC_EOIR, iar, 4, cpu);
}

static void set_mask(unsigned cpu, unsigned priority)
{
    if (is_v3)
        msr(cpu, ICC_PMR, priority);
    else
        wr(cpuif(), GICC_PMR, priority, 4, cpu);
}

static void send_sgi(unsigned cpu, unsigned target)
{
    if (is_v3)
        msr(cpu, ICC_SGI1R, (uint64_t)cpu << 24 | 1u << target);
    else
        wr(dist(), GICD_SGIR, 1u << (16 + target) | cpu, 4, cpu);
}

static void route(unsigned cpu, unsigned spi, unsigned target)
{
    if (is_v3)
        wr(dist(), GICD_IROUTER + spi * 8, target, 8, cpu);
    else
        wr(dist(), GICD_ITARGETSR + spi, 1u << target, 1, cpu);
}

static void enable_banked(unsigned cpu)
{
    MemoryRegion *mr = is_v3 ? gicv3_redist_region(gic, 0) : dist();
    hwaddr base = is_v3 ? cpu * 0x20000ull + 0x10000 : 0;

    if (is_v3)
        wr(mr, base + GICD_IGROUPR, ~0u, 4, cpu);
    wr(mr, base + GICD_ISENABLER, ~0u, 4, cpu);
    for (unsigned i = 0; i < 32; i++)
        wr(mr, base + GICD_IPRIORITYR + i, 0xa0, 1, cpu);
    set_mask(cpu, 0xf0);
    if (is_v3)
        msr(cpu, ICC_IGRPEN1, 1);
    else
        wr(cpuif(), GICC_CTLR, 1, 4, cpu);
}

static void create(bool v3)
{
    is_v3 = v3;
    gic = device_new(v3 ? "arm-gicv3" : "arm-gic", NULL);
    device_set_link(gic, "cpus", fake_cpu_array);
    device_set_uint(gic, "num-cpu", CPUS);
    g_assert_true(device_realize(gic, NULL));
    wr(dist(), 0, v3 ? 0x13 : 1, 4, 0);
    for (unsigned i = 0; i < CPUS; i++)
        enable_banked(i);
    for (unsigned d = 0; d < DEVICES; d++) {
        if (v3)
            wr(dist(), GICD_IGROUPR + 4, ~0u, 4, 0);
        wr(dist(), GICD_IPRIORITYR + FIRST_SPI + d, 0x90, 1, 0);
        route(0, FIRST_SPI + d, d % CPUS);
    }
    wr(dist(), GICD_ISENABLER + 4, ((1u << DEVICES) - 1) << (FIRST_SPI - 32), 4, 0);
}

/* ---- devices ---- */
static void drive(unsigned d, int level)
{
    IrqLine l = device_input(gic, "spi", FIRST_SPI - 32 + d);

    __atomic_store_n(&device[d].level, level, __ATOMIC_SEQ_CST);
    irq_set(&l, level);
}

static void in_time(void)
{
    g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    sched_yield();
}

static void *device_thread(void *arg)
{
    unsigned d = GPOINTER_TO_UINT(arg);

    while (get(&missing[ROUNDS / 2])) /* interrupts among CPUs alone: no other may come and cover a loss */
        in_time();
    for (unsigned i = 1; i <= RAISES; i++) {
        add(&device[d].raised);
        drive(d, 1);
        while (get(&device[d].served) != i)
            in_time();
    }
    __atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* An interrupt that comes late, after the line has fallen, may still be taken once by a CPU that it was signalled to: it serves nothing. */
static void serve(unsigned d, GRand *rand)
{
    if (!__atomic_load_n(&device[d].level, __ATOMIC_SEQ_CST) || g_rand_int_range(rand, 0, 4) == 0)
        return;
    drive(d, 0);
    add(&device[d].served);
}

/* ---- CPUs ---- */
static void handle(unsigned cpu, GRand *rand)
{
    uint32_t iar = acknowledge(cpu), intid = iar & 0x3ff;

    if (intid >= 1020)
        return;
    if (intid < 16) {
        unsigned now = get(&sent[cpu][intid]);

        add(&taken[cpu][intid]);
        __atomic_store_n(&seen[cpu][intid], now, __ATOMIC_SEQ_CST);
    } else {
        g_assert_cmpuint(intid - FIRST_SPI, <, DEVICES);
        g_assert_cmpuint(__atomic_fetch_add(&device[intid - FIRST_SPI].active, 1, __ATOMIC_SEQ_CST), ==, 0); /* one CPU at a time */
        serve(intid - FIRST_SPI, rand);
        __atomic_fetch_sub(&device[intid - FIRST_SPI].active, 1, __ATOMIC_SEQ_CST);
    }
    end(cpu, iar);
}

/* What a kernel does beside: masks, moves and disables. Ends with everything on. */
static void disturb(unsigned cpu, GRand *rand)
{
    unsigned d = (unsigned)g_rand_int_range(rand, 0, DEVICES), bit = 1u << (FIRST_SPI - 32 + d);

    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        set_mask(cpu, 0x80);
        sched_yield();
        set_mask(cpu, 0xf0);
        break;
    case 1: route(cpu, FIRST_SPI + d, (unsigned)g_rand_int_range(rand, 0, CPUS)); break;
    case 2:
        wr(dist(), GICD_ICENABLER + 4, bit, 4, cpu);
        sched_yield();
        wr(dist(), GICD_ISENABLER + 4, bit, 4, cpu);
        break;
    case 3: wr(dist(), GICD_IPRIORITYR + FIRST_SPI + d, g_rand_boolean(rand) ? 0x70 : 0xa0, 1, cpu); break;
    default: break;
    }
}

static bool all_seen(unsigned cpu)
{
    for (unsigned i = 0; i < CPUS; i++)
        if (get(&sent[cpu][i]) != get(&seen[cpu][i]))
            return false;
    return true;
}

static void handle_or_wait(unsigned cpu, GRand *rand)
{
    if (__atomic_load_n(&fake_cpus[cpu]->irq, __ATOMIC_SEQ_CST))
        handle(cpu, rand);
    else
        in_time();
}

static void run_round(unsigned cpu, unsigned r, GRand *rand)
{
    for (unsigned i = 0; i < SGIS; i++) {
        unsigned target = (unsigned)g_rand_int_range(rand, 0, CPUS);

        add(&sent[target][cpu]);
        send_sgi(cpu, target);
        disturb(cpu, rand);
        handle_or_wait(cpu, rand);
    }
    __atomic_fetch_sub(&sending[r], 1, __ATOMIC_SEQ_CST);
    while (get(&sending[r]) || !all_seen(cpu))
        handle_or_wait(cpu, rand);
    __atomic_fetch_sub(&missing[r], 1, __ATOMIC_SEQ_CST);
    while (get(&missing[r]))
        handle_or_wait(cpu, rand);
}

static void *cpu_thread(void *arg)
{
    unsigned cpu = GPOINTER_TO_UINT(arg);
    GRand *rand = g_rand_new_with_seed(cpu + 1);

    for (unsigned r = 0; r < ROUNDS; r++)
        run_round(cpu, r, rand);
    while (get(&busy))
        handle_or_wait(cpu, rand);
    g_rand_free(rand);
    return NULL;
}

static void check_sums(void)
{
    for (unsigned t = 0; t < CPUS; t++)
        for (unsigned s = 0; s < CPUS; s++) {
            g_assert_cmpuint(seen[t][s], ==, sent[t][s]);
            g_assert_cmpuint(taken[t][s], <=, sent[t][s]);
        }
    for (unsigned d = 0; d < DEVICES; d++)
        g_assert_cmpuint(device[d].served, ==, RAISES);
}

static void test_threads(const void *v3)
{
    pthread_t t[CPUS + DEVICES];
    const char *slower = getenv("CALQUE_TEST_SLOWER");

    create(v3 != NULL);
    memset(sent, 0, sizeof sent);
    memset(seen, 0, sizeof seen);
    memset(taken, 0, sizeof taken);
    memset(device, 0, sizeof device);
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
        g_assert_cmpuint(acknowledge(i), ==, 1023);
        g_assert_false(fake_cpus[i]->irq);
    }
    device_free(gic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    fakes_dawdle = true;
    g_test_add_data_func("/hw/gic-threads/v2", NULL, test_threads);
    g_test_add_data_func("/hw/gic-threads/v3", GUINT_TO_POINTER(1), test_threads);
    return g_test_run();
}
