/* SPDX-License-Identifier: MIT */
/*
 * System management mode (AMD APM vol. 2 ch. 10, whose 64-bit state save area this keeps; revision 0x20064: SMBASE relocation).
 *
 * The save area is 0x200 bytes at SMBASE + 0xfe00. It is reached by physical address, with SMRAM opened first by the machine's
 * hook. NMIs are blocked in SMM, and their state before is in the save area. There is no I/O instruction restart; an SMI that
 * wakes a halted CPU resumes after its HLT, as an interrupt would.
 */
#include "base/log.h"
#include "target/x86/segment_internal.h"

#define SAVE_AREA 0xfe00u
#define SMM_ENTRY 0x8000u
#define SMM_REVISION 0x20064u
#define ATTR_SMM (SEG_P | SEG_S | SEG_W | SEG_A | SEG_G)

/* Offsets in the save area, from SMBASE + 0xfe00 (APM table 10-1). */
enum {
    SAVE_SEGS = 0x00, /* ES CS SS DS FS GS: selector, attributes, limit, base in 16 bytes each */
    SAVE_GDTR = 0x60, SAVE_LDTR = 0x70, SAVE_IDTR = 0x80, SAVE_TR = 0x90, SAVE_IO_RESTART = 0xc8, SAVE_HALT_RESTART = 0xc9,
    SAVE_NMI_MASK = 0xca, SAVE_EFER = 0xd0, SAVE_REVISION = 0xfc, SAVE_SMBASE = 0x100, SAVE_CR4 = 0x148, SAVE_CR3 = 0x150,
    SAVE_CR0 = 0x158, SAVE_DR7 = 0x160, SAVE_DR6 = 0x168, SAVE_RFLAGS = 0x170, SAVE_RIP = 0x178, SAVE_R15 = 0x180,
};

static uint64_t area(const CPUX86State *env)
{
    return env->smbase + SAVE_AREA;
}

static void save(const CPUX86State *env, unsigned offset, uint64_t value, unsigned bytes)
{
    address_space_st(&address_space_memory, area(env) + offset, value, bytes, MEMTXATTRS_NONE, NULL);
}

static uint64_t load(const CPUX86State *env, unsigned offset, unsigned bytes)
{
    return address_space_ld(&address_space_memory, area(env) + offset, bytes, MEMTXATTRS_NONE, NULL);
}

static void save_segment(const CPUX86State *env, unsigned offset, const X86Segment *s)
{
    save(env, offset, s->selector, 2);
    save(env, offset + 2, s->attr >> 8 & 0xf0ff, 2);
    save(env, offset + 4, s->limit, 4);
    save(env, offset + 8, s->base, 8);
}

static X86Segment load_segment(const CPUX86State *env, unsigned offset)
{
    return (X86Segment){
        .selector = (uint16_t)load(env, offset, 2), .attr = (uint32_t)load(env, offset + 2, 2) << 8 & SEG_ATTR_MASK,
        .limit = (uint32_t)load(env, offset + 4, 4), .base = load(env, offset + 8, 8),
    };
}

static void save_state(CPUX86State *env)
{
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        save_segment(env, SAVE_SEGS + 16 * i, &env->segs[i]);
    save_segment(env, SAVE_GDTR, &(X86Segment){ .base = env->gdt.base, .limit = env->gdt.limit });
    save_segment(env, SAVE_LDTR, &env->ldt);
    save_segment(env, SAVE_IDTR, &(X86Segment){ .base = env->idt.base, .limit = env->idt.limit });
    save_segment(env, SAVE_TR, &env->tr);
    save(env, SAVE_IO_RESTART, 0, 1);
    save(env, SAVE_HALT_RESTART, 0, 1);
    save(env, SAVE_NMI_MASK, env->nmi_masked, 1);
    save(env, SAVE_EFER, env->efer, 8);
    save(env, SAVE_REVISION, SMM_REVISION, 4);
    save(env, SAVE_SMBASE, env->smbase, 4);
    save(env, SAVE_CR4, env->cr4, 8);
    save(env, SAVE_CR3, env->cr3, 8);
    save(env, SAVE_CR0, env->cr0, 8);
    save(env, SAVE_DR7, env->dr[7], 8);
    save(env, SAVE_DR6, env->dr[6], 8);
    save(env, SAVE_RFLAGS, x86_get_eflags(env), 8);
    save(env, SAVE_RIP, x86_get_eip(env), 8);
    for (unsigned i = 0; i < 16; i++)
        save(env, SAVE_R15 + 8 * i, env->regs[15 - i], 8);
}

