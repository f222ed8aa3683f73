/* SPDX-License-Identifier: MIT */
/* Fake x86 CPUs: see fakes_x86.h. They have x2APIC, TSC deadline and 40 physical address bits; APIC id is the index. */
#include "fakes_x86.h"

#include "fakes.h"

FakeX86 *fake_x86[FAKE_X86_CPUS];

static FakeX86 *fake(CPUState *cpu)
{
    return (FakeX86 *)cpu;
}

void fakes_x86_init(void)
{
    for (int i = 0; i < FAKE_X86_CPUS; i++) {
        fake_x86[i] = g_new0(FakeX86, 1);
        fake_x86[i]->cpu.index = i;
        fake_x86[i]->cpu.timers = timer_list_new(NULL, NULL);
    }
}

void x86_cpu_set_apic(CPUState *cpu, const X86ApicOps *ops)
{
    fake(cpu)->apic = *ops;
}

void x86_cpu_set_hooks(CPUState *cpu, const X86MachineHooks *hooks)
{
    fake(cpu)->hooks = *hooks;
}

uint32_t x86_cpu_apic_id(CPUState *cpu)
{
    return (uint32_t)cpu->index;
}

bool x86_cpu_is_bsp(CPUState *cpu)
{
    return cpu->index == 0;
}

void x86_cpu_set_intr(CPUState *cpu, bool level)
{
    fakes_maybe_dawdle();
    __atomic_store_n(&fake(cpu)->intr, level, __ATOMIC_SEQ_CST);
    if (level)
        __atomic_fetch_add(&fake(cpu)->kicks, 1, __ATOMIC_SEQ_CST);
}

void x86_cpu_nmi(CPUState *cpu)
{
    fake(cpu)->nmi++;
}

void x86_cpu_smi(CPUState *cpu)
{
    fake(cpu)->smi++;
}

void x86_cpu_init(CPUState *cpu)
{
    fake(cpu)->init++;
}

void x86_cpu_sipi(CPUState *cpu, uint8_t vector)
{
    fake(cpu)->sipi++;
    fake(cpu)->sipi_vector = vector;
}

void x86_cpu_set_a20(CPUState *cpu, bool enabled)
{
    fake(cpu)->a20 = enabled;
}

uint64_t x86_cpu_tsc_hz(CPUState *cpu)
{
    return FAKE_TSC_HZ;
}

uint64_t x86_cpu_read_tsc(CPUState *cpu)
{
    return (uint64_t)clock_get_ns(CLOCK_VIRTUAL) * (FAKE_TSC_HZ / NS_PER_SEC);
}

int64_t x86_cpu_tsc_to_ns(CPUState *cpu, uint64_t tsc)
{
    uint64_t ticks = FAKE_TSC_HZ / NS_PER_SEC, ns = tsc / ticks + (tsc % ticks != 0);
    return ns > INT64_MAX ? INT64_MAX : (int64_t)ns; /* a time that wrapped would be due for ever */
}

void x86_cpu_set_boot(CPUState *cpu, const X86BootState *boot)
{
    fake(cpu)->boot = *boot;
}

bool x86_cpu_has_feature(CPUState *cpu, const char *name)
{
    return true;
}

void x86_cpu_cpuid(CPUState *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    out[0] = leaf == 0x80000000 ? 0x80000008 : leaf == 0x80000008 ? 40 : 0;
    out[1] = out[2] = out[3] = 0;
}

static CPUState *create(const char *spec, const CpuTopology *topology, int index, bool start_powered_off, GError **error)
{
    return &fake_x86[index]->cpu;
}

const CpuArch cpu_arch_x86_64 = { .name = "x86_64", .create = create };
