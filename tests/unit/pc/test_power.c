/* SPDX-License-Identifier: MIT */
/* ACPI fixed hardware, SMI control, the TCO watchdog, and the small ports. */
#include "cpus/runstate.h"
#include "hw/acpi/acpi_pm.h"
#include "hw/misc/isa.h"
#include "pc_fakes.h"

#define PM 0u
#define APM 1u

static Device *pm;
static Probe sci;

static void begin(bool ich9)
{
    pm = device_new("acpi-pm", NULL);
    sci = (Probe){ 0 };
    device_set_uint(pm, "ich9", ich9);
    device_connect_irq(pm, "sci", 0, probe_line(&sci));
    g_assert_true(device_realize(pm, NULL));
}

static unsigned in16(unsigned offset)
{
    return (unsigned)rd(device_region(pm, PM), offset, 2, 0);
}

static void out16(unsigned offset, unsigned value)
{
    wr(device_region(pm, PM), offset, value, 2, 0);
}

static RunRequest request(void)
{
    int status;

    return runstate_take_request(&status);
}

static void test_power_button(void)
{
    begin(false);
    out16(2, 0x100);
    acpi_pm_power_button(pm);
    g_assert_cmpint(sci.level, ==, 0); /* not in ACPI mode */
    out8(pm, APM, 0, ACPI_PM_ACPI_ENABLE);
    g_assert_cmphex(in16(4) & 1, ==, 1);
    g_assert_cmpint(sci.level, ==, 1);
    g_assert_cmphex(in16(0) & 0x100, ==, 0x100);
    out16(0, 0x100);
    g_assert_cmpint(sci.level, ==, 0);
    out8(pm, APM, 0, ACPI_PM_ACPI_DISABLE);
    g_assert_cmphex(in16(4) & 1, ==, 0);
    acpi_pm_set_acpi_mode(pm);
    pm->class->reset(pm);
    g_assert_cmphex(in16(4) & 1, ==, 1);
    device_free(pm);
}

static void test_sleep(void)
{
    begin(true);
    out16(4, 0x2000 | 5 << 10);
    g_assert_cmpint(request(), ==, RUN_REQ_NONE);
    out16(4, 7 << 10); /* without SLP_EN */
    g_assert_cmpint(request(), ==, RUN_REQ_NONE);
    out16(4, 0x2000 | 7 << 10);
    g_assert_cmpint(request(), ==, RUN_REQ_SHUTDOWN);
    g_assert_cmphex(in16(4), ==, 7 << 10);
    device_free(pm);
    begin(false);
    out8(pm, PM, 5, 0x20); /* by its byte */
    g_assert_cmpint(request(), ==, RUN_REQ_SHUTDOWN);
    out16(4, 0x2000 | 7 << 10);
    g_assert_cmpint(request(), ==, RUN_REQ_NONE);
    device_free(pm);
}

static void test_timer(void)
{
    uint32_t first;

    begin(true);
    first = in32(pm, PM, 8);
    advance(NS_PER_SEC);
    g_assert_cmpuint(in32(pm, PM, 8) - first, >=, 3579545);
    g_assert_cmpuint(in32(pm, PM, 8) - first, <=, 3579546);
    device_free(pm);
    begin(false);
    advance(20 * NS_PER_SEC);
    g_assert_cmphex(in32(pm, PM, 8) >> 24, ==, 0);
    device_free(pm);
}

/* Bit 23 changes every 2.34 s. */
static void test_timer_overflow(void)
{
    begin(false);
    acpi_pm_set_acpi_mode(pm);
    out16(2, 1);
    advance(2344 * MS);
    g_assert_cmpint(sci.level, ==, 1);
    g_assert_cmphex(in16(0) & 1, ==, 1);
    out16(0, 1);
    g_assert_cmpint(sci.level, ==, 0);
    out16(2, 0);
    advance(2344 * MS);
    g_assert_cmphex(in16(0) & 1, ==, 1); /* seen without the interrupt, too */
    g_assert_cmpint(sci.level, ==, 0);
    device_free(pm);
}

static void check_gpe(bool ich9, unsigned sts, unsigned en)
{
    IrqLine gpe1;

    begin(ich9);
    acpi_pm_set_acpi_mode(pm);
    gpe1 = device_input(pm, "gpe", 1);
    out16(en, 2);
    irq_set(&gpe1, 1);
    g_assert_cmpint(sci.level, ==, 1);
    out16(sts, 2);
    g_assert_cmpint(sci.level, ==, 1); /* a level sets it again */
    irq_set(&gpe1, 0);
    out16(sts, 2);
    g_assert_cmpint(sci.level, ==, 0);
    device_free(pm);
}

static void test_gpe(void)
{
    check_gpe(false, 0x0c, 0x0e);
    check_gpe(true, 0x20, 0x28);
}

