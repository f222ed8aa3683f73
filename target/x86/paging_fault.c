/* SPDX-License-Identifier: MIT */
/*
 * From accesses to walks, and from failed accesses to exceptions: the memory entries of TargetOps.
 *
 * A non-canonical address never reaches the tables: #GP(0), or #SS(0) when the instruction's memory operand is in SS, which
 * the extra word of its ir_insn_start tells. Addresses beyond 4 GiB outside long mode come from accesses that cross the top: they wrap.
 */
#include <inttypes.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/rcu.h"
#include "target/x86/paging.h"

/* Whether the instruction that restore_state went to makes this access to the stack. */
static bool is_stack_access(const CPUX86State *env, uint64_t va)
{
    bool near = va - (env->regs[X86_RSP] - 8) < 24; /* what it pushes or pops, which may cross a page */
    return env->last_extra & EXTRA_STACK || (env->last_extra & EXTRA_STACK_TOO && near);
}

static G_NORETURN void raise_noncanonical(X86CPU *cpu, uint64_t va, MMUAccess access, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    bool stack;

    env->last_extra = 0;
    if (ra)
        cpu_restore_state(&cpu->parent, ra);
    stack = access != MMU_INST_FETCH && is_stack_access(env, va);
    x86_raise_error(cpu, stack ? EXCP_SS : EXCP_GP, 0, 0);
}

static void log_walk(const X86Walk *w, bool ok)
{
    static const char *const kinds[] = { "load", "store", "fetch" };

    if (ok)
        log_printf(LOG_MMU, "walk: %s idx %u va 0x%016" PRIx64 " -> pa 0x%" PRIx64 " size 2^%u prot %c%c%c%s\n", kinds[w->access], w->mmu_idx,
                   w->va, w->pa, w->page_bits, w->prot & PROT_R ? 'r' : '-', w->prot & PROT_W ? 'w' : '-', w->prot & PROT_X ? 'x' : '-',
                   w->global ? " global" : "");
    else
        log_printf(LOG_MMU, "walk: %s idx %u va 0x%016" PRIx64 " -> #PF error 0x%x\n", kinds[w->access], w->mmu_idx, w->va, w->error);
}

static bool long_mode_paging(const CPUX86State *env)
{
    return env->efer & EFER_LMA;
}

bool x86_tlb_fill(CPUState *cs, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra)
{
    X86CPU *cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;
    X86Walk w = { .va = va, .mmu_idx = idx, .access = access };
    bool ok;

    if (!long_mode_paging(env)) {
        w.va = (uint32_t)va;
    } else if (UNLIKELY(!x86_is_canonical(env, va))) {
        if (probe)
            return false;
        raise_noncanonical(cpu, va, access, ra);
    }
    ok = x86_walk(cpu, &w);
    if (log_enabled(LOG_MMU))
        log_walk(&w, ok);
    if (!ok) {
        if (probe)
            return false;
        env->cr2 = w.va;
        x86_raise_error(cpu, EXCP_PF, w.error, ra);
    }
    cpu->tlb_pkeys |= 1u << w.pkey;
    MMUPage page = {
        .va = va, .pa = w.pa, .page_bits = w.page_bits, .prot = w.prot, .global = w.global, .watched = x86_page_watched(cpu, w.va),
        .attrs = { .user = idx == X86_MMU_USER, .requester_id = (unsigned)cs->index & 0xffff },
    };
    mmu_set_page(cs, idx, &page);
    return true;
}

void x86_unaligned_access(CPUState *cs, uint64_t va, MMUAccess access, unsigned idx, uintptr_t ra)
{
    X86CPU *cpu = x86_cpu(cs);

    cpu->env.last_extra = 0;
    if (ra)
        cpu_restore_state(cs, ra);
    if (cpu->env.hflags & BF_ALIGN && idx == X86_MMU_USER && !(cpu->env.last_extra & EXTRA_ALIGN))
        x86_raise_error(cpu, EXCP_AC, 0, 0);
    x86_raise_gp0(cpu, 0);
}

/* No machine check: reads of nothing give all ones (TargetOps.open_bus_ones), writes to nothing are lost. */
void x86_bus_error(CPUState *cs, uint64_t va, uint64_t pa, unsigned size, MMUAccess access, unsigned idx, int result, uintptr_t ra)
{
    log_printf(LOG_GUEST_ERROR, "x86_64: no answer at physical address 0x%" PRIx64 ", size %u\n", pa, size);
}

uint64_t x86_debug_translate(CPUState *cs, uint64_t va)
{
    X86CPU *cpu = x86_cpu(cs);
    X86Walk w = { .va = long_mode_paging(&cpu->env) ? va : (uint32_t)va, .mmu_idx = X86_MMU_KERNEL, .access = MMU_DATA_LOAD, .no_side_effects = true };
    bool ok;

    if (long_mode_paging(&cpu->env) && !x86_is_canonical(&cpu->env, va))
        return ~0ull;
    rcu_read_lock();
    ok = x86_walk(cpu, &w);
    rcu_read_unlock();
    return ok ? w.pa & MEM_PAGE_MASK : ~0ull;
}
