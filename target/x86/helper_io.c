/* SPDX-License-Identifier: MIT */
/*
 * Port I/O: IN, OUT, INS, OUTS, and the permission bitmap of the TSS (SDM vol. 1, 19.5).
 *
 * A port that no device answers reads as all ones. String input asks whether it may store before it reads the port: a device that pops
 * a FIFO on a read must not be asked twice because of a page fault.
 */
#include "memory/memory.h"
#include "target/x86/debug.h"
#include "target/x86/helper_int.h"
#include "target/x86/helper_string.h"

#define BUDGET_ELEMENTS 4096u
#define TSS_IO_BASE 0x66u
#define TSS32_MIN_LIMIT 0x67u
#define TYPE_TSS32_AVAILABLE 9u
#define TYPE_TSS32_BUSY 11u

static IRMemOp system_memop(const CPUX86State *env, unsigned size) { return size | x86_system_mmu_index(env) << MO_IDX_SHIFT; }

/* #GP(0) unless the TSS lets this program use the bytes ports from port on. The word is read as the manual says: two bytes, even for one bit. */
static void check_bitmap(X86CPU *cpu, uint32_t port, unsigned bytes, uintptr_t ra)
{
    CPUX86State *env = &cpu->env;
    unsigned type = SEG_TYPE(env->tr.attr);
    bool tss32 = env->tr.attr & SEG_P && (type == TYPE_TSS32_AVAILABLE || type == TYPE_TSS32_BUSY) && env->tr.limit >= TSS32_MIN_LIMIT;

    if (!tss32)
        x86_raise_gp0(cpu, ra);
    uint32_t at = (uint32_t)mmu_ld(&cpu->parent, env->tr.base + TSS_IO_BASE, system_memop(env, MO_16), ra) + port / 8;
    if (at + 1 > env->tr.limit)
        x86_raise_gp0(cpu, ra);
    uint32_t bits = (uint32_t)mmu_ld(&cpu->parent, env->tr.base + at, system_memop(env, MO_16), ra) >> (port & 7);
    if (bits & ((1u << bytes) - 1))
        x86_raise_gp0(cpu, ra);
}

static void check_port(X86CPU *cpu, uint32_t port, unsigned bytes, uintptr_t ra)
{
    if (cpu->env.hflags & BF_VM || !(cpu->env.hflags & BF_IOPL_OK))
        check_bitmap(cpu, port, bytes, ra);
    if (cpu->env.hflags & BF_IOBREAK)
        x86_check_io_watch(cpu, port, bytes, ra);
}

static uint32_t port_read(uint32_t port, unsigned bytes)
{
    MemTxResult result;
    uint64_t v = address_space_ld(&address_space_io, port, bytes, MEMTXATTRS_NONE, &result);
    return (uint32_t)(result == MEMTX_OK ? v : ~0ull);
}

static void port_write(uint32_t port, uint32_t value, unsigned bytes)
{
    MemTxResult result;
    address_space_st(&address_space_io, port, value, bytes, MEMTXATTRS_NONE, &result);
}

uint32_t helper_in(CPUState *cs, uint32_t port, uint32_t bytes)
{
    port &= 0xffff;
    check_port(x86_cpu(cs), port, bytes, GETPC());
    return port_read(port, bytes);
}

void helper_out(CPUState *cs, uint32_t port, uint32_t value, uint32_t bytes)
{
    port &= 0xffff;
    check_port(x86_cpu(cs), port, bytes, GETPC());
    port_write(port, value, bytes);
}

static IRMemOp memop(const StringRun *r) { return r->lg | r->idx << MO_IDX_SHIFT; }

/* Faults unless all of the element may be stored. */
static void probe_element(StringRun *r, uint64_t va)
{
    CPUState *cs = &r->cpu->parent;
    unsigned first = (unsigned)(MEM_PAGE_SIZE - (va & ~MEM_PAGE_MASK));

    mmu_probe(cs, va, first < r->bytes ? first : r->bytes, MMU_DATA_STORE, r->idx, false, NULL, r->ra);
    if (first < r->bytes)
        mmu_probe(cs, va + first, r->bytes - first, MMU_DATA_STORE, r->idx, false, NULL, r->ra);
}

uint32_t helper_rep_ins(CPUState *cs, uint32_t desc)
{
    StringRun r;
    x86_string_begin(&r, cs, desc, BUDGET_ELEMENTS, GETPC());
    uint32_t port = r.env->regs[X86_RDX] & 0xffff;
    check_port(r.cpu, port, r.bytes, r.ra);
    while (r.count && r.budget) {
        uint64_t va = x86_string_linear(&r, X86_RDI, r.bytes, true);
        probe_element(&r, va);
        mmu_st(cs, va, port_read(port, r.bytes), memop(&r), r.ra);
        x86_string_done(&r, 1, false, true);
    }
    return x86_string_end(&r);
}

uint32_t helper_rep_outs(CPUState *cs, uint32_t desc)
{
    StringRun r;
    x86_string_begin(&r, cs, desc, BUDGET_ELEMENTS, GETPC());
    uint32_t port = r.env->regs[X86_RDX] & 0xffff;
    check_port(r.cpu, port, r.bytes, r.ra);
    while (r.count && r.budget) {
        uint64_t va = x86_string_linear(&r, X86_RSI, r.bytes, false);
        port_write(port, (uint32_t)mmu_ld(cs, va, memop(&r), r.ra), r.bytes);
        x86_string_done(&r, 1, true, false);
    }
    return x86_string_end(&r);
}
