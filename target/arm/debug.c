/* SPDX-License-Identifier: MIT */
/*
 * Self-hosted debug (D2): breakpoints and watchpoints.
 *
 * What costs nothing while nothing is enabled:
 *
 * Breakpoints. bp_filter[el] is a small Bloom filter of the addresses that an enabled breakpoint may match at el; when it is not
 * empty and debug exceptions are enabled, blocks have BF_BREAK. Such a block tests the filter's bit of each instruction's address
 * and leaves on a hit for a block of that one instruction, whose helper compares exactly. The test reads the filter when it
 * runs: blocks are shared by vCPUs with different breakpoints, and stay good when the registers change.
 *
 * Watchpoints. Pages that an enabled watchpoint looks at are marked in the TLB (MMUPage.watched), so that accesses to them take
 * the slow path, which asks arm_check_watch. A change of what is enabled flushes the pages concerned.
 *
 * There is no EL2, EL3 or AArch32: HMC and SSC other than 0 and the types that need VMIDs or mismatch are reserved, and a
 * breakpoint or watchpoint with a reserved value, or linked to one that is not context-aware, is disabled (CONSTRAINED
 * UNPREDICTABLE leaves the choice).
 */
#include "accel/mmu/mmu.h"
#include "base/bits.h"
#include "target/arm/debug.h"
#include "target/arm/internals.h"

#define CR_E 1u
#define CR_PXC_SHIFT 1 /* PMC of breakpoints, PAC of watchpoints: bit 0 EL1, bit 1 EL0 */
#define CR_HMC_SSC (7u << 13)
#define CR_LBN_SHIFT 16
#define BCR_BT_SHIFT 20
#define WCR_LSC_SHIFT 3 /* bit 0 loads, bit 1 stores */
#define WCR_BAS_SHIFT 5
#define WCR_WT (1u << 20)
#define WCR_MASK_SHIFT 24
#define BT_LINKED 1u
enum { BT_ADDRESS = 0, BT_CONTEXT = 2 }; /* without BT_LINKED */
#define VA_BITS 49 /* 48, and one for the half of the address space */

static unsigned n_breakpoints(const ArmCPU *cpu) { return (unsigned)extract64(cpu->id.aa64dfr0, 12, 4) + 1; }
static unsigned n_watchpoints(const ArmCPU *cpu) { return (unsigned)extract64(cpu->id.aa64dfr0, 20, 4) + 1; }

/* The last CTX_CMPs + 1 breakpoints are context-aware. */
static bool is_context_aware(const ArmCPU *cpu, unsigned n)
{
    unsigned aware = (unsigned)extract64(cpu->id.aa64dfr0, 28, 4) + 1, count = n_breakpoints(cpu);
    return n < count && n + aware >= count;
}

static unsigned type_of(const CPUARMState *env, unsigned n) { return env->dbgbcr[n] >> BCR_BT_SHIFT & 15; }

static bool context_id_matches(const CPUARMState *env, unsigned n)
{
    return (uint32_t)env->dbgbvr[n] == (uint32_t)env->contextidr_el1;
}

/* Breakpoint lbn as what another one, or a watchpoint, is linked to. */
static bool linked_matches(const ArmCPU *cpu, unsigned lbn)
{
    const CPUARMState *env = &cpu->env;
    return is_context_aware(cpu, lbn) && (env->dbgbcr[lbn] & CR_E) && type_of(env, lbn) == (BT_CONTEXT | BT_LINKED) &&
           context_id_matches(env, lbn);
}

/* Whether a control register is enabled and its HMC, SSC and PMC or PAC are not reserved. */
static bool control_valid(uint64_t cr)
{
    return (cr & CR_E) && !(cr & CR_HMC_SSC) && (cr >> CR_PXC_SHIFT & 3);
}

static bool privilege_matches(uint64_t cr, bool privileged) { return cr >> (privileged ? CR_PXC_SHIFT : CR_PXC_SHIFT + 1) & 1; }

/* ---- breakpoints ---- */
static bool address_matches(const CPUARMState *env, unsigned n, uint64_t pc)
{
    return extract64(env->dbgbvr[n] ^ pc, 2, VA_BITS - 2) == 0;
}

