/* SPDX-License-Identifier: MIT */
/* GICv3 through its frames and system registers. */
#include "fakes.h"
#include "hw/intc/gic.h"

#define ENC(crn, crm, op2) (3u << 14 | (crn) << 7 | (crm) << 3 | (op2))
enum {
    PMR = ENC(4, 6, 0), IAR0 = ENC(12, 8, 0), EOIR0 = ENC(12, 8, 1), BPR0 = ENC(12, 8, 3), AP1R0 = ENC(12, 9, 0), ICC_DIR = ENC(12, 11, 1),
    RPR = ENC(12, 11, 3), SGI1R = ENC(12, 11, 5), IAR1 = ENC(12, 12, 0), EOIR1 = ENC(12, 12, 1), HPPIR1 = ENC(12, 12, 2), BPR1 = ENC(12, 12, 3),
    CTLR = ENC(12, 12, 4), SRE = ENC(12, 12, 5), IGRPEN0 = ENC(12, 12, 6), IGRPEN1 = ENC(12, 12, 7)
};
enum { SPI = 40, N = 20 };

static Device *gic;
static MemoryRegion *dist, *redist;

static void line(const char *kind, unsigned n, int level)
{
    IrqLine l = device_input(gic, kind, n);

    irq_set(&l, level);
}

static void spi(unsigned intid, int level)
{
    line("spi", intid - 32, level);
}

static hwaddr sgi_frame(unsigned cpu)
{
    return cpu * 0x20000ull + 0x10000;
}

static void create(unsigned n)
{
    device_free(gic);
    for (unsigned i = 0; i < FAKE_CPUS; i++)
        fake_cpus[i]->irq = fake_cpus[i]->fiq = false;
    gic = device_new("arm-gicv3", NULL);
    device_set_link(gic, "cpus", fake_cpu_array);
    device_set_uint(gic, "num-cpu", n);
    g_assert_true(device_realize(gic, NULL));
    dist = device_region(gic, GIC_REGION_DIST);
    redist = gicv3_redist_region(gic, 0);
}

static void setup(void)
{
    create(N);
    wr(dist, 0, 0x13, 4, 0);
    for (unsigned c = 0; c < N; c++) {
        wr(redist, sgi_frame(c) + 0x80, ~0u, 4, c);
        wr(redist, sgi_frame(c) + 0x100, ~0u, 4, c);
        for (unsigned i = 0; i < 32; i += 4)
            wr(redist, sgi_frame(c) + 0x400 + i, 0xa0a0a0a0, 4, c);
        msr(c, PMR, 0xf0);
        msr(c, IGRPEN1, 1);
    }
    wr(dist, 0x80 + SPI / 32 * 4, ~0u, 4, 0);
    wr(dist, 0x100 + SPI / 32 * 4, ~0u, 4, 0);
    for (unsigned i = 32; i < 64; i++)
        wr(dist, 0x400 + i, 0xa0, 1, 0);
}

static void test_identity(void)
{
    setup();
    g_assert_cmphex(rd(dist, 0xffe8, 4, 0), ==, 0x3b);
    g_assert_cmphex(rd(dist, 0, 4, 0), ==, 0x53);
    g_assert_cmphex(rd(dist, 4, 4, 0) & 0x1f, ==, 8);
    g_assert_cmphex(rd(dist, 4, 4, 0) & 1u << 17, ==, 0); /* no LPIs */
    g_assert_cmphex(rd(redist, 17 * 0x20000 + 8, 8, 0), ==, (0x101ull << 32 | 17 << 8));
    g_assert_cmphex(rd(redist, 19 * 0x20000 + 8, 8, 0), ==, (0x103ull << 32 | 19 << 8 | 0x10));
    g_assert_cmphex(rd(redist, 0xffe8, 4, 0), ==, 0x3b);
    g_assert_cmphex(mrs(0, SRE), ==, 7);
    g_assert_cmphex(mrs(0, CTLR) >> 8 & 7, ==, 4);
    wr(redist, 0x14, 0, 4, 0);
    g_assert_cmphex(rd(redist, 0x14, 4, 0), ==, 0);
    g_assert_false(fake_cpus[0]->gic->read(fake_cpus[0]->gic->opaque, fake_cpu_array[0], ENC(12, 8, 5), &(uint64_t){ 0 }));
}

