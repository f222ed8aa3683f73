/* SPDX-License-Identifier: MIT */
/* GICv2 through its registers, two CPUs. */
#include "fakes.h"
#include "hw/intc/gic.h"

static Device *gic;
static MemoryRegion *dist, *cif;
enum { SPI = 40 }; /* INTID used throughout */

static void spi(unsigned intid, int level)
{
    IrqLine l = device_input(gic, "spi", intid - 32);

    irq_set(&l, level);
}

static void setup(void)
{
    device_free(gic);
    for (unsigned i = 0; i < FAKE_CPUS; i++)
        fake_cpus[i]->irq = fake_cpus[i]->fiq = false;
    gic = device_new("arm-gic", NULL);
    device_set_link(gic, "cpus", fake_cpu_array);
    device_set_uint(gic, "num-cpu", 2);
    g_assert_true(device_realize(gic, NULL));
    dist = device_region(gic, GIC_REGION_DIST);
    cif = device_region(gic, GICV2_REGION_CPUIF);
    wr(dist, 0, 1, 4, 0);
    for (unsigned c = 0; c < 2; c++) {
        wr(cif, 0, 1, 4, c);
        wr(cif, 4, 0xf0, 4, c);
    }
    wr(dist, 0x100 + SPI / 32 * 4, ~0u, 4, 0);
    for (unsigned i = 32; i < 64; i++) {
        wr(dist, 0x400 + i, 0xa0, 1, 0);
        wr(dist, 0x800 + i, 1, 1, 0);
    }
}

static void test_level(void)
{
    setup();
    spi(SPI, 1);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_false(fake_cpus[1]->irq);
    g_assert_cmpuint(rd(cif, 0x18, 4, 0), ==, SPI);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI);
    g_assert_false(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0xa0);
    wr(cif, 0x10, SPI, 4, 0);
    g_assert_true(fake_cpus[0]->irq); /* the line is still high */
    rd(cif, 0xc, 4, 0);
    spi(SPI, 0);
    wr(cif, 0x10, SPI, 4, 0);
    g_assert_false(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, 1023);
}

static void test_edge(void)
{
    setup();
    wr(dist, 0xc00 + SPI / 16 * 4, 2u << (SPI % 16 * 2), 4, 0);
    spi(SPI, 1);
    spi(SPI, 0);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI);
    spi(SPI, 1); /* a new edge while active is pending after the end */
    g_assert_false(fake_cpus[0]->irq);
    wr(cif, 0x10, SPI, 4, 0);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI);
    wr(cif, 0x10, SPI, 4, 0);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_sgi(void)
{
    setup();
    wr(dist, 0xf00, 2u << 16 | 5, 4, 0); /* CPU 0 to CPU 1 */
    wr(dist, 0xf00, 2u << 24 | 5, 4, 1); /* CPU 1 to itself */
    g_assert_false(fake_cpus[0]->irq);
    g_assert_true(fake_cpus[1]->irq);
    g_assert_cmphex(rd(dist, 0xf24, 4, 1), ==, 0x0300);
    g_assert_cmpuint(rd(cif, 0xc, 4, 1), ==, 5);
    wr(cif, 0x10, 5, 4, 1);
    g_assert_cmpuint(rd(cif, 0xc, 4, 1), ==, (1u << 10 | 5));
    wr(cif, 0x10, 1u << 10 | 5, 4, 1);
    g_assert_cmpuint(rd(cif, 0xc, 4, 1), ==, 1023);
    wr(dist, 0xf00, 1u << 24 | 3, 4, 1); /* all but self */
    g_assert_true(fake_cpus[0]->irq);
    g_assert_false(fake_cpus[1]->irq);
}