/* BreakpointMatch (D2.8). */
static bool breakpoint_matches(const ArmCPU *cpu, unsigned n, uint64_t pc)
{
    const CPUARMState *env = &cpu->env;
    uint64_t cr = env->dbgbcr[n];

    if (!control_valid(cr) || !privilege_matches(cr, arm_el(env)))
        return false;
    switch (type_of(env, n)) {
    case BT_ADDRESS:
        return address_matches(env, n, pc);
    case BT_ADDRESS | BT_LINKED:
        return address_matches(env, n, pc) && linked_matches(cpu, cr >> CR_LBN_SHIFT & 15);
    case BT_CONTEXT:
        return is_context_aware(cpu, n) && context_id_matches(env, n);
    default:
        return false;
    }
}

bool arm_breakpoint_matches(const ArmCPU *cpu, uint64_t pc)
{
    const CPUARMState *env = &cpu->env;

    if (!(env->mdscr_el1 & MDSCR_MDE) || !arm_debug_enabled(env, arm_el(env), env->pstate))
        return false;
    for (unsigned n = 0; n < n_breakpoints(cpu); n++) {
        if (breakpoint_matches(cpu, n, pc))
            return true;
    }
    return false;
}

/* What breakpoint n may match at el, as bits of the filter. */
static uint64_t filter_of(const ArmCPU *cpu, unsigned n, unsigned el)
{
    const CPUARMState *env = &cpu->env;
    uint64_t cr = env->dbgbcr[n];

    if (!control_valid(cr) || !privilege_matches(cr, el))
        return 0;
    switch (type_of(env, n) & ~BT_LINKED) {
    case BT_ADDRESS:
        return arm_breakpoint_bit(env->dbgbvr[n]);
    case BT_CONTEXT:
        return type_of(env, n) & BT_LINKED || !is_context_aware(cpu, n) ? 0 : ~0ull;
    default:
        return 0;
    }
}

/* ---- watchpoints ---- */
static bool is_contiguous(uint64_t bas)
{
    uint64_t above = bas + (bas & -bas);
    return !(above & (above - 1));
}

/* The range that watchpoint n looks at: 1 << bits bytes from *base. */
static unsigned watch_range(const CPUARMState *env, unsigned n, uint64_t *base)
{
    unsigned mask = env->dbgwcr[n] >> WCR_MASK_SHIFT & 31, bits = mask > 3 ? mask : 3;

    *base = (uint64_t)sextract64(env->dbgwvr[n], 0, VA_BITS) & ~MASK64(bits);
    return bits;
}

/* The bytes of the doubleword at *base that n watches; a mask has none of its own. WatchpointByteMatch (D2.9). */
static uint64_t watch_bytes(const CPUARMState *env, unsigned n)
{
    uint64_t bas = env->dbgwcr[n] >> WCR_BAS_SHIFT & 0xff;

    if (!is_contiguous(bas))
        return bas;
    return env->dbgwvr[n] & 4 ? (bas & 15) << 4 : bas; /* word-aligned: BAS<7:4> is not looked at */
}

/* Watchpoint n can match at all, now. MASK 1 and 2 are reserved; with a mask BAS must be all ones. */
static bool watch_enabled(const ArmCPU *cpu, unsigned n)
{
    const CPUARMState *env = &cpu->env;
    uint64_t cr = env->dbgwcr[n];
    unsigned mask = cr >> WCR_MASK_SHIFT & 31, bas = cr >> WCR_BAS_SHIFT & 0xff;

    if (!(env->mdscr_el1 & MDSCR_MDE) || arm_debug_locked(env) || !control_valid(cr))
        return false;
    return mask ? mask >= 3 && bas == 0xff : bas != 0;
}

/* The first byte of [va, va + size) that n watches; false: none. va is stripped of its tag. */
static bool first_watched(const CPUARMState *env, unsigned n, uint64_t va, unsigned size, uint64_t *hit)
{
    uint64_t base, bytes = watch_bytes(env, n);
    unsigned bits = watch_range(env, n, &base);

    for (unsigned i = 0; i < size; i++) {
        uint64_t a = (uint64_t)sextract64(va + i, 0, VA_BITS);
        if ((a & ~MASK64(bits)) == base && (bits > 3 || bytes >> (a & 7) & 1)) {
            *hit = va + i;
            return true;
        }
    }
    return false;
}

