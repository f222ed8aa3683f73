/* SPDX-License-Identifier: MIT */
/*
 * Processor state in memory: FXSAVE, XSAVE and their kin (SDM vol. 1 ch. 10.5 and 13).
 *
 *   0    legacy region: x87 0-23 and 32-159, MXCSR and its mask 24-31, XMM0-15 160-415, the rest is the program's
 *   512  header: XSTATE_BV, XCOMP_BV, zeros
 *   576  extended region: AVX, PKRU; at fixed offsets, or one after the other (compacted)
 *
 * All pages of the operand are looked up before anything changes: a fault leaves memory and registers as they were. What is plain RAM is then
 * reached by host pointers, the rest (watched pages, devices) access by access. Outside 64-bit mode XMM8-15 and YMM8-15 take no part.
 *
 * XINUSE is computed from the registers: a component in its initial state is never "in use". The modified optimisation, which only XSAVEOPT and
 * XSAVES may do, is not done. No supervisor component is built: IA32_XSS is 0.
 */
#include <string.h>

#include "base/bits.h"
#include "target/x86/fp_status.h"
#include "target/x86/helper_state.h"

#define AT_ST 32u
#define AT_MXCSR 24u
#define AT_XMM 160u
#define AT_XSTATE_BV 512u
#define AT_XCOMP_BV 520u
#define LEGACY_BYTES 512u
#define XSAVE_BYTES 576u
#define FIP_BITS 57 /* the instruction pointer is kept sign-extended from these, the data pointer whole */
#define XCOMP_COMPACTED (1ull << 63)

/* ---- the operand ---- */
typedef struct Area {
    CPUState *cpu;
    uint64_t va;
    unsigned idx;
    uint32_t first;    /* bytes on the first page */
    uint8_t *host[2];  /* of the part on each page; NULL: access by access */
    uintptr_t ra;
} Area;

static void area_open(Area *a, uint32_t size, MMUAccess access)
{
    uint32_t room = (uint32_t)(MEM_PAGE_SIZE - (a->va & ~MEM_PAGE_MASK));

    a->first = MIN_OF(size, room);
    a->host[0] = mmu_probe(a->cpu, a->va, a->first, access, a->idx, false, NULL, a->ra);
    a->host[1] = size > room ? mmu_probe(a->cpu, a->va + room, size - room, access, a->idx, false, NULL, a->ra) : NULL;
    if (size < room)
        a->first = UINT32_MAX; /* all is on one page */
}

static uint8_t *area_host(const Area *a, uint32_t at)
{
    if (at < a->first)
        return a->host[0] ? a->host[0] + at : NULL;
    return a->host[1] ? a->host[1] + (at - a->first) : NULL;
}

static IRMemOp area_memop(const Area *a, unsigned size)
{
    return size | a->idx << MO_IDX_SHIFT;
}

static uint64_t area_ld(const Area *a, uint32_t at, unsigned size)
{
    const uint8_t *host = area_host(a, at);
    uint64_t value = 0;

    if (!host)
        return mmu_ld(a->cpu, a->va + at, area_memop(a, size), a->ra);
    memcpy(&value, host, 1u << size);
    return value;
}

static void area_st(const Area *a, uint32_t at, uint64_t value, unsigned size)
{
    uint8_t *host = area_host(a, at);

    if (host)
        memcpy(host, &value, 1u << size);
    else
        mmu_st(a->cpu, a->va + at, value, area_memop(a, size), a->ra);
}

static void area_ld_vec(const Area *a, uint32_t at, V128 *v)
{
    v->u64[0] = area_ld(a, at, MO_64);
    v->u64[1] = area_ld(a, at + 8, MO_64);
}

static void area_st_vec(const Area *a, uint32_t at, const V128 *v)
{
    area_st(a, at, v->u64[0], MO_64);
    area_st(a, at + 8, v->u64[1], MO_64);
}

