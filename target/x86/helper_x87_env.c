/* SPDX-License-Identifier: MIT */
/*
 * x87's control, status and environment (SDM vol. 1, 8.1.8 to 8.1.11).
 *
 * The environment has seven fields, of 2 or 4 bytes; in real-address and virtual-8086 mode the pointers are linear and the opcode is
 * squeezed between them:
 *
 *            16-bit protected  16-bit real             32-bit protected   32-bit real
 *     0      CW                CW                      CW                 CW
 *     1      SW                SW                      SW                 SW
 *     2      TW                TW                      TW                 TW
 *     3      FIP               FIP 15:0                FIP                FIP 15:0
 *     4      FCS               FIP 19:16, FOP          FOP, FCS           FIP 31:16, FOP
 *     5      FDP               FDP 15:0                FDP                FDP 15:0
 *     6      FDS               FDP 19:16, 0            FDS                FDP 31:16, 0
 */
#include "target/x86/helper_x87.h"

#include "accel/mmu/mmu.h"
#include "target/x86/x87_internal.h"

void helper_x87_control(CPUState *cpu, uint32_t op)
{
    CPUX86State *env = x86_env(cpu);

    if (op == X87_INIT)
        x87_reset(env);
    else
        env->fpus &= (uint16_t)~(FPX_ALL | FPUS_SF);
    x87_update_es(env);
}

void helper_x87_wait(CPUState *cpu)
{
    x87_begin(cpu, GETPC());
}

void helper_x87_ldcw(CPUState *cpu, uint32_t value)
{
    CPUX86State *env = x86_env(cpu);

    x87_begin(cpu, GETPC());
    env->fpuc = (uint16_t)((value & FPUC_VALID) | 0x40);
    x87_update_es(env);
}

uint32_t helper_x87_stsw(CPUState *cpu)
{
    return x87_get_fpus(x86_env(cpu));
}

/* ---- the environment ---- */
#define ENV_FIELDS 7
enum { ENV_CW, ENV_SW, ENV_TW, ENV_IP, ENV_CS, ENV_DP, ENV_DS };

static void get_fields(const CPUX86State *env, uint32_t desc, uint32_t f[ENV_FIELDS])
{
    f[ENV_CW] = 0xffff0000u | env->fpuc;
    f[ENV_SW] = 0xffff0000u | x87_get_fpus(env);
    f[ENV_TW] = 0xffff0000u | x87_get_tag_word(env);
    if (desc & X87_ENV_REAL) {
        uint32_t ip = (uint32_t)env->fpip + ((uint32_t)env->fpcs << 4), dp = (uint32_t)env->fpdp + ((uint32_t)env->fpds << 4);
        f[ENV_IP] = 0xffff0000u | ip;
        f[ENV_CS] = (ip & 0xffff0000u) >> 4 | (env->fpop & 0x7ffu);
        f[ENV_DP] = 0xffff0000u | dp;
        f[ENV_DS] = (dp & 0xffff0000u) >> 4;
    } else {
        f[ENV_IP] = (uint32_t)env->fpip;
        f[ENV_CS] = env->fpcs | (env->fpop & 0x7ffu) << 16;
        f[ENV_DP] = (uint32_t)env->fpdp;
        f[ENV_DS] = 0xffff0000u | env->fpds;
    }
}

