/* SPDX-License-Identifier: MIT */
/* Local APICs and the I/O APIC: delivery, priorities, EOI, destinations, IA32_APIC_BASE, the timer. */
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "pc_fakes.h"

enum { ID = 0x20, VERSION = 0x30, TPR = 0x80, PPR = 0xa0, EOI = 0xb0, LDR = 0xd0, DFR = 0xe0, SVR = 0xf0, ISR = 0x100, TMR = 0x180,
       IRR = 0x200, ESR = 0x280, ICR = 0x300, ICR_HIGH = 0x310, LVT_TIMER = 0x320, LVT_LINT0 = 0x350, LVT_LINT1 = 0x360, LVT_ERROR = 0x370,
       INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0 };
#define MSR_DEADLINE 0x6e0u

static Device *apics[FAKE_X86_CPUS], *ioapic;

static uint32_t get(unsigned cpu, unsigned reg)
{
    current_cpu = &fake_x86[cpu]->cpu;
    return (uint32_t)rd(apic_create_region(), reg, 4, cpu);
}

static void put(unsigned cpu, unsigned reg, uint32_t value)
{
    current_cpu = &fake_x86[cpu]->cpu;
    wr(apic_create_region(), reg, value, 4, cpu);
}

static int ack(unsigned cpu)
{
    return fake_x86[cpu]->apic.get_interrupt(fake_x86[cpu]->apic.opaque);
}

static bool set_base(unsigned cpu, uint64_t value)
{
    return fake_x86[cpu]->apic.set_base(fake_x86[cpu]->apic.opaque, value);
}

static uint64_t get_base(unsigned cpu)
{
    return fake_x86[cpu]->apic.get_base(fake_x86[cpu]->apic.opaque);
}

static bool wrmsr(unsigned cpu, uint32_t index, uint64_t value)
{
    return fake_x86[cpu]->apic.msr_write(fake_x86[cpu]->apic.opaque, index, value);
}

static uint64_t rdmsr(unsigned cpu, uint32_t index)
{
    uint64_t value;

    g_assert_true(fake_x86[cpu]->apic.msr_read(fake_x86[cpu]->apic.opaque, index, &value));
    return value;
}

static void begin(void)
{
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++) {
        FakeX86 *c = fake_x86[i];

        c->nmi = c->smi = c->init = c->sipi = 0;
        apics[i] = device_new("apic", NULL);
        device_set_link(apics[i], "cpu", &c->cpu);
        g_assert_true(device_realize(apics[i], NULL));
        put(i, SVR, 0x1ff);
    }
    ioapic = new_device("ioapic");
}

static void end(void)
{
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++)
        device_free(apics[i]);
    device_free(ioapic);
    current_cpu = NULL;
}

static void test_registers(void)
{
    begin();
    g_assert_cmphex(get(2, ID), ==, 0x02000000);
    g_assert_cmphex(get(0, VERSION), ==, 0x00050014);
    g_assert_cmphex(get_base(0), ==, 0xfee00900);
    g_assert_cmphex(get_base(1), ==, 0xfee00800);
    g_assert_cmphex(get(0, DFR), ==, 0xffffffff);
    put(0, SVR, 0xff); /* software disable masks all LVTs */
    put(0, LVT_ERROR, 0x40);
    g_assert_cmphex(get(0, LVT_ERROR), ==, 0x10040);
    put(0, SVR, 0x1ff);
    put(0, LVT_ERROR, 0x40);
    g_assert_cmphex(get(0, LVT_ERROR), ==, 0x40);
    put(0, 0x400, 0); /* not a register */
    put(0, ESR, 0);
    g_assert_cmphex(get(0, ESR), ==, 0x80);
    end();
}

static void test_priority(void)
{
    begin();
    apic_send_msi(0xfee00000, 0x45);
    g_assert_true(fake_x86[0]->intr);
    g_assert_cmphex(get(0, IRR + 0x20), ==, 1u << 5);
    g_assert_cmphex(ack(0), ==, 0x45);
    g_assert_false(fake_x86[0]->intr);
    g_assert_cmphex(get(0, PPR), ==, 0x40);
    apic_send_msi(0xfee00000, 0x4f); /* the same class waits */
    g_assert_false(fake_x86[0]->intr);
    apic_send_msi(0xfee00000, 0x50);
    g_assert_true(fake_x86[0]->intr);
    g_assert_cmphex(ack(0), ==, 0x50);
    put(0, EOI, 0);
    g_assert_cmphex(get(0, ISR + 0x20), ==, 1u << 5);
    g_assert_false(fake_x86[0]->intr);
    put(0, EOI, 0);
    g_assert_cmphex(ack(0), ==, 0x4f);
    put(0, EOI, 0);
    g_assert_cmpint(ack(0), ==, -1);
    end();
}