/* ---- x87 ---- */
static void save_x87(const Area *a, bool wide)
{
    const CPUX86State *env = x86_env(a->cpu);

    area_st(a, 0, (uint64_t)env->fpuc | (uint64_t)x87_get_fpus(env) << 16 | (uint64_t)env->fptag_valid << 32 | (uint64_t)env->fpop << 48, MO_64);
    area_st(a, 8, wide ? env->fpip : (uint32_t)env->fpip | (uint64_t)env->fpcs << 32, MO_64);
    area_st(a, 16, wide ? env->fpdp : (uint32_t)env->fpdp | (uint64_t)env->fpds << 32, MO_64);
    for (unsigned i = 0; i < 8; i++) {
        const X87Reg *r = &env->fpregs[(env->fpstt + i) & 7];
        area_st(a, AT_ST + 16 * i, r->frac, MO_64);
        area_st(a, AT_ST + 16 * i + 8, r->se, MO_64);
    }
}

/* The status word's summary bits follow from flags and masks. */
static void set_status(CPUX86State *env, uint16_t fsw)
{
    env->fpstt = fsw >> FPUS_TOP_SHIFT & 7;
    env->fpus = (uint16_t)(fsw & ~(FPUS_TOP | FPUS_ES | FPUS_B));
    if (fsw & ~env->fpuc & FPX_ALL)
        env->fpus |= FPUS_ES | FPUS_B;
}

static void load_x87(const Area *a, bool wide)
{
    CPUX86State *env = x86_env(a->cpu);
    uint64_t words = area_ld(a, 0, MO_64), ip = area_ld(a, 8, MO_64), dp = area_ld(a, 16, MO_64);

    env->fpuc = (uint16_t)((words & FPUC_VALID) | 0x40);
    set_status(env, (uint16_t)(words >> 16));
    env->fptag_valid = (uint8_t)(words >> 32);
    env->fpop = words >> 48 & 0x7ff;
    env->fpip = wide ? (uint64_t)sextract64(ip, 0, FIP_BITS) : (uint32_t)ip;
    env->fpdp = wide ? dp : (uint32_t)dp;
    env->fpcs = wide ? 0 : (uint16_t)(ip >> 32);
    env->fpds = wide ? 0 : (uint16_t)(dp >> 32);
    for (unsigned i = 0; i < 8; i++) {
        X87Reg *r = &env->fpregs[(env->fpstt + i) & 7];
        r->frac = area_ld(a, AT_ST + 16 * i, MO_64);
        r->se = (uint16_t)area_ld(a, AT_ST + 16 * i + 8, MO_16);
    }
}

static void init_x87(CPUX86State *env)
{
    x87_reset(env);
    memset(env->fpregs, 0, sizeof(env->fpregs));
}

/* ---- vectors ---- */
static unsigned n_vec(const CPUX86State *env)
{
    return env->hflags & BF_CS64 ? 16 : 8;
}

/* Piece q of the vector registers, from or to at. */
static void save_vec(const Area *a, uint32_t at, unsigned q)
{
    const CPUX86State *env = x86_env(a->cpu);

    for (unsigned i = 0; i < n_vec(env); i++)
        area_st_vec(a, at + 16 * i, &env->vec[i].q[q]);
}

static void load_vec(const Area *a, uint32_t at, unsigned q)
{
    CPUX86State *env = x86_env(a->cpu);

    for (unsigned i = 0; i < n_vec(env); i++)
        area_ld_vec(a, at + 16 * i, &env->vec[i].q[q]);
}

static void init_vec(CPUX86State *env, unsigned q)
{
    for (unsigned i = 0; i < n_vec(env); i++)
        env->vec[i].q[q] = (V128){ 0 };
}

static bool vec_in_use(const CPUX86State *env, unsigned q)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < 16; i++)
        any |= env->vec[i].q[q].u64[0] | env->vec[i].q[q].u64[1];
    return any != 0;
}

/* ---- MXCSR ---- */
static void save_mxcsr(const Area *a)
{
    area_st(a, AT_MXCSR, x86_get_mxcsr(a->cpu) | (uint64_t)MXCSR_VALID << 32, MO_64);
}