static void test_level(void)
{
    setup();
    line("ppi", 3 * 32 + 27, 1);
    g_assert_true(fake_cpus[3]->irq);
    g_assert_false(fake_cpus[2]->irq);
    g_assert_cmpuint(mrs(3, HPPIR1), ==, 27);
    g_assert_cmpuint(mrs(3, IAR0), ==, 1023);
    g_assert_cmpuint(mrs(3, IAR1), ==, 27);
    g_assert_false(fake_cpus[3]->irq);
    g_assert_cmphex(mrs(3, RPR), ==, 0xa0);
    msr(3, EOIR1, 27);
    g_assert_true(fake_cpus[3]->irq);
    mrs(3, IAR1);
    line("ppi", 3 * 32 + 27, 0);
    msr(3, EOIR1, 27);
    g_assert_false(fake_cpus[3]->irq);
    g_assert_cmpuint(mrs(3, IAR1), ==, 1023);
}

static void test_edge(void)
{
    setup();
    wr(dist, 0xc00 + SPI / 16 * 4, 2u << (SPI % 16 * 2), 4, 0);
    spi(SPI, 1);
    spi(SPI, 0);
    g_assert_cmpuint(mrs(0, IAR1), ==, SPI);
    msr(0, EOIR1, SPI);
    g_assert_false(fake_cpus[0]->irq);
    wr(dist, 0x200 + SPI / 32 * 4, 1u << SPI % 32, 4, 0); /* ISPENDR */
    g_assert_true(fake_cpus[0]->irq);
    wr(dist, 0x280 + SPI / 32 * 4, 1u << SPI % 32, 4, 0); /* ICPENDR */
    g_assert_false(fake_cpus[0]->irq);
}

static void test_routing(void)
{
    setup();
    spi(SPI, 1);
    g_assert_true(fake_cpus[0]->irq);
    wr(dist, 0x6000 + SPI * 8, 0x102, 8, 0); /* cluster 1, CPU 2: number 18 */
    g_assert_false(fake_cpus[0]->irq);
    g_assert_true(fake_cpus[18]->irq);
    wr(dist, 0x6000 + SPI * 8, 0x7777, 8, 0); /* nobody */
    g_assert_false(fake_cpus[18]->irq);
    msr(0, IGRPEN1, 0);
    wr(dist, 0x6000 + SPI * 8, 1u << 31, 4, 0); /* any */
    g_assert_true(fake_cpus[1]->irq);
    msr(0, IGRPEN1, 1);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_false(fake_cpus[1]->irq);
}

static void test_sgi(void)
{
    setup();
    msr(0, SGI1R, 1ull << 16 | 5ull << 24 | 0xa); /* cluster 1: CPUs 17 and 19 */
    for (unsigned c = 0; c < N; c++)
        g_assert_true(fake_cpus[c]->irq == (c == 17 || c == 19));
    g_assert_cmpuint(mrs(17, IAR1), ==, 5);
    msr(17, EOIR1, 5);
    g_assert_false(fake_cpus[17]->irq);
    msr(2, SGI1R, 1ull << 40 | 1ull << 24); /* all but self */
    for (unsigned c = 0; c < N; c++)
        g_assert_true(fake_cpus[c]->irq == (c != 2));
}

static void test_preempt(void)
{
    setup();
    wr(dist, 0x400 + SPI + 1, 0x87, 1, 0);
    g_assert_cmphex(rd(dist, 0x400 + SPI + 1, 1, 0), ==, 0x80); /* five bits */
    spi(SPI, 1);
    mrs(0, IAR1);
    spi(SPI + 2, 1);
    g_assert_false(fake_cpus[0]->irq);
    spi(SPI + 1, 1);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_cmpuint(mrs(0, IAR1), ==, SPI + 1);
    g_assert_cmphex(mrs(0, AP1R0), ==, (1u << 16 | 1u << 20));
    spi(SPI + 1, 0);
    msr(0, EOIR1, SPI + 1);
    g_assert_cmphex(mrs(0, RPR), ==, 0xa0);
    msr(0, BPR1, 0);
    g_assert_cmphex(mrs(0, BPR1), ==, 3); /* the least */
}

