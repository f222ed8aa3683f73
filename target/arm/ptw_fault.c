/* SPDX-License-Identifier: MIT */
/*
 * From accesses to walks, and from failed accesses to aborts: the memory entries of TargetOps.
 *
 * ESR_EL1.ISS of an abort (D17.2.37): FnV 10, EA 9, CM 8, S1PTW 7, WnR 6, fault status 5:0. ISV is never set, since aborts go
 * to EL1.
 */
#include <inttypes.h>

#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "base/log.h"
#include "target/arm/debug.h"
#include "target/arm/ptw.h"

#define ISS_WNR (1u << 6)
#define ISS_CM (1u << 8)

static G_NORETURN void raise_abort(ArmCPU *cpu, uint64_t va, MMUAccess access, uint32_t iss, uintptr_t ra)
{
    unsigned ec = access == MMU_INST_FETCH ? EC_IABORT_LOWER : EC_DABORT_LOWER;

    if (access == MMU_DATA_STORE)
        iss |= ISS_WNR;
    arm_raise_sync(cpu, ARM_SYN(ec + (arm_el(&cpu->env) ? 1 : 0), iss), &va, ra);
}

void arm_raise_cm_abort(ArmCPU *cpu, uint64_t va, uint8_t fsc, uintptr_t ra)
{
    raise_abort(cpu, va, MMU_DATA_STORE, ISS_CM | fsc, ra);
}

static void log_walk(const ArmWalk *w, bool ok)
{
    static const char *const kinds[] = { "load", "store", "fetch" };

    if (ok)
        log_printf(LOG_MMU, "walk: %s idx %u va 0x%016" PRIx64 " -> pa 0x%" PRIx64 " size 2^%u prot %c%c%c%s\n", kinds[w->access], w->mmu_idx,
                   w->va, w->pa, w->page_bits, w->prot & PROT_R ? 'r' : '-', w->prot & PROT_W ? 'w' : '-', w->prot & PROT_X ? 'x' : '-',
                   w->global ? " global" : "");
    else
        log_printf(LOG_MMU, "walk: %s idx %u va 0x%016" PRIx64 " -> fault status 0x%02x\n", kinds[w->access], w->mmu_idx, w->va, w->fsc);
}

bool arm_tlb_fill(CPUState *cs, uint64_t va, unsigned size, MMUAccess access, unsigned idx, bool probe, uintptr_t ra)
{
    ArmCPU *cpu = arm_cpu(cs);
    ArmWalk w = { .va = va, .mmu_idx = idx, .access = access };
    bool ok = arm_walk(cpu, &w);

    if (log_enabled(LOG_MMU))
        log_walk(&w, ok);
    if (!ok) {
        if (probe)
            return false;
        raise_abort(cpu, va, access, w.fsc, ra);
    }
    MMUPage page = {
        .va = access == MMU_INST_FETCH ? va : arm_strip_address(cs, va, idx), .pa = w.pa, .page_bits = w.page_bits, .prot = w.prot,
        .global = w.global, .target_bits = w.target_bits, .device = w.target_bits & ARM_PAGE_DEVICE, .watched = arm_page_watched(cpu, va),
        .attrs = { .user = idx == ARM_MMU_EL0, .requester_id = (unsigned)cs->index & 0xffff },
    };
    mmu_set_page(cs, idx, &page);
    return true;
}

void arm_unaligned_access(CPUState *cs, uint64_t va, MMUAccess access, unsigned idx, uintptr_t ra)
{
    raise_abort(arm_cpu(cs), va, access, FSC_ALIGNMENT, ra);
}

void arm_unsupported_exclusive(CPUState *cs, uint64_t va, MMUAccess access, uintptr_t ra)
{
    raise_abort(arm_cpu(cs), va, access, FSC_EXCLUSIVE, ra);
}

void arm_bus_error(CPUState *cs, uint64_t va, uint64_t pa, unsigned size, MMUAccess access, unsigned idx, int result, uintptr_t ra)
{
    log_printf(LOG_GUEST_ERROR, "%s: no answer at physical address 0x%" PRIx64 ", size %u\n", cs->target->name, pa, size);
    raise_abort(arm_cpu(cs), va, access, FSC_EXTERNAL, ra);
}

uint64_t arm_debug_translate(CPUState *cs, uint64_t va)
{
    ArmCPU *cpu = arm_cpu(cs);
    ArmWalk w = { .va = va, .mmu_idx = arm_el(&cpu->env) ? ARM_MMU_EL1 : ARM_MMU_EL0, .access = MMU_DATA_LOAD, .no_side_effects = true };
    return arm_walk(cpu, &w) ? w.pa & MEM_PAGE_MASK : ~0ull;
}