static void test_tpr(void)
{
    const X86ApicOps *ops = &fake_x86[0]->apic;

    begin();
    ops->set_cr8(ops->opaque, 5);
    g_assert_cmphex(get(0, TPR), ==, 0x50);
    apic_send_msi(0xfee00000, 0x5f);
    g_assert_false(fake_x86[0]->intr);
    g_assert_cmpint(ack(0), ==, -1);
    ops->set_cr8(ops->opaque, 4);
    g_assert_true(fake_x86[0]->intr);
    put(0, TPR, 0x73);
    g_assert_false(fake_x86[0]->intr);
    g_assert_cmpuint(ops->get_cr8(ops->opaque), ==, 7);
    g_assert_cmphex(get(0, PPR), ==, 0x73);
    end();
}

static void test_ipi(void)
{
    begin();
    put(0, ICR_HIGH, 1u << 24);
    put(0, ICR, 0x00004500); /* INIT */
    g_assert_cmpuint(fake_x86[1]->init, ==, 1);
    put(0, ICR, 0x00008500); /* its de-assertion does nothing */
    g_assert_cmpuint(fake_x86[1]->init, ==, 1);
    put(0, ICR, 0x0000469a);
    g_assert_cmpuint(fake_x86[1]->sipi, ==, 1);
    g_assert_cmphex(fake_x86[1]->sipi_vector, ==, 0x9a);
    put(0, ICR, 0x00000400);
    g_assert_cmpuint(fake_x86[1]->nmi, ==, 1);
    put(1, SVR, 0x1ff);
    put(0, ICR, 0x000c0033); /* all but self */
    g_assert_false(fake_x86[0]->intr);
    for (unsigned i = 1; i < FAKE_X86_CPUS; i++)
        g_assert_cmphex(ack(i), ==, 0x33);
    put(2, ICR, 0x00040044); /* self */
    g_assert_cmphex(ack(2), ==, 0x44);
    put(0, ICR, 0x00080200); /* SMI to all */
    g_assert_cmpuint(fake_x86[0]->smi, ==, 1);
    put(0, ICR, 0x00040005); /* an illegal vector */
    put(0, ESR, 0);
    g_assert_cmphex(get(0, ESR), ==, 0x20);
    end();
}

static void test_init_keeps(void)
{
    begin();
    apic_send_msi(0xfee01000, 0x55);
    g_assert_true(fake_x86[1]->intr);
    put(0, ICR_HIGH, 1u << 24);
    put(0, ICR, 0x4500);
    g_assert_false(fake_x86[1]->intr);
    g_assert_cmphex(get(1, SVR), ==, 0xff);
    g_assert_cmphex(get(1, ID), ==, 0x01000000);
    apic_send_msi(0xfee01000, 0x55); /* disabled by software: not accepted */
    g_assert_false(fake_x86[1]->intr);
    end();
}

static void test_logical(void)
{
    begin();
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++)
        put(i, LDR, 1u << (24 + i));
    apic_send_msi(0xfee06004, 0x61); /* CPUs 1 and 2, flat */
    g_assert_cmpint(ack(0), ==, -1);
    g_assert_cmphex(ack(1), ==, 0x61);
    g_assert_cmphex(ack(2), ==, 0x61);
    g_assert_cmpint(ack(3), ==, -1);
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++) {
        put(i, EOI, 0);
        put(i, DFR, 0x0fffffff);
        put(i, LDR, (i / 2 << 4 | 1u << i % 2) << 24);
    }
    apic_send_msi(0xfee00004 | 0x12 << 12, 0x62); /* the second of cluster 1 */
    g_assert_cmphex(ack(3), ==, 0x62);
    g_assert_cmpint(ack(1), ==, -1);
    end();
}