static uint32_t checked_mxcsr(const Area *a)
{
    uint32_t value = (uint32_t)area_ld(a, AT_MXCSR, MO_32);

    if (value & ~MXCSR_VALID)
        x86_raise_gp0(x86_cpu(a->cpu), a->ra);
    return value;
}

/* ---- FXSAVE, FXRSTOR ---- */
static Area begin_fx(CPUState *cs, uint64_t va, uintptr_t ra)
{
    CPUX86State *env = x86_env(cs);

    if (env->cr0 & (CR0_EM | CR0_TS))
        x86_raise(x86_cpu(cs), EXCP_NM, ra);
    if (va & 15)
        x86_raise_gp0(x86_cpu(cs), ra);
    return (Area){ .cpu = cs, .va = va, .idx = x86_data_mmu_index(env), .ra = ra };
}

/* EFER.FFXSR: the operating system's FXSAVE and FXRSTOR in 64-bit mode leave out the vectors. */
static bool fx_without_vec(const CPUX86State *env)
{
    return env->efer & EFER_FFXSR && env->hflags & BF_CS64 && x86_cpl(env) == 0;
}

void helper_fxsave(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_fx(cs, va, GETPC());

    area_open(&a, LEGACY_BYTES, MMU_DATA_STORE);
    save_x87(&a, wide);
    save_mxcsr(&a);
    if (!fx_without_vec(x86_env(cs)))
        save_vec(&a, AT_XMM, 0);
}

void helper_fxrstor(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_fx(cs, va, GETPC());
    uint32_t mxcsr;

    area_open(&a, LEGACY_BYTES, MMU_DATA_LOAD);
    mxcsr = checked_mxcsr(&a);
    load_x87(&a, wide);
    if (!fx_without_vec(x86_env(cs)))
        load_vec(&a, AT_XMM, 0);
    x86_set_mxcsr(cs, mxcsr);
}

/* ---- XSAVE and its kin ---- */
static Area begin_xsave(CPUState *cs, uint64_t va, uintptr_t ra)
{
    CPUX86State *env = x86_env(cs);

    if (!(env->cr4 & CR4_OSXSAVE))
        x86_raise(x86_cpu(cs), EXCP_UD, ra);
    if (env->cr0 & CR0_TS)
        x86_raise(x86_cpu(cs), EXCP_NM, ra);
    if (va & 63)
        x86_raise_gp0(x86_cpu(cs), ra);
    return (Area){ .cpu = cs, .va = va, .idx = x86_data_mmu_index(env), .ra = ra };
}

static uint64_t requested(const CPUX86State *env)
{
    return (uint32_t)env->regs[X86_RAX] | env->regs[X86_RDX] << 32;
}

static bool x87_in_use(const CPUX86State *env)
{
    uint64_t any = (env->fpuc ^ FPUC_RESET) | env->fpus | env->fpstt | env->fptag_valid | env->fpop | env->fpcs | env->fpds | env->fpip | env->fpdp;

    for (unsigned i = 0; i < 8; i++)
        any |= env->fpregs[i].frac | env->fpregs[i].se;
    return any != 0;
}

static uint64_t in_use(const CPUX86State *env, uint64_t of)
{
    uint64_t mask = 0;

    mask |= of & XCR0_X87 && x87_in_use(env) ? XCR0_X87 : 0;
    mask |= of & XCR0_SSE && vec_in_use(env, 0) ? XCR0_SSE : 0;
    mask |= of & XCR0_AVX && vec_in_use(env, 1) ? XCR0_AVX : 0;
    mask |= of & XCR0_PKRU && env->pkru ? XCR0_PKRU : 0;
    return mask;
}

/* Where the component is; layout: the components that a compacted area has room for, 0 for the standard form. */
static uint32_t component_at(const X86CPU *cpu, uint64_t component, uint64_t layout)
{
    static const uint32_t sizes[] = { [2] = 256, [9] = 8 };
    unsigned n = ctz64(component);

    if (layout)
        return x86_xsave_size(cpu, layout & (component - 1), true);
    return x86_xsave_size(cpu, component, false) - sizes[n];
}

