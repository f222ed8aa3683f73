/* SPDX-License-Identifier: MIT */
/*
 * The x86 CPU's pins and wiring, as boards and interrupt controllers use them (target/api/machine.h).
 *
 * Inputs come from any thread. INTR is a level: CPU_INTERRUPT_HARD follows it. NMI, SMI, INIT and SIPI are edges that stay in
 * interrupt_request until x86_do_interrupt has dealt with them; an edge that comes twice before is one, as in hardware. A20 changes what
 * physical addresses mean, so it is changed on the vCPU's own thread and empties its TLB.
 */
#include "accel/mmu/mmu.h"
#include "target/x86/cpu.h"

void x86_cpu_set_apic(CPUState *cs, const X86ApicOps *ops)
{
    x86_cpu(cs)->apic = *ops;
}

void x86_cpu_set_hooks(CPUState *cs, const X86MachineHooks *hooks)
{
    x86_cpu(cs)->hooks = *hooks;
}

uint32_t x86_cpu_apic_id(CPUState *cs)
{
    return x86_cpu(cs)->apic_id;
}

bool x86_cpu_is_bsp(CPUState *cs)
{
    return cs->index == 0;
}

void x86_cpu_set_intr(CPUState *cs, bool level)
{
    if (level)
        cpu_interrupt(cs, CPU_INTERRUPT_HARD);
    else
        cpu_reset_interrupt(cs, CPU_INTERRUPT_HARD);
}

void x86_cpu_nmi(CPUState *cs)
{
    cpu_interrupt(cs, CPU_INTERRUPT_NMI);
}

void x86_cpu_smi(CPUState *cs)
{
    cpu_interrupt(cs, CPU_INTERRUPT_SMI);
}

void x86_cpu_init(CPUState *cs)
{
    cpu_reset_interrupt(cs, CPU_INTERRUPT_SIPI); /* one from before, that a halted CPU has not looked at, is none for this INIT */
    cpu_interrupt(cs, CPU_INTERRUPT_INIT);
}

void x86_cpu_sipi(CPUState *cs, uint8_t vector)
{
    __atomic_store_n(&x86_cpu(cs)->sipi_vector, vector, __ATOMIC_RELEASE); /* pairs with x86_sipi */
    cpu_interrupt(cs, CPU_INTERRUPT_SIPI);
}

static void change_a20(CPUState *cs, void *data)
{
    uint32_t mask = data ? ~0u : ~(1u << 20);

    if (x86_env(cs)->a20_mask_low == mask)
        return;
    x86_env(cs)->a20_mask_low = mask;
    mmu_flush(cs, ~0u);
}

void x86_cpu_set_a20(CPUState *cs, bool enabled)
{
    void *data = enabled ? cs : NULL;

    if (cs->created)
        async_run_on_cpu(cs, change_a20, data);
    else
        change_a20(cs, data);
}

void x86_cpu_set_boot(CPUState *cs, const X86BootState *boot)
{
    X86CPU *cpu = x86_cpu(cs);

    cpu->boot = *boot;
    cpu->boot_set = true;
    CPU_FOREACH (other)
        x86_reset(other); /* the others have what firmware leaves in them, too */
}

bool x86_cpu_has_feature(CPUState *cs, const char *name)
{
    X86Feature f = x86_feature_by_name(name);

    return f != X86_FEAT_NEVER && x86_has(&x86_cpu(cs)->features, f);
}

void x86_cpu_cpuid(CPUState *cs, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    x86_cpuid(x86_cpu(cs), leaf, subleaf, out);
}