static void set_fields(CPUX86State *env, uint32_t desc, const uint32_t f[ENV_FIELDS])
{
    env->fpuc = (uint16_t)((f[ENV_CW] & FPUC_VALID) | 0x40);
    env->fpus = (uint16_t)(f[ENV_SW] & ~FPUS_TOP);
    env->fpstt = f[ENV_SW] >> FPUS_TOP_SHIFT & 7;
    env->fptag_valid = 0;
    for (unsigned i = 0; i < 8; i++)
        if ((f[ENV_TW] >> (2 * i) & 3) != 3)
            env->fptag_valid |= (uint8_t)(1u << i);
    if (desc & X87_ENV_REAL) {
        uint32_t high = desc & X87_ENV16 ? 0xf000u : 0x0ffff000u;
        env->fpip = (f[ENV_IP] & 0xffffu) | (f[ENV_CS] & high) << 4;
        env->fpdp = (f[ENV_DP] & 0xffffu) | (f[ENV_DS] & high) << 4;
        env->fpop = f[ENV_CS] & 0x7ffu;
        env->fpcs = env->fpds = 0;
    } else {
        env->fpip = f[ENV_IP];
        env->fpcs = (uint16_t)f[ENV_CS];
        if (!(desc & X87_ENV16))
            env->fpop = f[ENV_CS] >> 16 & 0x7ffu;
        env->fpdp = f[ENV_DP];
        env->fpds = (uint16_t)f[ENV_DS];
    }
    x87_update_es(env);
}

/* Memory operations of the parts, without alignment: the operand as a whole has none. */
static IRMemOp memop(IRMemOp mo, unsigned size) { return (mo & ~(7u | 7u << MO_ALIGN_SHIFT)) | size; }
static unsigned field_size(uint32_t desc) { return desc & X87_ENV16 ? MO_16 : MO_32; }

/* The environment, and with save the registers too: faults before any of it is written. */
static void store_env(CPUState *cpu, uint64_t va, uint32_t desc, IRMemOp mo, bool save, uintptr_t ra)
{
    CPUX86State *env = x86_env(cpu);
    unsigned size = field_size(desc), bytes = (ENV_FIELDS << size) + (save ? 80 : 0);
    uint32_t f[ENV_FIELDS];

    if ((va & 4095) + bytes > 4096) {
        uint64_t second = (va | 4095) + 1;
        mmu_probe(cpu, second, (unsigned)(va + bytes - second), MMU_DATA_STORE, MO_IDX(mo), false, NULL, ra);
    }
    get_fields(env, desc, f);
    for (unsigned i = 0; i < ENV_FIELDS; i++, va += 1u << size)
        mmu_st(cpu, va, f[i], memop(mo, size), ra);
    for (unsigned i = 0; save && i < 8; i++, va += 10) {
        Float80 v = x87_get(env, i);
        mmu_st(cpu, va, v.frac, memop(mo, MO_64), ra);
        mmu_st(cpu, va + 8, v.se, memop(mo, MO_16), ra);
    }
}

static void load_env(CPUState *cpu, uint64_t va, uint32_t desc, IRMemOp mo, bool restore, uintptr_t ra)
{
    CPUX86State *env = x86_env(cpu);
    unsigned size = field_size(desc);
    uint32_t f[ENV_FIELDS];
    Float80 st[8];

    for (unsigned i = 0; i < ENV_FIELDS; i++, va += 1u << size)
        f[i] = (uint32_t)mmu_ld(cpu, va, memop(mo, size), ra);
    for (unsigned i = 0; restore && i < 8; i++, va += 10) {
        st[i].frac = mmu_ld(cpu, va, memop(mo, MO_64), ra);
        st[i].se = (uint16_t)mmu_ld(cpu, va + 8, memop(mo, MO_16), ra);
    }
    set_fields(env, desc, f);
    for (unsigned i = 0; restore && i < 8; i++) {
        X87Reg *r = &env->fpregs[x87_phys(env, i)];
        r->frac = st[i].frac;
        r->se = st[i].se;
    }
}

void helper_x87_env(CPUState *cpu, uint64_t va, uint32_t desc, uint32_t mo)
{
    CPUX86State *env = x86_env(cpu);

    switch (X87_OP(desc)) {
    case X87_STENV:
        store_env(cpu, va, desc, mo, false, GETPC());
        env->fpuc |= FPX_ALL;
        x87_update_es(env);
        break;
    case X87_SAVE:
        store_env(cpu, va, desc, mo, true, GETPC());
        x87_reset(env);
        x87_update_es(env);
        break;
    default:
        x87_begin(cpu, GETPC());
        load_env(cpu, va, desc, mo, X87_OP(desc) == X87_RSTOR, GETPC());
        break;
    }
}