static void save_extended(const Area *a, uint64_t save, uint64_t layout)
{
    const X86CPU *cpu = x86_cpu(a->cpu);

    if (save & XCR0_AVX)
        save_vec(a, component_at(cpu, XCR0_AVX, layout), 1);
    if (save & XCR0_PKRU)
        area_st(a, component_at(cpu, XCR0_PKRU, layout), cpu->env.pkru, MO_64);
}

static void xsave_standard(Area *a, bool wide, bool optimised)
{
    X86CPU *cpu = x86_cpu(a->cpu);
    const CPUX86State *env = &cpu->env;
    uint64_t mask = requested(env) & env->xcr0, used = in_use(env, mask), save = optimised ? used : mask;

    area_open(a, x86_xsave_size(cpu, save, false), MMU_DATA_STORE);
    if (save & XCR0_X87)
        save_x87(a, wide);
    if (mask & (XCR0_SSE | XCR0_AVX))
        save_mxcsr(a);
    if (save & XCR0_SSE)
        save_vec(a, AT_XMM, 0);
    save_extended(a, save, 0);
    area_st(a, AT_XSTATE_BV, (area_ld(a, AT_XSTATE_BV, MO_64) & ~mask) | used, MO_64);
}

static void xsave_compacted(Area *a, bool wide, uint64_t enabled)
{
    X86CPU *cpu = x86_cpu(a->cpu);
    const CPUX86State *env = &cpu->env;
    uint64_t mask = requested(env) & enabled, save = in_use(env, mask);

    if (mask & XCR0_SSE && x86_get_mxcsr(a->cpu) != MXCSR_RESET)
        save |= XCR0_SSE;
    area_open(a, x86_xsave_size(cpu, mask, true), MMU_DATA_STORE);
    if (save & XCR0_X87)
        save_x87(a, wide);
    if (save & XCR0_SSE) {
        save_mxcsr(a);
        save_vec(a, AT_XMM, 0);
    }
    save_extended(a, save, mask | XCOMP_COMPACTED);
    area_st(a, AT_XSTATE_BV, save, MO_64);
    area_st(a, AT_XCOMP_BV, mask | XCOMP_COMPACTED, MO_64);
}

void helper_xsave(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xsave_standard(&a, wide, false);
}

void helper_xsaveopt(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xsave_standard(&a, wide, true);
}

void helper_xsavec(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xsave_compacted(&a, wide, x86_env(cs)->xcr0);
}

void helper_xsaves(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xsave_compacted(&a, wide, x86_env(cs)->xcr0 | x86_env(cs)->xss);
}

/* ---- XRSTOR ---- */
typedef struct Header { uint64_t bv, layout; } Header; /* layout as for component_at */

/* The header, or #GP(0) (SDM vol. 1, 13.8 and 13.12). */
static Header read_header(const Area *a, uint64_t enabled, bool must_be_compacted)
{
    X86CPU *cpu = x86_cpu(a->cpu);
    Header h = { area_ld(a, AT_XSTATE_BV, MO_64), area_ld(a, AT_XCOMP_BV, MO_64) };
    uint64_t reserved = 0;
    bool bad;

    if (h.layout & XCOMP_COMPACTED && (must_be_compacted || x86_has(&cpu->features, X86_FEAT_XSAVEC))) {
        for (unsigned i = 16; i < 64; i += 8)
            reserved |= area_ld(a, AT_XSTATE_BV + i, MO_64);
        bad = reserved || (h.layout & ~XCOMP_COMPACTED & ~enabled) || (h.bv & ~(h.layout & ~XCOMP_COMPACTED));
    } else {
        bad = must_be_compacted || h.layout || area_ld(a, AT_XSTATE_BV + 16, MO_64) || (h.bv & ~enabled);
    }
    if (bad)
        x86_raise_gp0(cpu, a->ra);
    return h;
}