static void test_lowest(void)
{
    begin();
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++) {
        put(i, LDR, 1u << (24 + i));
        put(i, TPR, i == 2 ? 0x10 : 0x20);
    }
    apic_send_msi(0xfee0f004, 0x171);
    g_assert_cmphex(ack(2), ==, 0x71);
    apic_send_msi(0xfee0f00c, 0x72); /* the redirection hint: 2 is busy now */
    g_assert_cmpint(ack(2), ==, -1);
    g_assert_cmpuint(fake_x86[0]->intr + fake_x86[1]->intr + fake_x86[3]->intr, ==, 1);
    end();
}

static void test_lint(void)
{
    IrqLine lint1, lint0;

    begin();
    lint0 = device_input(apics[1], "lint", 0);
    lint1 = device_input(apics[1], "lint", 1);
    put(1, LVT_LINT1, 0x400);
    irq_set(&lint1, 1);
    irq_set(&lint1, 1);
    g_assert_cmpuint(fake_x86[1]->nmi, ==, 1);
    put(1, LVT_LINT0, 0x8046); /* level-triggered */
    irq_set(&lint0, 1);
    g_assert_cmphex(get(1, LVT_LINT0), ==, 0xc046);
    g_assert_cmphex(ack(1), ==, 0x46);
    g_assert_false(fake_x86[1]->intr);
    put(1, EOI, 0);
    g_assert_cmphex(ack(1), ==, 0x46);
    irq_set(&lint0, 0);
    put(1, EOI, 0);
    g_assert_false(fake_x86[1]->intr);
    g_assert_cmphex(get(1, LVT_LINT0), ==, 0x8046);
    end();
}

static void test_ext_int(void)
{
    Device *pic = new_device("i8259");
    IrqLine irq0 = device_input(pic, "irq", 0);

    begin();
    apic_connect_pic(pic);
    out8(pic, 0, 0, 0x11);
    out8(pic, 0, 1, 0x30);
    out8(pic, 0, 1, 4);
    out8(pic, 0, 1, 1);
    irq_set(&irq0, 1);
    g_assert_true(fake_x86[0]->intr); /* virtual wire mode from the start */
    g_assert_false(fake_x86[1]->intr);
    apic_send_msi(0xfee00000, 0x21);
    g_assert_cmphex(ack(0), ==, 0x21);
    g_assert_cmphex(ack(0), ==, 0x30);
    g_assert_false(fake_x86[0]->intr);
    out8(pic, 0, 0, 0x20);
    put(0, LVT_LINT0, 0x10700);
    irq_set(&irq0, 0);
    irq_set(&irq0, 1);
    g_assert_false(fake_x86[0]->intr);
    g_assert_true(set_base(0, 0xfee00000)); /* off: LINT0 is INTR */
    g_assert_true(fake_x86[0]->intr);
    g_assert_cmphex(ack(0), ==, 0x30);
    end();
    device_free(pic);
}

/* ---- I/O APIC ---- */
static void redirect(unsigned pin, uint32_t high, uint32_t low)
{
    out32(ioapic, 0, 0, 0x10 + 2 * pin + 1);
    out32(ioapic, 0, 0x10, high);
    out32(ioapic, 0, 0, 0x10 + 2 * pin);
    out32(ioapic, 0, 0x10, low);
}

static uint32_t redirection(unsigned pin)
{
    out32(ioapic, 0, 0, 0x10 + 2 * pin);
    return in32(ioapic, 0, 0x10);
}

static void gsi(unsigned n, int level)
{
    IrqLine line = device_input(ioapic, "gsi", n);

    irq_set(&line, level);
}

static void test_ioapic_edge(void)
{
    begin();
    out32(ioapic, 0, 0, 1);
    g_assert_cmphex(in32(ioapic, 0, 0x10), ==, 0x00170020);
    g_assert_cmphex(redirection(4), ==, 0x10000);
    gsi(4, 1); /* masked: lost */
    redirect(4, 2u << 24, 0x34);
    g_assert_false(fake_x86[2]->intr);
    gsi(4, 0);
    gsi(4, 1);
    g_assert_cmphex(ack(2), ==, 0x34);
    g_assert_cmphex(redirection(4), ==, 0x34); /* no remote IRR */
    put(2, EOI, 0);
    g_assert_false(fake_x86[2]->intr);
    end();
}

