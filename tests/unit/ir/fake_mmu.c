/* SPDX-License-Identifier: MIT */
/* Slow paths and block tags for tests that run IR without accel/mmu and accel/tb: every address is RAM of the made-up CPU, modulo its size. */
#include <string.h>

#include "accel/mmu/mmu.h"
#include "accel/tb/tb.h"
#include "base/bits.h"
#include "tests/unit/ir/random_ir.h"

static uint8_t *byte_at(CPUState *cpu, uint64_t va) { return &((RandomCPU *)cpu)->state.ram[va % RANDOM_RAM_SIZE]; }

static void read_bytes(CPUState *cpu, uint64_t va, void *out, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ((uint8_t *)out)[i] = *byte_at(cpu, va + i);
}

static void write_bytes(CPUState *cpu, uint64_t va, const void *in, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *byte_at(cpu, va + i) = ((const uint8_t *)in)[i];
}

uint64_t mmu_ld_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    uint64_t v = 0;
    read_bytes(cpu, va, &v, 1u << MO_SIZE(mo));
    return mo & MO_SIGN ? (uint64_t)sextract64(v, 0, 8u << MO_SIZE(mo)) : v;
}

void mmu_ld16_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out) { read_bytes(cpu, va, out, 16); }

void *mmu_ldptr_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    read_bytes(cpu, va, cpu->bounce, 1u << MO_SIZE(mo));
    return cpu->bounce;
}

void mmu_st_slow(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra) { write_bytes(cpu, va, &value, 1u << MO_SIZE(mo)); }
void mmu_st16_slow(CPUState *cpu, uint64_t va, const V128 *value, IRMemOp mo, uintptr_t ra) { write_bytes(cpu, va, value, 16); }

void mmu_st2_slow(CPUState *cpu, uint64_t va, const V128 *v, const V128 *w, IRMemOp mo, uintptr_t ra)
{
    write_bytes(cpu, va, v, 1u << MO_SIZE(mo));
    write_bytes(cpu, va + (1u << MO_SIZE(mo)), w, 1u << MO_SIZE(mo));
}

uint64_t mmu_atom_rmw(CPUState *cpu, uint64_t va, IRAtomic op, uint64_t value, IRMemOp mo, uintptr_t ra)
{
    uint64_t old = mmu_ld_slow(cpu, va, MO_SIZE(mo), ra);
    mmu_st_slow(cpu, va, op == IR_AT_ADD ? old + value : value, mo, ra); /* ADD and XCHG are what tests use */
    return old;
}

uint64_t mmu_atom_cas(CPUState *cpu, uint64_t va, uint64_t expected, uint64_t desired, IRMemOp mo, uintptr_t ra)
{
    uint64_t old = mmu_ld_slow(cpu, va, MO_SIZE(mo), ra);
    if (old == extract64(expected, 0, 8u << MO_SIZE(mo)))
        mmu_st_slow(cpu, va, desired, mo, ra);
    return old;
}

V128 mmu_atom_cas16(CPUState *cpu, uint64_t va, const V128 *expected, const V128 *desired, IRMemOp mo, uintptr_t ra)
{
    V128 old;
    mmu_ld16_slow(cpu, va, mo, ra, &old);
    if (memcmp(&old, expected, 16) == 0)
        write_bytes(cpu, va, desired, 16);
    return old;
}

uint64_t tb_jump_tag(const TargetOps *target, uint64_t pc, uint64_t flags, uint64_t jump_context)
{
    return pc ^ flags << 52 ^ (target->jump_is_global(pc, flags) ? 0 : jump_context);
}
