/* SPDX-License-Identifier: MIT */
/*
 * Helpers of vector instructions: floating point with exceptions unmasked, masked moves, gathers.
 *
 * #XM (SDM vol. 1, 11.5): the reference computes as if everything were masked, on cleared flags; what it sets and MXCSR does not mask is
 * raised before anything is written. Pre-computation exceptions (invalid, denormal, division by zero) go before the others: when one is
 * unmasked, the others of the instruction have not happened yet. An instruction of several pieces is one for this purpose: the first
 * pieces' flags wait in env->fp_pending.
 */
#include <string.h>

#include "target/x86/helper_vec.h"

#define FLAGS 0x3fu
#define PRE_FLAGS 0x07u     /* IE DE ZE */
#define MASK_SHIFT 7

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_vec.def"
#undef HELPER

/* Clears the sticky flags; they come back in take_flags. */
static uint32_t clear_flags(CPUX86State *env)
{
    uint32_t old = env->host_mxcsr & FLAGS;
    env->host_mxcsr &= ~FLAGS;
    return old;
}

/* Flags that were made since clear_flags, which gave old; both become sticky. */
static uint32_t take_flags(CPUX86State *env, uint32_t old)
{
    uint32_t made = env->host_mxcsr & FLAGS;
    env->host_mxcsr = (env->host_mxcsr & ~FLAGS) | old;
    return made;
}

/* The end of an instruction that made these flags: they stick, or #XM. */
static void check_flags(X86CPU *cpu, uint32_t made, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    uint32_t unmasked = made & ~(env->mxcsr >> MASK_SHIFT);
    env->host_mxcsr |= unmasked & PRE_FLAGS ? made & PRE_FLAGS : made;
    if (unmasked)
        x86_raise(cpu, env->cr4 & CR4_OSXMMEXCPT ? EXCP_XM : EXCP_UD, ra);
}

/* Exceptions that a row on these operands makes. */
static uint32_t flags_of_row(CPUState *cpu, IRVx id, V128 *d, const V128 *a, const V128 *b, const V128 *c, unsigned imm)
{
    uint32_t old = clear_flags(x86_env(cpu));
    x86_fp_ops.vx(cpu, id, d, a, b, c, imm);
    return take_flags(x86_env(cpu), old);
}

/* DPPS and DPPD are products, then sums, then for DPPS a sum of these: the exceptions of each step but the last, a byte each. */
static uint32_t dot_product_steps(CPUState *cpu, IRVx id, const V128 *a, const V128 *b, unsigned imm)
{
    bool d = id == VX_dppd;
    V128 x = *a, y = *b, sums;
    for (unsigned n = 0; n < 4; n++)
        if (!(imm >> (4 + (d ? n / 2 : n)) & 1))
            x.u32[n] = y.u32[n] = 0;
    uint32_t made = flags_of_row(cpu, d ? VX_mulpd : VX_mulps, &x, &x, &y, &y, 0);
    return d ? made : made | flags_of_row(cpu, VX_haddps, &sums, &x, &x, &x, 0) << 8;
}

/* The end of an instruction of several steps: the first whose exceptions are unmasked ends it. */
static void check_steps(X86CPU *cpu, uint32_t steps, uintptr_t ra)
{
    for (unsigned shift = 0; shift < 24; shift += 8)
        check_flags(cpu, steps >> shift & FLAGS, ra);
}

void helper_fp_checked(CPUState *cpu, V128 *d, uint32_t word, const V128 *a, const V128 *b, const V128 *c)
{
    CPUX86State *env = x86_env(cpu);
    IRVx id = (IRVx)FP_CHECKED_ID(word);
    unsigned imm = FP_CHECKED_IMM(word);
    V128 r;
    uint32_t steps = env->fp_pending;
    if (id == VX_dpps || id == VX_dppd)
        steps |= dot_product_steps(cpu, id, a, b, imm);
    steps |= flags_of_row(cpu, id, &r, a, b, c, imm) << 16;
    env->fp_pending = FP_CHECKED_MORE(word) ? steps : 0;
    if (!FP_CHECKED_MORE(word))
        check_steps(x86_cpu(cpu), steps, GETPC());
    *d = r;
}

uint64_t helper_cvt_checked(CPUState *cpu, uint32_t word, uint64_t a)
{
    CPUX86State *env = x86_env(cpu);
    unsigned d = word & CVT_DOUBLE ? 1 : 0;
    uint32_t old = clear_flags(env);
    uint64_t r;
    if (word & CVT_FROM_INTEGER)
        r = x86_fp_ops.i2f[d](cpu, a, true);
    else
        r = x86_fp_ops.f2i[d](cpu, a, true, word & CVT_TRUNCATE ? IR_RND_ZERO : IR_RND_CUR, word & CVT_WIDE ? 64 : 32);
    check_flags(x86_cpu(cpu), take_flags(env, old), GETPC());
    return r;
}

void helper_check_aligned(CPUState *cpu, uint32_t seg, uint64_t ea, uint32_t log2_alignment)
{
    if ((x86_env(cpu)->segs[seg].base + ea) & ((1u << log2_alignment) - 1))
        x86_raise_gp0(x86_cpu(cpu), GETPC());
}

/* ---- masked moves ---- */
static bool lane_chosen(const V128 *mask, unsigned sz, unsigned n)
{
    return mask->u8[((n + 1) << sz) - 1] & 0x80;
}

