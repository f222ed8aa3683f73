/* SPDX-License-Identifier: MIT */
/* Fake CPUs: see fakes.h. */
#include "fakes.h"

#include "base/rcu.h"

FakeCpu *fake_cpus[FAKE_CPUS];
CPUState *fake_cpu_array[FAKE_CPUS];

static FakeCpu *fake(CPUState *cpu)
{
    return (FakeCpu *)cpu;
}

bool fakes_dawdle;

void fakes_maybe_dawdle(void)
{
    static __thread unsigned n;

    if (fakes_dawdle && ++n % 17 == 0)
        g_usleep(n / 17 % 64);
}

void arm_cpu_set_irq(CPUState *cpu, ArmIrqLine line, bool level)
{
    fakes_maybe_dawdle();
    __atomic_store_n(line == ARM_LINE_IRQ ? &fake(cpu)->irq : &fake(cpu)->fiq, level, __ATOMIC_SEQ_CST);
}

void arm_cpu_set_output(CPUState *cpu, ArmTimerLine line, void (*fn)(void *opaque, int level), void *opaque)
{
    fake(cpu)->out[line].fn = fn;
    fake(cpu)->out[line].opaque = opaque;
}

uint64_t arm_cpu_mpidr(CPUState *cpu)
{
    return 0x80000000u | (uint64_t)(cpu->index / 16) << 8 | (unsigned)cpu->index % 16;
}

void arm_cpu_set_boot(CPUState *cpu, uint64_t pc, uint64_t x0)
{
    fake(cpu)->boot_pc = pc;
    fake(cpu)->boot_x0 = x0;
}

const char *arm_cpu_dt_compatible(CPUState *cpu)
{
    return "arm,armv8";
}

bool arm_cpu_has_pmu(CPUState *cpu)
{
    return true;
}

void arm_cpu_set_gic(CPUState *cpu, const ArmGicCpuIf *gic)
{
    fake(cpu)->gic = gic;
}

void arm_cpu_enable_psci_hvc(CPUState *cpu)
{
    fake(cpu)->psci = true;
}

static CPUState *create(const char *spec, const CpuTopology *topology, int index, bool start_powered_off, GError **error)
{
    fake_cpus[index]->created = true;
    fake_cpus[index]->off = start_powered_off;
    return fake_cpu_array[index];
}

const CpuArch cpu_arch_aarch64 = { .name = "aarch64", .create = create };

void fakes_init(void)
{
    rcu_register_thread();
    bql_lock();
    memory_init();
    for (int i = 0; i < FAKE_CPUS; i++) {
        fake_cpus[i] = g_new0(FakeCpu, 1);
        fake_cpus[i]->cpu.index = i;
        fake_cpu_array[i] = &fake_cpus[i]->cpu;
    }
}

static MemTxAttrs by(unsigned cpu)
{
    return (MemTxAttrs){ .requester_id = (uint16_t)cpu };
}

uint64_t rd(MemoryRegion *mr, hwaddr offset, unsigned size, unsigned cpu)
{
    uint64_t value;

    g_assert_cmpint(memory_region_dispatch_read(mr, offset, &value, size, by(cpu)), ==, MEMTX_OK);
    return value;
}

void wr(MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size, unsigned cpu)
{
    g_assert_cmpint(memory_region_dispatch_write(mr, offset, value, size, by(cpu)), ==, MEMTX_OK);
}

static void probe_set(void *opaque, int n, int level)
{
    Probe *p = opaque;

    p->changes += p->level != level;
    p->level = level;
}

IrqLine probe_line(Probe *p)
{
    return (IrqLine){ probe_set, p, 0 };
}

uint64_t mrs(unsigned cpu, uint32_t enc)
{
    uint64_t v = 0;

    g_assert_true(fake_cpus[cpu]->gic->read(fake_cpus[cpu]->gic->opaque, fake_cpu_array[cpu], enc, &v));
    return v;
}

void msr(unsigned cpu, uint32_t enc, uint64_t v)
{
    g_assert_true(fake_cpus[cpu]->gic->write(fake_cpus[cpu]->gic->opaque, fake_cpu_array[cpu], enc, v));
}