bool arm_page_watched(const ArmCPU *cpu, uint64_t va)
{
    uint64_t base, page = (uint64_t)sextract64(va, 0, VA_BITS) >> 12;

    for (unsigned n = 0; cpu->env.watch_active >> n; n++) {
        unsigned bits = watch_range(&cpu->env, n, &base);
        if ((cpu->env.watch_active >> n & 1) && page >= base >> 12 && page <= (base | MASK64(bits)) >> 12)
            return true;
    }
    return false;
}

/* WatchpointMatch (D2.9). */
static bool watch_matches(const ArmCPU *cpu, unsigned n, uint64_t va, unsigned size, bool is_store, bool privileged, uint64_t *hit)
{
    const CPUARMState *env = &cpu->env;
    uint64_t cr = env->dbgwcr[n];

    if (!(cr >> (is_store ? WCR_LSC_SHIFT + 1 : WCR_LSC_SHIFT) & 1) || !privilege_matches(cr, privileged))
        return false;
    return first_watched(env, n, va, size, hit) && (!(cr & WCR_WT) || linked_matches(cpu, cr >> CR_LBN_SHIFT & 15));
}

/*
 * FAR_EL1 may be any address from the lowest that is accessed to the highest that is watched, within the watched one's block of
 * DC ZVA's size (D2.9.7): the first watched byte is always right.
 */
static void check_watch(ArmCPU *cpu, uint64_t va, unsigned size, bool is_store, unsigned mmu_idx, uint32_t iss, uintptr_t ra)
{
    const CPUARMState *env = &cpu->env;
    uint64_t hit;

    if (!arm_debug_enabled(env, arm_el(env), env->pstate))
        return;
    for (unsigned n = 0; env->watch_active >> n; n++) {
        if ((env->watch_active >> n & 1) && watch_matches(cpu, n, va, size, is_store, mmu_idx != ARM_MMU_EL0, &hit))
            arm_raise_sync(cpu, ARM_SYN(EC_WATCH_LOWER, iss | DEBUG_FSC), &hit, ra);
    }
}

void arm_check_watch(CPUState *cs, uint64_t va, unsigned size, MMUAccess access, unsigned mmu_idx, uintptr_t ra)
{
    bool is_store = access == MMU_DATA_STORE;
    check_watch(arm_cpu(cs), va, size, is_store, mmu_idx, is_store ? WATCH_WNR : 0, ra);
}

void arm_check_watch_cm(ArmCPU *cpu, uint64_t va, unsigned size, unsigned mmu_idx, uintptr_t ra)
{
    check_watch(cpu, va & ~(uint64_t)(size - 1), size, true, mmu_idx, WATCH_WNR | WATCH_CM, ra);
}

/* ---- changes ---- */
static void flush_watched(ArmCPU *cpu, unsigned n)
{
    uint64_t base;
    unsigned bits = watch_range(&cpu->env, n, &base);

    mmu_flush_range(&cpu->parent, base & ~0xfffull, bits > 12 ? 1ull << (bits - 12) : 1, 12, MMU_ASID_ANY, ARM_MMU_ALL);
}

static void set_watch_active(ArmCPU *cpu, uint32_t active)
{
    uint32_t changed = cpu->env.watch_active ^ active;

    cpu->env.watch_active = active;
    for (unsigned n = 0; changed >> n; n++) {
        if (changed >> n & 1)
            flush_watched(cpu, n);
    }
}

void arm_debug_refresh(ArmCPU *cpu)
{
    CPUARMState *env = &cpu->env;
    uint32_t active = 0;

    env->bp_filter[0] = env->bp_filter[1] = 0;
    if ((env->mdscr_el1 & MDSCR_MDE) && !arm_debug_locked(env)) {
        for (unsigned n = 0; n < n_breakpoints(cpu); n++) {
            env->bp_filter[0] |= filter_of(cpu, n, 0);
            env->bp_filter[1] |= env->mdscr_el1 & MDSCR_KDE ? filter_of(cpu, n, 1) : 0;
        }
    }
    for (unsigned n = 0; n < n_watchpoints(cpu); n++)
        active |= (uint32_t)watch_enabled(cpu, n) << n;
    set_watch_active(cpu, active);
}

void arm_watch_write(ArmCPU *cpu, unsigned n, uint64_t *field, uint64_t value)
{
    if (*field != value)
        set_watch_active(cpu, cpu->env.watch_active & ~(1u << n));
    *field = value;
    arm_debug_refresh(cpu);
}