static void tell_machine(X86CPU *cpu, bool in_smm)
{
    cpu->env.smm = in_smm;
    if (!cpu->hooks.smm_changed)
        return;
    bql_lock();
    cpu->hooks.smm_changed(cpu->hooks.opaque, in_smm);
    bql_unlock();
}

void x86_enter_smm(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;

    log_printf(LOG_INT, "cpu %d: SMI at pc 0x%llx\n", cpu->parent.index, (unsigned long long)env->pc);
    tell_machine(cpu, true);
    save_state(env);
    env->nmi_masked = true;
    env->hflags &= ~BF_INHIBIT;
    env->cr0 &= ~(uint64_t)(CR0_PE | CR0_EM | CR0_TS | CR0_PG);
    env->cr4 = 0;
    x86_set_efer(cpu, 0);
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = (X86Segment){ .limit = 0xffffffff, .attr = ATTR_SMM };
    env->segs[X86_SEG_CS].selector = (uint16_t)(env->smbase >> 4);
    env->segs[X86_SEG_CS].base = env->smbase;
    env->dr[7] = DR7_FIXED1;
    x86_set_eflags(env, 0, EF_ALL);
    x86_update_hflags(env);
    x86_set_eip(env, SMM_ENTRY);
    x86_debug_update(cpu);
    x86_paging_flush(cpu, true);
}

#define EFER_DEFINED (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR | EFER_AIBRSE)

/* What RSM must not load (APM 10.3.3): the processor shuts down. */
static bool state_is_invalid(const X86CPU *cpu, uint64_t cr0, uint64_t cr4, uint64_t efer)
{
    bool pg = cr0 & CR0_PG, lma = efer & EFER_LMA;

    if ((pg && !(cr0 & CR0_PE)) || ((cr0 & CR0_NW) && !(cr0 & CR0_CD)) || cr0 >> 32)
        return true;
    if ((cr4 & x86_cr4_reserved(cpu)) || (efer & ~(uint64_t)EFER_DEFINED) || ((cr4 & CR4_PCIDE) && !lma))
        return true;
    return (lma && (!pg || !(cr4 & CR4_PAE))) || (lma != (pg && (efer & EFER_LME)));
}

static void load_control(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    uint64_t cr0 = load(env, SAVE_CR0, 8), cr4 = load(env, SAVE_CR4, 8), efer = load(env, SAVE_EFER, 8);

    if (state_is_invalid(cpu, cr0, cr4, efer))
        x86_shutdown(cpu);
    env->cr0 = cr0 | CR0_ET;
    env->cr4 = cr4;
    env->cr3 = load(env, SAVE_CR3, 8);
    x86_set_efer(cpu, efer);
}

static void load_state(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    X86Segment table;

    load_control(cpu);
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = load_segment(env, SAVE_SEGS + 16 * i);
    table = load_segment(env, SAVE_GDTR);
    env->gdt = (X86Table){ table.base, table.limit & 0xffff };
    table = load_segment(env, SAVE_IDTR);
    env->idt = (X86Table){ table.base, table.limit & 0xffff };
    env->ldt = load_segment(env, SAVE_LDTR);
    env->tr = load_segment(env, SAVE_TR);
    env->dr[7] = (load(env, SAVE_DR7, 4) & ~0xd000ull) | DR7_FIXED1;
    env->dr[6] = (load(env, SAVE_DR6, 4) & 0xe00f) | DR6_FIXED1;
    for (unsigned i = 0; i < 16; i++)
        env->regs[15 - i] = load(env, SAVE_R15 + 8 * i, 8);
    x86_set_eflags(env, (uint32_t)load(env, SAVE_RFLAGS, 8) & (x86_lma(env) ? ~EF_VM : ~0u), EF_ALL);
    x86_update_hflags(env);
    x86_set_eip(env, load(env, SAVE_RIP, 8));
}

void x86_leave_smm(X86CPU *cpu, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (!env->smm)
        x86_raise(cpu, EXCP_UD, ra);
    uint32_t smbase = (uint32_t)load(env, SAVE_SMBASE, 4);
    bool nmi_masked = load(env, SAVE_NMI_MASK, 1) & 1;
    load_state(cpu);
    env->smbase = smbase;
    env->nmi_masked = nmi_masked;
    tell_machine(cpu, false);
    if ((env->cr0 & CR0_PG) && (env->cr4 & CR4_PAE) && !x86_lma(env))
        x86_load_pdptes(cpu, env->cr3);
    x86_paging_flush(cpu, true);
    x86_paging_new_cr3(cpu, false);
    x86_update_hflags(env);
    x86_debug_update(cpu);
    x86_check_interrupts(cpu);
    log_printf(LOG_INT, "cpu %d: RSM to pc 0x%llx\n", cpu->parent.index, (unsigned long long)env->pc);
}