static void load_extended(const Area *a, uint64_t mask, const Header *h)
{
    X86CPU *cpu = x86_cpu(a->cpu);

    if (mask & XCR0_AVX) {
        if (h->bv & XCR0_AVX)
            load_vec(a, component_at(cpu, XCR0_AVX, h->layout), 1);
        else
            init_vec(&cpu->env, 1);
    }
    if (mask & XCR0_PKRU)
        x86_set_pkru(cpu, h->bv & XCR0_PKRU ? (uint32_t)area_ld(a, component_at(cpu, XCR0_PKRU, h->layout), MO_32) : 0);
}

static void load_legacy(const Area *a, uint64_t mask, const Header *h, bool wide)
{
    CPUX86State *env = x86_env(a->cpu);

    if (mask & XCR0_X87) {
        if (h->bv & XCR0_X87)
            load_x87(a, wide);
        else
            init_x87(env);
    }
    if (mask & XCR0_SSE) {
        if (h->bv & XCR0_SSE)
            load_vec(a, AT_XMM, 0);
        else
            init_vec(env, 0);
    }
}

static void xrstor(Area *a, bool wide, uint64_t enabled, bool must_be_compacted)
{
    X86CPU *cpu = x86_cpu(a->cpu);
    uint64_t mask = requested(&cpu->env) & enabled;
    bool sets_mxcsr = mask & XCR0_SSE;
    uint32_t mxcsr = MXCSR_RESET;
    Header h;

    area_open(a, XSAVE_BYTES, MMU_DATA_LOAD);
    h = read_header(a, enabled, must_be_compacted);
    area_open(a, x86_xsave_size(cpu, h.layout ? h.layout : h.bv & mask, h.layout), MMU_DATA_LOAD);
    if (!h.layout) {
        sets_mxcsr |= mask & XCR0_AVX;
        mxcsr = sets_mxcsr ? checked_mxcsr(a) : 0;
    } else if (sets_mxcsr && h.bv & XCR0_SSE) {
        mxcsr = checked_mxcsr(a);
    }
    load_legacy(a, mask, &h, wide);
    load_extended(a, mask, &h);
    if (sets_mxcsr)
        x86_set_mxcsr(a->cpu, mxcsr);
}

void helper_xrstor(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xrstor(&a, wide, x86_env(cs)->xcr0, false);
}

void helper_xrstors(CPUState *cs, uint64_t va, uint32_t wide)
{
    Area a = begin_xsave(cs, va, GETPC());
    xrstor(&a, wide, x86_env(cs)->xcr0 | x86_env(cs)->xss, true);
}

/* ---- MXCSR and PKRU by themselves ---- */
void helper_ldmxcsr(CPUState *cs, uint32_t value)
{
    if (value & ~MXCSR_VALID)
        x86_raise_gp0(x86_cpu(cs), GETPC());
    x86_set_mxcsr(cs, value);
}

uint32_t helper_stmxcsr(CPUState *cs)
{
    return x86_get_mxcsr(cs);
}

static void check_pkru_access(CPUState *cs, bool edx, uintptr_t ra)
{
    CPUX86State *env = x86_env(cs);

    if (!(env->cr4 & CR4_PKE))
        x86_raise(x86_cpu(cs), EXCP_UD, ra);
    if ((uint32_t)env->regs[X86_RCX] || (edx && (uint32_t)env->regs[X86_RDX]))
        x86_raise_gp0(x86_cpu(cs), ra);
}

void helper_rdpkru(CPUState *cs)
{
    CPUX86State *env = x86_env(cs);

    check_pkru_access(cs, false, GETPC());
    env->regs[X86_RAX] = env->pkru;
    env->regs[X86_RDX] = 0;
}

void helper_wrpkru(CPUState *cs)
{
    check_pkru_access(cs, true, GETPC());
    x86_set_pkru(x86_cpu(cs), (uint32_t)x86_env(cs)->regs[X86_RAX]);
}

#define HELPER IR_HELPER_DEFINE
#include "target/x86/helper_state.def"
#undef HELPER