static void test_ioapic_level(void)
{
    begin();
    redirect(18, 1u << 24, 0x8000 | 0x39);
    gsi(18, 1);
    g_assert_cmphex(redirection(18), ==, 0xc039);
    g_assert_cmphex(ack(1), ==, 0x39);
    g_assert_cmphex(get(1, TMR + 0x10), ==, 1u << 25);
    g_assert_false(fake_x86[1]->intr);
    put(1, EOI, 0);
    g_assert_cmphex(ack(1), ==, 0x39); /* still asserted: again */
    gsi(18, 0);
    put(1, EOI, 0);
    g_assert_cmphex(redirection(18), ==, 0x8039);
    g_assert_false(fake_x86[1]->intr);
    gsi(18, 1);
    out32(ioapic, 0, 0x40, 0x39); /* the EOI register */
    g_assert_cmphex(redirection(18), ==, 0xc039);
    gsi(18, 0);
    out32(ioapic, 0, 0x40, 0x39);
    g_assert_cmphex(redirection(18), ==, 0x8039);
    end();
}

static void test_ioapic_edge_as_eoi(void)
{
    begin();
    redirect(18, 0, 0x8000 | 0x39);
    gsi(18, 1);
    redirect(18, 0, 0x10039);
    redirect(18, 0, 0x8000 | 0x39);
    g_assert_cmphex(redirection(18), ==, 0xc039); /* delivered a second time */
    end();
}

/* ---- x2APIC ---- */
static void test_base(void)
{
    begin();
    g_assert_false(set_base(1, 0xfee00400));       /* EXTD without EN */
    g_assert_false(set_base(1, 0xfee00801));       /* reserved */
    g_assert_false(set_base(1, 1ull << 40 | 0xfee00800));
    g_assert_true(set_base(1, 0xfee00c00));
    g_assert_false(set_base(1, 0xfee00800));       /* back to xAPIC only through off */
    g_assert_cmphex(get(1, ID), ==, 0xffffffff);   /* the page has gone */
    g_assert_cmphex(rdmsr(1, 0x802), ==, 1);
    g_assert_cmphex(rdmsr(1, 0x80d), ==, 2);
    g_assert_true(set_base(1, 0xfee00000));
    g_assert_false(set_base(1, 0xfee00c00));
    g_assert_true(set_base(1, 0xfee00800));
    g_assert_cmphex(get(1, SVR), ==, 0xff);
    end();
}

static void test_x2apic(void)
{
    uint64_t value;

    begin();
    g_assert_false(wrmsr(1, 0x80b, 0)); /* not in x2APIC mode yet */
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++)
        g_assert_true(set_base(i, get_base(i) | 0x400));
    g_assert_true(wrmsr(0, 0x830, 3ull << 32 | 0x51));
    g_assert_cmphex(ack(3), ==, 0x51);
    g_assert_cmphex(rdmsr(0, 0x830), ==, 3ull << 32 | 0x51);
    g_assert_true(wrmsr(3, 0x80b, 0));
    g_assert_true(wrmsr(0, 0x830, 6ull << 32 | 0x852)); /* logical: CPUs 1, 2 of cluster 0 */
    g_assert_cmphex(ack(1), ==, 0x52);
    g_assert_cmphex(ack(2), ==, 0x52);
    g_assert_true(wrmsr(1, 0x83f, 0x70));
    g_assert_cmphex(ack(1), ==, 0x70);
    g_assert_true(wrmsr(0, 0x830, 0xffffffffull << 32 | 0x81));
    g_assert_cmphex(ack(0), ==, 0x81);
    g_assert_false(wrmsr(0, 0x80b, 1));
    g_assert_false(wrmsr(0, 0x802, 0));
    g_assert_false(wrmsr(0, 0x808, 0x100));
    g_assert_false(wrmsr(0, 0x831, 0));
    g_assert_false(wrmsr(0, 0x80e, 0));
    g_assert_false(fake_x86[0]->apic.msr_read(fake_x86[0]->apic.opaque, 0x80b, &value));
    g_assert_false(fake_x86[0]->apic.msr_read(fake_x86[0]->apic.opaque, 0x83f, &value));
    apic_send_msi(0xfee02000, 0x90); /* eight-bit destinations still reach them */
    g_assert_cmphex(ack(2), ==, 0x90);
    end();
}