static void test_smi(void)
{
    FakeX86 *cpu = fake_x86[2];

    current_cpu = &cpu->cpu;
    cpu->smi = 0;
    begin(true);
    out8(pm, APM, 0, 0x55);
    g_assert_cmpuint(cpu->smi, ==, 0);
    out32(pm, PM, 0x30, 0x21);
    g_assert_cmphex(in32(pm, PM, 0x30), ==, 0x23);
    out8(pm, APM, 1, 0x77);
    out8(pm, APM, 0, 0x55);
    g_assert_cmpuint(cpu->smi, ==, 1); /* the CPU that wrote */
    g_assert_cmphex(in32(pm, PM, 0x34), ==, 0x20);
    g_assert_cmphex(in8(pm, APM, 0), ==, 0x55);
    g_assert_cmphex(in8(pm, APM, 1), ==, 0x77);
    out32(pm, PM, 0x34, 0x20);
    g_assert_cmphex(in32(pm, PM, 0x34), ==, 0);
    acpi_pm_lock_smi(pm);
    out32(pm, PM, 0x30, 0);
    g_assert_cmphex(in32(pm, PM, 0x30) & 1, ==, 1);
    device_free(pm);
    begin(false);
    acpi_pm_set_apmc_smi(pm, true);
    out8(pm, APM, 0, 0x55);
    g_assert_cmpuint(cpu->smi, ==, 2);
    device_free(pm);
    current_cpu = NULL;
}

static void test_tco(void)
{
    begin(true);
    g_assert_cmphex(in16(0x68), ==, 0x0800); /* halted */
    out16(0x72, 10);
    out16(0x60, 1);
    g_assert_cmpuint(in16(0x60), ==, 10);
    out16(0x68, 0);
    advance(3000 * MS);
    g_assert_cmpuint(in16(0x60), ==, 5);
    advance(3000 * MS);
    g_assert_cmphex(in16(0x64), ==, 8);
    g_assert_cmphex(in16(0x66), ==, 0);
    advance(6000 * MS);
    g_assert_cmphex(in16(0x66), ==, 2);
    out16(0x64, 8);
    out16(0x66, 2);
    g_assert_cmphex(in16(0x64) | in16(0x66), ==, 0);
    out16(0x68, 0x1800);
    out16(0x68, 0);
    g_assert_cmphex(in16(0x68), ==, 0x1800); /* locked */
    device_free(pm);
}

static void test_port92(void)
{
    Device *dev = device_new("port92", NULL);
    Probe a20 = { 0 };

    device_connect_irq(dev, "a20", 0, probe_line(&a20));
    g_assert_true(device_realize(dev, NULL));
    out8(dev, 0, 0, 2);
    g_assert_cmpint(a20.level, ==, 1);
    g_assert_cmpint(request(), ==, RUN_REQ_NONE);
    out8(dev, 0, 0, 3);
    g_assert_cmpint(request(), ==, RUN_REQ_RESET);
    out8(dev, 0, 0, 3);
    g_assert_cmpint(request(), ==, RUN_REQ_NONE); /* only the edge */
    device_free(dev);
}

static void test_reset_control(void)
{
    Device *dev = new_device("reset-control");

    reset_control_write(dev, 0x02);
    g_assert_cmpint(request(), ==, RUN_REQ_NONE);
    g_assert_cmphex(reset_control_read(dev), ==, 0x02);
    out8(dev, 0, 0, 0x06);
    g_assert_cmpint(request(), ==, RUN_REQ_RESET);
    device_free(dev);
}

static void test_debug_ports(void)
{
    Device *con = device_new("isa-debugcon", NULL), *leave = device_new("isa-debug-exit", NULL), *bad = device_new("isa-debug-exit", NULL);
    MemTxResult result;
    int status;

    n_kept = 0;
    device_set_link(con, "chardev", &keep_chr);
    g_assert_true(device_set_prop(con, "iobase", "0x402", NULL));
    g_assert_true(device_realize(con, NULL));
    isa_place(con);
    address_space_st(&address_space_io, 0x402, 'q', 1, MEMTXATTRS_NONE, &result);
    g_assert_cmpmem(kept, n_kept, "q", 1);
    g_assert_cmphex(address_space_ld(&address_space_io, 0x402, 1, MEMTXATTRS_NONE, &result), ==, 0xe9);
    g_assert_true(device_set_prop(leave, "iosize", "4", NULL));
    g_assert_true(device_realize(leave, NULL));
    isa_place(leave);
    address_space_st(&address_space_io, 0x501, 0x10, 4, MEMTXATTRS_NONE, &result);
    g_assert_cmpint(runstate_take_request(&status), ==, RUN_REQ_QUIT);
    g_assert_cmpint(status, ==, 0x21);
    g_assert_true(device_set_prop(bad, "iobase", "0xffff", NULL));
    g_assert_false(device_realize(bad, NULL));
    memory_region_del_subregion(memory_io_root(), device_region(con, 0));
    memory_region_del_subregion(memory_io_root(), device_region(leave, 0));
    device_free(con);
    device_free(leave);
    device_free(bad);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    g_test_add_func("/pc/acpi-pm/power-button", test_power_button);
    g_test_add_func("/pc/acpi-pm/sleep", test_sleep);
    g_test_add_func("/pc/acpi-pm/timer", test_timer);
    g_test_add_func("/pc/acpi-pm/timer-overflow", test_timer_overflow);
    g_test_add_func("/pc/acpi-pm/gpe", test_gpe);
    g_test_add_func("/pc/acpi-pm/smi", test_smi);
    g_test_add_func("/pc/acpi-pm/tco", test_tco);
    g_test_add_func("/pc/port92", test_port92);
    g_test_add_func("/pc/reset-control", test_reset_control);
    g_test_add_func("/pc/debug-ports", test_debug_ports);
    return g_test_run();
}
