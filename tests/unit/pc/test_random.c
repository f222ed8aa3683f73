/* SPDX-License-Identifier: MIT */
/*
 * Whatever a guest writes, a device goes on: random accesses of all sizes to each device's regions while time passes, random levels on
 * its inputs. Nothing is compared; a crash, an assertion, a timer that never lets time go on, or a sanitizer fails it.
 */
#include <string.h>

#include "base/bits.h"
#include "cpus/runstate.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "pc_fakes.h"

#define STEPS 20000

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)g_test_rand_int_range(0, (gint32)n);
}

/* Values with few bits, many bits, and the extremes, which random numbers seldom are. */
static uint64_t value(void)
{
    switch (rnd(5)) {
    case 0: return rnd(256);
    case 1: return BIT(rnd(64));
    case 2: return rnd(2) ? UINT64_MAX : 0;
    case 3: return rnd(INT32_MAX);
    default: return (uint64_t)rnd(INT32_MAX) << 33 | rnd(INT32_MAX);
    }
}

static void access_region(MemoryRegion *mr)
{
    unsigned size = 1u << rnd(4);
    hwaddr offset = rnd((uint32_t)MIN_OF(mr->size, 0x400));
    MemTxAttrs attrs = { .unspecified = rnd(16) == 0 };
    uint64_t v;

    if (rnd(2))
        memory_region_dispatch_read(mr, offset, &v, size, attrs);
    else
        memory_region_dispatch_write(mr, offset, value(), size, attrs);
}

static void drive_input(Device *dev)
{
    const DeviceInput *in = dev->class->inputs;
    IrqLine line;

    if (!in)
        return;
    line = device_input(dev, in->name, rnd(in->count));
    irq_set(&line, (int)rnd(2));
}

static void let_time_pass(void)
{
    switch (rnd(40)) {
    case 0: advance(rnd(3000000)); break;
    case 1: jump((int64_t)rnd(2000) * 1000000); break;
    default: advance(rnd(2000)); break;
    }
}

static void test_device(gconstpointer data)
{
    Device *dev = device_new(data, NULL);
    unsigned n = 0;
    int status;

    if (!strcmp(data, "acpi-pm"))
        device_set_uint(dev, "ich9", rnd(2));
    g_assert_true(device_realize(dev, NULL));
    while (dev->class->regions[n].name)
        n++;
    for (unsigned i = 0; i < STEPS; i++) {
        access_region(device_region(dev, rnd(n)));
        if (rnd(8) == 0)
            drive_input(dev);
        let_time_pass();
        if (rnd(2000) == 0 && dev->class->reset)
            dev->class->reset(dev);
    }
    while (runstate_take_request(&status) != RUN_REQ_NONE)
        ;
    device_free(dev);
}

static void access_msr(FakeX86 *cpu)
{
    uint32_t index = rnd(8) ? 0x800 + rnd(0x48) : 0x6e0;
    uint64_t v;

    if (rnd(2))
        cpu->apic.msr_read(cpu->apic.opaque, index, &v);
    else
        cpu->apic.msr_write(cpu->apic.opaque, index, value());
}

/* Four APICs, an I/O APIC and the PIC, which all talk to one another. */
static void test_apics(void)
{
    Device *apics[FAKE_X86_CPUS], *ioapic = new_device("ioapic"), *pic = new_device("i8259");

    for (unsigned i = 0; i < FAKE_X86_CPUS; i++) {
        apics[i] = device_new("apic", NULL);
        device_set_link(apics[i], "cpu", &fake_x86[i]->cpu);
        g_assert_true(device_realize(apics[i], NULL));
    }
    apic_connect_pic(pic);
    for (unsigned i = 0; i < 5 * STEPS; i++) {
        FakeX86 *cpu = fake_x86[rnd(FAKE_X86_CPUS)];

        current_cpu = &cpu->cpu;
        switch (rnd(10)) {
        case 0: access_region(device_region(ioapic, 0)); break;
        case 1: access_region(device_region(pic, rnd(3))); break;
        case 2: access_msr(cpu); break;
        case 3: drive_input(rnd(2) ? pic : ioapic); break;
        case 4: drive_input(apics[rnd(FAKE_X86_CPUS)]); break;
        case 5: cpu->apic.set_cr8(cpu->apic.opaque, rnd(16)); break;
        case 6: cpu->apic.set_base(cpu->apic.opaque, 0xfee00000 | (rnd(4) ? 0x800 : rnd(4) << 10)); break;
        case 7: apic_send_msi(0xfee00000 | rnd(0x100000), (uint32_t)value()); break;
        default: access_region(apic_create_region()); break;
        }
        if (cpu->intr && rnd(2))
            cpu->apic.get_interrupt(cpu->apic.opaque);
        let_time_pass();
    }
    current_cpu = NULL;
    for (unsigned i = 0; i < FAKE_X86_CPUS; i++)
        device_free(apics[i]);
    device_free(ioapic);
    device_free(pic);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
        "i8259", "i8254", "hpet", "ioapic", "mc146818rtc", "i8042", "port92", "reset-control", "isa-serial", "isa-debugcon",
        "isa-debug-exit", "acpi-pm",
    };

    g_test_init(&argc, &argv, NULL);
    pc_fakes_init();
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *path = g_strdup_printf("/pc/random/%s", names[i]);

        g_test_add_data_func(path, names[i], test_device);
    }
    g_test_add_func("/pc/random/apics", test_apics);
    return g_test_run();
}