static void lane_set(V128 *v, unsigned sz, unsigned n, uint64_t x)
{
    memcpy(&v->u8[n << sz], &x, 1u << sz);
}

/* Linear address of lane n, which is chosen. */
static uint64_t mask_linear(CPUState *cpu, uint64_t address, uint32_t word, unsigned n, bool write, uintptr_t ra)
{
    unsigned sz = MO_SIZE(word);
    address += n << sz;
    return word & MASK_HAS_SEG ? x86_seg_linear(x86_cpu(cpu), MASK_SEG_OF(word), (uint32_t)address, 1u << sz, write, ra) : address;
}

void helper_mask_load(CPUState *cpu, V128 *d, uint64_t address, uint32_t word, const V128 *mask)
{
    unsigned sz = MO_SIZE(word);
    V128 r = { .u64 = { 0, 0 } };
    for (unsigned n = 0; n < 16u >> sz; n++)
        if (lane_chosen(mask, sz, n))
            lane_set(&r, sz, n, mmu_ld(cpu, mask_linear(cpu, address, word, n, false, GETPC()), MASK_MEMOP(word), GETPC()));
    *d = r;
}

/* A store happens whole or not at all. */
void helper_mask_probe(CPUState *cpu, uint64_t address, uint32_t word, const V128 *mask)
{
    unsigned sz = MO_SIZE(word), idx = MO_IDX(word);
    for (unsigned n = 0; n < 16u >> sz; n++)
        if (lane_chosen(mask, sz, n)) {
            uint64_t first = mask_linear(cpu, address, word, n, true, GETPC()), last = first + (1u << sz) - 1;
            mmu_probe(cpu, first, 1, MMU_DATA_STORE, idx, false, NULL, GETPC());
            if ((first ^ last) >> 12)
                mmu_probe(cpu, last & ~0xfffull, 1, MMU_DATA_STORE, idx, false, NULL, GETPC());
        }
}

void helper_mask_store(CPUState *cpu, uint64_t address, uint32_t word, const V128 *mask, const V128 *v)
{
    unsigned sz = MO_SIZE(word);
    for (unsigned n = 0; n < 16u >> sz; n++)
        if (lane_chosen(mask, sz, n)) {
            uint64_t x = 0;
            memcpy(&x, &v->u8[n << sz], 1u << sz);
            mmu_st(cpu, mask_linear(cpu, address, word, n, true, GETPC()), x, MASK_MEMOP(word), GETPC());
        }
}

/* ---- gathers ---- */
/* An element's linear address from its effective address. */
static uint64_t gather_linear(CPUState *cpu, uint64_t ea, uint32_t word, unsigned bytes, uintptr_t ra)
{
    CPUX86State *env = x86_env(cpu);
    unsigned seg = GATHER_SEG(word);
    if (word & GATHER_ADDRESS32)
        ea = (uint32_t)ea;
    if (!(env->hflags & BF_CS64))
        return x86_seg_linear(x86_cpu(cpu), seg, ea, bytes, false, ra);
    return seg >= X86_SEG_FS ? env->segs[seg].base + ea : ea;
}

/* Every lane of the mask becomes copies of its top bit; what is above the operand is cleared. */
static void spread_mask(X86VecReg *mask, unsigned sz, unsigned bytes)
{
    for (unsigned n = 0; n < bytes >> sz; n++) {
        V128 *m = &mask->q[(n << sz) / 16];
        unsigned lane = n % (16u >> sz);
        lane_set(m, sz, lane, lane_chosen(m, sz, lane) ? ~0ull : 0);
    }
    memset((uint8_t *)mask + bytes, 0, 32 - bytes);
}

/*
 * Lane by lane, lowest first: loaded into the destination and its mask cleared, so that a fault leaves what has been done and the
 * instruction goes on from there when run again. What the destination has above the lanes is cleared with the first of them, or at the end; then
 * the mask is 0.
 */
void helper_gather(CPUState *cpu, uint64_t ea, uint32_t word, uint32_t mo)
{
    CPUX86State *env = x86_env(cpu);
    uintptr_t ra = GETPC();
    bool data8 = word & GATHER_DATA8, index8 = word & GATHER_INDEX8;
    unsigned wide = word & GATHER_WIDE ? 2 : 1, lanes = data8 || index8 ? 2 * wide : 4 * wide;
    unsigned sz = data8 ? 3 : 2, per_piece = 16u >> sz, bytes = lanes << sz;
    X86VecReg *dst = &env->vec[GATHER_DST(word)], *mask = &env->vec[GATHER_MASK(word)];
    const X86VecReg *index = &env->vec[GATHER_INDEX(word)];
    spread_mask(mask, sz, 16 * wide);
    for (unsigned n = 0; n < lanes; n++) {
        V128 *d = &dst->q[n / per_piece], *m = &mask->q[n / per_piece];
        if (lane_chosen(m, sz, n % per_piece)) {
            uint64_t x = index8 ? index->q[n / 2].u64[n % 2] : (uint64_t)index->q[n / 4].s32[n % 4];
            lane_set(d, sz, n % per_piece, mmu_ld(cpu, gather_linear(cpu, ea + (x << GATHER_SHIFT(word)), word, 1u << sz, ra), mo, ra));
            memset((uint8_t *)dst + 16 * wide, 0, 32 - 16 * wide);
        }
        lane_set(m, sz, n % per_piece, 0);
    }
    memset(mask, 0, 32);
    memset((uint8_t *)dst + bytes, 0, 32 - bytes);
}