static void test_preempt(void)
{
    setup();
    wr(dist, 0x400 + SPI + 1, 0x80, 1, 0);
    wr(dist, 0x400 + SPI + 2, 0xa0, 1, 0);
    spi(SPI, 1);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI);
    spi(SPI + 2, 1);
    g_assert_false(fake_cpus[0]->irq); /* same priority */
    spi(SPI + 1, 1);
    g_assert_true(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI + 1);
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0x80);
    spi(SPI + 1, 0);
    wr(cif, 0x10, SPI + 1, 4, 0);
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0xa0);
    wr(cif, 8, 7, 4, 0); /* a binary point of 7: nothing preempts */
    spi(SPI + 1, 1);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_eoimode_and_masks(void)
{
    setup();
    wr(cif, 0, 0x201, 4, 0);
    spi(SPI, 1);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, SPI);
    wr(cif, 0x10, SPI, 4, 0);
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0xff);
    g_assert_false(fake_cpus[0]->irq); /* still active */
    wr(cif, 0x1000, SPI, 4, 0);
    g_assert_true(fake_cpus[0]->irq);
    wr(cif, 4, 0xa0, 4, 0);
    g_assert_false(fake_cpus[0]->irq); /* PMR must be greater than the priority */
    wr(cif, 4, 0xf0, 4, 0);
    wr(dist, 0x180 + SPI / 32 * 4, 1u << SPI % 32, 4, 0);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_groups(void)
{
    setup();
    wr(dist, 0x80 + SPI / 32 * 4, 1u << SPI % 32, 4, 0);
    spi(SPI, 1);
    g_assert_false(fake_cpus[0]->irq);
    wr(dist, 0, 3, 4, 0);
    wr(cif, 0, 0xb, 4, 0); /* both groups, FIQEn */
    g_assert_true(fake_cpus[0]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, 1022);
    g_assert_cmpuint(rd(cif, 0x20, 4, 0), ==, SPI);
    wr(cif, 0x10, SPI, 4, 0); /* not its register */
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0xa0);
    wr(cif, 0x24, SPI, 4, 0);
    g_assert_cmpuint(rd(cif, 0x14, 4, 0), ==, 0xff);
    spi(SPI, 0);
    spi(SPI + 1, 1);
    g_assert_true(fake_cpus[0]->fiq);
    g_assert_false(fake_cpus[0]->irq);
}

static void test_targets(void)
{
    setup();
    g_assert_cmphex(rd(dist, 0x800, 4, 1), ==, 0x02020202);
    wr(dist, 0x800 + SPI, 0xff, 1, 0);
    g_assert_cmphex(rd(dist, 0x800 + SPI, 1, 0), ==, 3);
    spi(SPI, 1);
    g_assert_true(fake_cpus[0]->irq && fake_cpus[1]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 1), ==, SPI);
    g_assert_false(fake_cpus[0]->irq || fake_cpus[1]->irq);
    g_assert_cmpuint(rd(cif, 0xc, 4, 0), ==, 1023);
}

/* Every offset and size, with nasty values: nothing breaks, and no interrupt that does not exist appears. */
static void test_hostile(void)
{
    static const uint32_t values[] = { 0, ~0u, 0x80000001, 0x3ff };

    setup();
    for (unsigned v = 0; v < G_N_ELEMENTS(values); v++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            for (hwaddr o = 0; o < 0x1000; o += size) {
                wr(dist, o, values[v], size, 9);
                rd(dist, o, size, 1);
            }
        }
        for (hwaddr o = 0; o < 0x2000; o += 4) {
            unsigned intid = (rd(cif, o, 4, 0), rd(cif, 0xc, 4, 0)) & 0x3ff;

            g_assert_true(intid < 288 || intid >= 1020);
            wr(cif, o, values[v], 4, 0);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fakes_init();
    g_test_add_func("/hw/gicv2/level-is-pending-again-after-end", test_level);
    g_test_add_func("/hw/gicv2/edge-is-latched-once", test_edge);
    g_test_add_func("/hw/gicv2/sgi-carries-its-source", test_sgi);
    g_test_add_func("/hw/gicv2/higher-priority-preempts", test_preempt);
    g_test_add_func("/hw/gicv2/eoimode-splits-drop-and-deactivation", test_eoimode_and_masks);
    g_test_add_func("/hw/gicv2/groups-have-their-own-registers", test_groups);
    g_test_add_func("/hw/gicv2/first-of-the-targets-gets-it", test_targets);
    g_test_add_func("/hw/gicv2/any-access-is-harmless", test_hostile);
    return g_test_run();
}
