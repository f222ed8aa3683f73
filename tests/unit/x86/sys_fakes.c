/* SPDX-License-Identifier: MIT */
/* The CPU and the fakes of accel, paging and the machine. */
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "cpus/runstate.h"
#include "target/x86/cc.h"
#include "tests/unit/x86/sys_fakes.h"

Fake fake;
uint8_t ram[RAM_BYTES];
static bool catching;

uint64_t rd(uint64_t va, unsigned bytes)
{
    uint64_t v = 0;
    memcpy(&v, ram + va, bytes);
    return v;
}

void wr(uint64_t va, uint64_t value, unsigned bytes)
{
    memcpy(ram + va, &value, bytes);
}

/* ---- accel ---- */
static void check(CPUState *cs, uint64_t va, unsigned bytes, bool write)
{
    if (va > RAM_BYTES - bytes || (fake.absent && va >> 12 == fake.absent >> 12)) {
        x86_env(cs)->cr2 = va;
        x86_raise_error(x86_cpu(cs), EXCP_PF, write ? PF_W : 0, 0);
    }
}

uint64_t mmu_ld(CPUState *cs, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    check(cs, va, 1u << MO_SIZE(mo), false);
    return rd(va, 1u << MO_SIZE(mo));
}

void mmu_st(CPUState *cs, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra)
{
    check(cs, va, 1u << MO_SIZE(mo), true);
    wr(va, value, 1u << MO_SIZE(mo));
}

void *mmu_probe_store(CPUState *cs, uint64_t va, unsigned size, unsigned idx, uintptr_t ra)
{
    check(cs, va, size, true);
    return ram + va;
}

bool x86_mwait_is_over(const X86CPU *cpu) { return false; }

void cpu_loop_exit(CPUState *cs)
{
    g_assert_true(catching);
    fake.exits++;
    siglongjmp(cs->jmp_env, 1);
}

void cpu_loop_exit_restore(CPUState *cs, uintptr_t ra)
{
    cpu_loop_exit(cs);
}

bool cpu_restore_state(CPUState *cs, uintptr_t ra)
{
    return false;
}

void host_fp_harvest(CPUState *cs) {}
void host_fp_reload(CPUState *cs) {}

/* ---- the rest of the CPU ---- */
void x86_paging_flush(X86CPU *cpu, bool global) { fake.flushes++; }
void x86_paging_new_cr3(X86CPU *cpu, bool keep) { fake.flushes++; }
bool x86_load_pdptes(X86CPU *cpu, uint64_t cr3) { return true; }
void x86_set_efer(X86CPU *cpu, uint64_t value) { cpu->env.efer = value; }
void x86_init_signal(X86CPU *cpu) { cpu->env.wait_for_sipi = true; }
void x86_sipi(X86CPU *cpu) { cpu->env.wait_for_sipi = false; }
bool x86_read_msr(X86CPU *cpu, uint32_t index, uint64_t *value) { return false; }
bool x86_write_msr(X86CPU *cpu, uint32_t index, uint64_t value) { return false; }
void x86_invlpg(X86CPU *cpu, uint64_t va) {}
void x86_invpcid(X86CPU *cpu, unsigned type, uint64_t pcid, uint64_t va, uintptr_t ra) {}

static int get_interrupt(void *opaque)
{
    int vector = fake.interrupt;
    fake.interrupt = -1;
    return vector;
}

static uint8_t get_cr8(void *opaque) { return (uint8_t)fake.cr8; }
static void set_cr8(void *opaque, uint8_t value) { fake.cr8 = value; }
static void smm_changed(void *opaque, bool in_smm) { fake.in_smm = in_smm; }

/* ---- tables ---- */
void set_desc(uint16_t selector, uint32_t base, uint32_t limit, uint32_t attr)
{
    if (attr & SEG_G)
        limit >>= 12;
    uint64_t lo = (limit & 0xffff) | base << 16, hi = (base >> 16 & 0xff) | attr | (limit & 0xf0000) | (base & 0xff000000);
    wr(GDT + (selector & ~7u), (lo & 0xffffffff) | hi << 32, 8);
}

