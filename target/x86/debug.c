/* SPDX-License-Identifier: MIT */
/*
 * Debug exceptions (Intel SDM vol. 3, 17.2 and 17.3): breakpoints of DR0-DR3 and single stepping.
 *
 * Instruction breakpoints are faults: a block with BF_BREAK asks before each instruction. Data and I/O breakpoints are traps
 * after the instruction that hit. The MMU asks before each access to a watched page, in the middle of the instruction: at the first hit it is
 * abandoned and run again alone, as when single stepping (BF_TF), with the hits collected; the #DB that ends every stepped
 * instruction then takes its reason from what was hit, from EFLAGS.TF, or finds none and is dropped.
 */
#include "target/x86/debug.h"
#include "target/x86/segment_internal.h"

enum { DR_EXECUTE, DR_WRITE, DR_IO, DR_READ_WRITE };

typedef struct DebugReg { uint64_t addr; unsigned type, size; bool enabled; } DebugReg;

static DebugReg debug_reg(const CPUX86State *env, unsigned n)
{
    static const uint8_t sizes[4] = { 1, 2, 8, 4 };
    unsigned control = env->dr[7] >> (16 + 4 * n) & 15;
    DebugReg r = { .type = control & 3, .size = sizes[control >> 2], .enabled = env->dr[7] >> 2 * n & 3 };

    r.addr = env->dr[n] & ~(uint64_t)(r.size - 1);
    if (!x86_lma(env))
        r.addr = (uint32_t)r.addr;
    return r;
}

static bool overlaps(const DebugReg *r, uint64_t addr, unsigned size)
{
    return addr <= r->addr + r->size - 1 && addr + size - 1 >= r->addr;
}

static bool is_data(const DebugReg *r)
{
    return r->enabled && (r->type == DR_WRITE || r->type == DR_READ_WRITE);
}

/* ---- raising ---- */
void x86_raise_db(X86CPU *cpu, uint64_t dr6, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (env->watch_step) {
        if ((dr6 & DR6_BS) && !(env->eflags & EF_TF))
            dr6 &= ~(uint64_t)DR6_BS;
        dr6 |= env->watch_hits;
        env->watch_step = false;
        env->watch_hits = 0;
        x86_update_hflags(env);
    }
    env->dr[6] |= dr6;
    if (dr6)
        x86_raise(cpu, EXCP_DB, ra);
    cpu_loop_exit_restore(&cpu->parent, ra); /* what was watched is not any more */
}

void x86_check_breakpoint(X86CPU *cpu, uint64_t pc, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint64_t hits = 0;

    for (unsigned n = 0; n < 4; n++) {
        DebugReg r = debug_reg(env, n);
        if (r.enabled && r.type == DR_EXECUTE && r.addr == pc)
            hits |= 1ull << n;
    }
    if (!hits)
        return;
    env->dr[6] |= hits;
    x86_raise(cpu, EXCP_DB, ra);
}

/* ---- data and I/O ---- */
static void hit(X86CPU *cpu, uint32_t hits, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;

    if (!hits)
        return;
    if (env->watch_step) {
        env->watch_hits |= hits;
        return;
    }
    if (!ra) { /* an access of the CPU's own, as a push of an event's frame */
        env->dr[6] |= hits;
        return;
    }
    cpu_restore_state(&cpu->parent, ra);
    env->watch_step = true;
    env->watch_hits = 0;
    x86_update_hflags(env);
    cpu_loop_exit(&cpu->parent);
}

void x86_check_watch(CPUState *cs, uint64_t va, unsigned size, MMUAccess access, unsigned idx, uintptr_t ra)
{
    X86CPU *cpu = x86_cpu(cs);
    uint32_t hits = 0;

    if (access == MMU_INST_FETCH)
        return;
    for (unsigned n = 0; n < 4; n++) {
        DebugReg r = debug_reg(&cpu->env, n);
        if (is_data(&r) && (access == MMU_DATA_STORE || r.type == DR_READ_WRITE) && overlaps(&r, va, size))
            hits |= 1u << n;
    }
    hit(cpu, hits, ra);
}

void x86_check_io_watch(X86CPU *cpu, uint32_t port, unsigned size, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint32_t hits = 0;

    for (unsigned n = 0; n < 4; n++) {
        DebugReg r = debug_reg(env, n);
        if (r.enabled && r.type == DR_IO && (env->cr4 & CR4_DE) && overlaps(&r, port, size))
            hits |= 1u << n;
    }
    hit(cpu, hits, ra);
}

bool x86_page_watched(X86CPU *cpu, uint64_t va)
{
    for (unsigned n = 0; n < 4; n++) {
        DebugReg r = debug_reg(&cpu->env, n);
        if (is_data(&r) && r.addr >> MEM_PAGE_BITS == va >> MEM_PAGE_BITS)
            return true;
    }
    return false;
}

void x86_debug_update(X86CPU *cpu)
{
    CPUX86State *env = &cpu->env;
    bool watched = false;

    for (unsigned n = 0; n < 4; n++) {
        DebugReg r = debug_reg(env, n);
        watched = watched || is_data(&r);
    }
    x86_update_hflags(env);
    if (watched || env->watching)
        x86_paging_flush(cpu, true); /* pages are marked when they are filled */
    env->watching = watched;
}