/* ---- the timer ---- */
static void test_one_shot(void)
{
    begin();
    put(0, LVT_TIMER, 0x40);
    put(0, DIVIDE, 3); /* by 16 */
    put(0, INITIAL, 1000);
    advance(8000);
    g_assert_cmpuint(get(0, CURRENT), ==, 500);
    advance(7999);
    g_assert_false(fake_x86[0]->intr);
    advance(1);
    g_assert_cmphex(ack(0), ==, 0x40);
    g_assert_cmpuint(get(0, CURRENT), ==, 0);
    put(0, EOI, 0);
    advance(100000);
    g_assert_false(fake_x86[0]->intr);
    end();
}

static void test_periodic(void)
{
    begin();
    put(1, DIVIDE, 0xb); /* by 1 */
    put(1, LVT_TIMER, 0x20041);
    put(1, INITIAL, 10000);
    for (unsigned i = 0; i < 5; i++) {
        advance(10000);
        g_assert_cmphex(ack(1), ==, 0x41);
        put(1, EOI, 0);
    }
    put(1, LVT_TIMER, 0x30041); /* masked it counts on */
    advance(15000);
    g_assert_cmpuint(get(1, CURRENT), ==, 5000);
    g_assert_false(fake_x86[1]->intr);
    put(1, LVT_TIMER, 0x20041);
    advance(5000);
    g_assert_cmphex(ack(1), ==, 0x41);
    put(1, INITIAL, 1); /* a period of a nanosecond does not stop the world */
    advance(1000000);
    put(1, INITIAL, 0);
    end();
}

static void test_deadline(void)
{
    uint64_t now;

    begin();
    g_assert_true(wrmsr(0, MSR_DEADLINE, 12345)); /* ignored in another mode */
    g_assert_cmpuint(rdmsr(0, MSR_DEADLINE), ==, 0);
    put(0, LVT_TIMER, 0x400ec);
    now = x86_cpu_read_tsc(&fake_x86[0]->cpu);
    g_assert_true(wrmsr(0, MSR_DEADLINE, now + 4000));
    g_assert_cmpuint(rdmsr(0, MSR_DEADLINE), ==, now + 4000);
    advance(1999);
    g_assert_false(fake_x86[0]->intr);
    advance(1);
    g_assert_cmphex(ack(0), ==, 0xec);
    g_assert_cmpuint(rdmsr(0, MSR_DEADLINE), ==, 0);
    put(0, EOI, 0);
    g_assert_true(wrmsr(0, MSR_DEADLINE, 1)); /* long gone: at once */
    g_assert_cmphex(ack(0), ==, 0xec);
    put(0, EOI, 0);
    g_assert_true(wrmsr(0, MSR_DEADLINE, now + 400000));
    g_assert_true(wrmsr(0, MSR_DEADLINE, 0)); /* disarms */
    advance(1000000);
    g_assert_false(fake_x86[0]->intr);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/apic/registers", test_registers);
    g_test_add_func("/pc/apic/priority", test_priority);
    g_test_add_func("/pc/apic/tpr", test_tpr);
    g_test_add_func("/pc/apic/ipi", test_ipi);
    g_test_add_func("/pc/apic/init-keeps-id", test_init_keeps);
    g_test_add_func("/pc/apic/logical-destination", test_logical);
    g_test_add_func("/pc/apic/lowest-priority", test_lowest);
    g_test_add_func("/pc/apic/lint", test_lint);
    g_test_add_func("/pc/apic/ext-int", test_ext_int);
    g_test_add_func("/pc/apic/base-transitions", test_base);
    g_test_add_func("/pc/apic/x2apic", test_x2apic);
    g_test_add_func("/pc/apic/timer-one-shot", test_one_shot);
    g_test_add_func("/pc/apic/timer-periodic", test_periodic);
    g_test_add_func("/pc/apic/timer-tsc-deadline", test_deadline);
    g_test_add_func("/pc/ioapic/edge", test_ioapic_edge);
    g_test_add_func("/pc/ioapic/level-is-redelivered", test_ioapic_level);
    g_test_add_func("/pc/ioapic/edge-mode-clears-remote-irr", test_ioapic_edge_as_eoi);
    return g_test_run();
}