static void test_binary_point(void)
{
    setup();
    wr(dist, 0x400 + SPI + 1, 0x80, 1, 0);
    wr(dist, 0x400 + SPI + 2, 0x40, 1, 0);
    msr(0, BPR1, 7); /* only bit 7 counts */
    spi(SPI, 1);
    mrs(0, IAR1);
    spi(SPI + 1, 1);
    g_assert_false(fake_cpus[0]->irq);
    spi(SPI + 2, 1);
    g_assert_true(fake_cpus[0]->irq);
    msr(0, CTLR, 1); /* CBPR: BPR0 rules both, and BPR1 shows it plus one */
    msr(0, BPR0, 7);
    g_assert_cmphex(mrs(0, BPR1), ==, 7);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_eoimode(void)
{
    setup();
    msr(0, CTLR, 2);
    spi(SPI, 1);
    mrs(0, IAR1);
    msr(0, EOIR0, SPI); /* wrong group: nothing */
    g_assert_cmphex(mrs(0, RPR), ==, 0xa0);
    msr(0, EOIR1, SPI);
    g_assert_cmphex(mrs(0, RPR), ==, 0xff);
    g_assert_cmphex(rd(dist, 0x300 + SPI / 32 * 4, 4, 0), ==, 1u << SPI % 32);
    g_assert_false(fake_cpus[0]->irq);
    msr(0, ICC_DIR, SPI);
    g_assert_true(fake_cpus[0]->irq);
    msr(0, PMR, 0xa0);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_group0(void)
{
    setup();
    wr(dist, 0x80 + SPI / 32 * 4, 0, 4, 0);
    spi(SPI, 1);
    g_assert_false(fake_cpus[0]->irq || fake_cpus[0]->fiq);
    msr(0, IGRPEN0, 1);
    g_assert_true(fake_cpus[0]->fiq);
    g_assert_false(fake_cpus[0]->irq);
    g_assert_cmpuint(mrs(0, IAR1), ==, 1023);
    g_assert_cmpuint(mrs(0, IAR0), ==, SPI);
    msr(0, EOIR0, SPI);
    device_reset_all();
    g_assert_false(fake_cpus[0]->fiq);
}

static void test_many(void)
{
    MemoryRegion *high;

    create(512);
    high = gicv3_redist_region(gic, 1);
    g_assert_nonnull(high);
    g_assert_cmphex(rd(redist, 122 * 0x20000 + 8, 4, 0), ==, (122 << 8 | 0x10));
    g_assert_cmphex(rd(high, 8, 4, 0), ==, 123 << 8);
    g_assert_cmphex(rd(high, 388 * 0x20000 + 8, 4, 0), ==, (511 << 8 | 0x10));
    g_assert_cmpuint(high->size, ==, 389 * 0x20000);
}

static void test_hostile(void)
{
    static const uint64_t values[] = { 0, ~0ull, 0x8000000180000001, 0x3ff };

    setup();
    for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
        for (unsigned size = 1; size <= 8; size *= 2) {
            for (hwaddr o = 0; o < 0x10000; o += size) {
                wr(dist, o, values[v], size, 0);
                rd(dist, o, size, 0);
            }
            for (hwaddr o = 0; o < 0x20000; o += size) {
                wr(redist, o, values[v], size, 0);
                rd(redist, o, size, 0);
            }
        }
        for (uint32_t enc = 3u << 14; enc < 1u << 16; enc++) {
            const ArmGicCpuIf *g = fake_cpus[0]->gic;
            uint64_t out = 0;

            g->write(g->opaque, fake_cpu_array[0], enc, values[v]);
            g->read(g->opaque, fake_cpu_array[0], enc, &out);
            if (enc == IAR1 || enc == IAR0)
                g_assert_true(out < 288 || out == 1023);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    g_test_add_func("/hw/gicv3/identity", test_identity);
    g_test_add_func("/hw/gicv3/level-is-pending-again-after-end", test_level);
    g_test_add_func("/hw/gicv3/edge-is-latched-once", test_edge);
    g_test_add_func("/hw/gicv3/routing-by-affinity", test_routing);
    g_test_add_func("/hw/gicv3/sgi-by-target-list", test_sgi);
    g_test_add_func("/hw/gicv3/higher-priority-preempts", test_preempt);
    g_test_add_func("/hw/gicv3/binary-point-groups-priorities", test_binary_point);
    g_test_add_func("/hw/gicv3/eoimode-splits-drop-and-deactivation", test_eoimode);
    g_test_add_func("/hw/gicv3/group0-is-fiq", test_group0);
    g_test_add_func("/hw/gicv3/512-cpus-have-frames", test_many);
    g_test_add_func("/hw/gicv3/any-access-is-harmless", test_hostile);
    return g_test_run();
}