void set_gate(X86CPU *cpu, unsigned vector, unsigned type, unsigned dpl, uint16_t selector, uint64_t offset, unsigned ist)
{
    unsigned bytes = cpu->env.efer & EFER_LMA ? 16 : 8;
    uint64_t hi = (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8 | ist;

    if (!type)
        hi = 0;
    wr(IDT + vector * bytes, (offset & 0xffff) | (uint64_t)selector << 16 | hi << 32, 8);
    if (bytes == 16)
        wr(IDT + vector * bytes + 8, offset >> 32, 8);
}

#define CODE (SEG_P | SEG_S | SEG_CODE | SEG_W)
#define DATA (SEG_P | SEG_S | SEG_W)
#define BIG (SEG_DB | SEG_G)
#define DPL3 (3u << SEG_DPL_SHIFT)

static void fill_gdt(bool lma)
{
    set_desc(CODE0, 0, ~0u, CODE | BIG);
    set_desc(DATA0, 0, ~0u, DATA | BIG);
    set_desc(CODE3, 0, ~0u, CODE | BIG | DPL3);
    set_desc(DATA3, 0, ~0u, DATA | BIG | DPL3);
    set_desc(TSS_SEL, TSS, 0x3ff, SEG_P | 11u << 8);
    set_desc(CODE64, 0, ~0u, CODE | SEG_L | SEG_G);
    set_desc(CODE64_3, 0, ~0u, CODE | SEG_L | SEG_G | DPL3);
    set_desc(CONFORMING, 0, ~0u, CODE | BIG | SEG_E);
    set_desc(CODE_ABSENT, 0, ~0u, (CODE | BIG) & ~SEG_P);
    set_desc(READONLY, 0, ~0u, (DATA | BIG) & ~SEG_W);
    set_desc(CODE16, 0, 0xffff, CODE);
    set_desc(DATA16, 0, 0xffff, DATA);
    set_desc(DATA1, 0, ~0u, DATA | BIG | 1u << SEG_DPL_SHIFT);
    if (!lma)
        set_desc(TSS2_SEL, TSS2, 0x67, SEG_P | 9u << 8);
}

static X86Segment seg_of(uint16_t selector)
{
    uint64_t raw = rd(GDT + (selector & ~7u), 8);
    X86Desc d = { .lo = (uint32_t)raw, .hi = raw >> 32, .selector = selector };
    return x86_desc_segment(&d, selector);
}

static void fill_tss(bool lma)
{
    if (lma) {
        for (unsigned n = 0; n < 3; n++)
            wr(TSS + 4 + 8 * n, 0x9000 - 8, 8);
        for (unsigned n = 0; n < 7; n++)
            wr(TSS + 0x24 + 8 * n, 0xa000 + 0x1000 * n, 8);
    } else {
        wr(TSS + 4, 0x9000, 4);
        wr(TSS + 8, DATA0, 4);
    }
}

X86CPU *sys_cpu(int mode)
{
    static X86CPU *cpu;
    CPUX86State *env;
    bool lma = mode == MODE_LONG;

    if (!cpu)
        cpu = aligned_alloc(64, (sizeof(X86CPU) + 63) & ~(size_t)63);
    memset(cpu, 0, sizeof(*cpu));
    memset(ram, 0, sizeof(ram));
    memset(&fake, 0, sizeof(fake));
    memset(&cpu->features, 0xff, sizeof(cpu->features));
    cpu->phys_bits = 40;
    cpu->apic = (X86ApicOps){ .get_interrupt = get_interrupt, .get_cr8 = get_cr8, .set_cr8 = set_cr8 };
    cpu->hooks = (X86MachineHooks){ .smm_changed = smm_changed };
    env = &cpu->env;
    env->delivering = -1;
    env->df = 1;
    env->cc_op = CC_OP_FL;
    env->mxcsr = 0x1f80;
    env->eflags = EF_1 | EF_IF;
    env->dr[6] = DR6_FIXED1;
    env->dr[7] = DR7_FIXED1;
    env->cr0 = CR0_ET;
    env->regs[X86_RSP] = 0x9000;
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = (X86Segment){ .limit = 0xffff, .attr = DATA | SEG_A };
    if (mode != MODE_REAL) {
        env->cr0 |= CR0_PE | CR0_PG;
        env->cr4 = lma ? CR4_PAE : 0;
        env->efer = lma ? EFER_LME | EFER_LMA : 0;
        fill_gdt(lma);
        fill_tss(lma);
        for (unsigned i = 0; i < X86_NB_SEGS; i++)
            env->segs[i] = seg_of(DATA0);
        env->segs[X86_SEG_CS] = seg_of(lma ? CODE64 : CODE0);
        env->gdt = (X86Table){ GDT, GDT_BYTES - 1 };
        env->idt = (X86Table){ IDT, lma ? 0xfff : 0x7ff };
        env->tr = (X86Segment){ .base = TSS, .limit = 0x3ff, .attr = SEG_P | 11u << 8, .selector = TSS_SEL };
    } else {
        env->idt = (X86Table){ 0, 0x3ff };
    }
    x86_update_hflags(env);
    x86_set_eip(env, 0x4000);
    return cpu;
}

void sys_user(X86CPU *cpu, uint64_t eip)
{
    CPUX86State *env = &cpu->env;

    env->segs[X86_SEG_CS] = seg_of(env->efer & EFER_LMA ? CODE64_3 : CODE3);
    env->segs[X86_SEG_SS] = seg_of(DATA3);
    env->segs[X86_SEG_DS] = env->segs[X86_SEG_ES] = seg_of(DATA3);
    env->segs[X86_SEG_FS] = env->segs[X86_SEG_GS] = x86_null_segment(0);
    env->regs[X86_RSP] = 0x8000;
    x86_update_hflags(env);
    x86_set_eip(env, eip);
}

void sys_vm86(X86CPU *cpu, uint16_t cs, uint16_t ip)
{
    CPUX86State *env = &cpu->env;

    env->eflags |= EF_VM;
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = x86_vm86_segment((uint16_t)(0x700 + i));
    env->segs[X86_SEG_CS] = x86_vm86_segment(cs);
    env->regs[X86_RSP] = 0xffe;
    x86_update_hflags(env);
    x86_set_eip(env, ip);
}

/* ---- running ---- */
int sys_try(X86CPU *cpu, void (*fn)(X86CPU *cpu, void *arg), void *arg)
{
    cpu->parent.exception_index = -1;
    catching = true;
    if (!sigsetjmp(cpu->parent.jmp_env, 0))
        fn(cpu, arg);
    catching = false;
    return cpu->parent.exception_index;
}

static void take(X86CPU *cpu, void *arg)
{
    x86_do_exception(&cpu->parent);
    cpu->parent.exception_index = -1;
}

static void take_again(X86CPU *cpu, void *arg)
{
    cpu->parent.exception_index = *(int *)arg;
    take(cpu, NULL);
}

int sys_take(X86CPU *cpu, int vector, bool has_error, uint32_t error)
{
    CPUX86State *env = &cpu->env;
    int n = 0;

    env->error_code = error;
    env->has_error_code = has_error;
    for (; vector >= 0 && vector < EXCP_FIRST; n++)
        vector = sys_try(cpu, take_again, &vector);
    return vector == EXCP_HLT ? -1 : n;
}

int sys_take_raised(X86CPU *cpu)
{
    return sys_take(cpu, cpu->parent.exception_index, cpu->env.has_error_code, cpu->env.error_code);
}
