/* SPDX-License-Identifier: MIT */
/*
 * Running a case on calque: one vCPU of a machine that is nothing but RAM, at CPL 3 in long mode, with page tables that map what the host side maps.
 *
 *   0          page tables
 *   0x100000   the case's code and data
 *
 * Exceptions are not delivered: the test's own do_exception notes what was raised and stops.
 */
#include <glib.h>
#include <string.h>

#include "accel/exec/exec.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory.h"
#include "target/x86/cc.h"
#include "target/x86/cpu.h"
#include "tests/native/native.h"

#define RAM_SIZE (4ull << 20)
#define TABLES 0x1000ull
#define CODE_PA 0x100000ull
#define DATA_PA 0x110000ull
#define PTE_P 1ull
#define PTE_W 2ull
#define PTE_U 4ull
#define PTE_AD 0x60ull
#define PTE_NX (1ull << 63)

static MemoryRegion ram;
static TargetOps ops;
static X86CPU *cpu;
static bool stopped;
static uint32_t stop_vector;

static uint8_t *ram_at(uint64_t pa) { return (uint8_t *)memory_region_ram_ptr(&ram) + pa; }

static void write_ram(uint64_t pa, const void *p, size_t n)
{
    memcpy(ram_at(pa), p, n);
    ram_notify_write(ram.ram, ram.ram->offset + pa, n);
}

/* ---- page tables ---- */
static uint64_t next_table = TABLES + 4096;

static uint64_t *table_of(uint64_t table, unsigned index)
{
    uint64_t *e = (uint64_t *)ram_at(table) + index;
    if (!*e) {
        *e = next_table | PTE_P | PTE_W | PTE_U | PTE_AD;
        next_table += 4096;
    }
    return e;
}

static void map_page(uint64_t va, uint64_t pa, uint64_t bits)
{
    uint64_t table = TABLES;
    for (unsigned level = 3; level; level--)
        table = *table_of(table, va >> (12 + 9 * level) & 511) & 0xffffffffff000ull;
    ((uint64_t *)ram_at(table))[va >> 12 & 511] = pa | PTE_P | PTE_U | PTE_AD | bits;
}

static void build_tables(void)
{
    for (unsigned i = 0; i < NATIVE_CODE_PAGES; i++)
        map_page(NATIVE_CODE + 4096 * i, CODE_PA + 4096 * i, 0);
    for (unsigned i = 0; i < NATIVE_DATA_PAGES; i++)
        map_page(NATIVE_DATA + 4096 * i, DATA_PA + 4096 * i, PTE_W | PTE_NX);
}

/* ---- the vCPU ---- */
static void note_exception(CPUState *cs)
{
    stopped = true;
    stop_vector = (uint32_t)cs->exception_index;
    __atomic_store_n(&cs->exit_request, 1, __ATOMIC_RELEASE);
}

#define ATTR_DATA (SEG_P | SEG_S | SEG_W | SEG_A | 3 << SEG_DPL_SHIFT)
#define ATTR_CODE (ATTR_DATA | SEG_CODE)

static void set_data_segments(CPUX86State *env, X86Segment all)
{
    for (unsigned i = 0; i < X86_NB_SEGS; i++)
        env->segs[i] = all;
}

/* As host.c's. */
static void set_segments(CPUX86State *env)
{
    X86Segment flat = { .selector = native_bits == 64 ? 0 : 0x2b, .limit = 0xffffffff, .attr = ATTR_DATA | SEG_DB | SEG_G };
    X86Segment data = { .selector = 0xf, .base = NATIVE_DATA, .limit = NATIVE_DATA_SIZE - 1, .attr = ATTR_DATA };
    set_data_segments(env, native_bits == 16 ? data : flat);
    if (native_bits == 64) {
        env->segs[X86_SEG_SS].selector = 0x2b;
        env->segs[X86_SEG_CS] = (X86Segment){ .selector = 0x33, .limit = 0xffffffff, .attr = ATTR_CODE | SEG_L | SEG_G };
        return;
    }
    env->segs[X86_SEG_FS] = env->segs[X86_SEG_GS] = data;
    env->segs[X86_SEG_GS].selector = 0x17;
    env->segs[X86_SEG_GS].limit = NATIVE_GS_LIMIT;
    env->segs[X86_SEG_GS].attr |= SEG_E;
    if (native_bits == 32)
        env->segs[X86_SEG_CS] = (X86Segment){ .selector = 0x23, .limit = 0xffffffff, .attr = ATTR_CODE | SEG_DB | SEG_G };
    else
        env->segs[X86_SEG_CS] = (X86Segment){ .selector = 7, .base = NATIVE_CODE, .limit = NATIVE_CODE_PAGES * 4096 - 1, .attr = ATTR_CODE };
}

static void create_cpu(void)
{
    GError *error = NULL;
    CPUState *cs = cpu_arch_x86_64.create("max", NULL, 0, false, &error);
    if (!cs)
        g_error("%s", error->message);
    accel_init_cpu(cs);
    current_cpu = cs;
    cs->target = &ops;
    cpu = x86_cpu(cs);
    CPUX86State *env = &cpu->env;
    env->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    env->cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE | CR4_UMIP;
    env->xcr0 = XCR0_X87 | XCR0_SSE | XCR0_AVX;
    env->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SCE;
    env->cr3 = TABLES;
    set_segments(env);
    env->tr.limit = 0; /* no I/O permission bitmap */
    x86_update_hflags(env);
    x86_paging_new_cr3(cpu, false);
}

void native_guest_init(NativeMode mode)
{
    g_autoptr(GError) error = NULL;
    AccelConfig accel = { .interp = mode == NATIVE_INTERPRETED, .no_opt = mode == NATIVE_UNOPTIMISED, .tb_size = 16 << 20 };
    ops = target_x86_64;
    ops.do_exception = note_exception;
    rcu_register_thread();
    bql_lock();
    if (!accel_init(&accel, &ops, &error))
        g_error("%s", error->message);
    memory_init();
    if (!memory_region_init_ram(&ram, "ram", RAM_SIZE, &error))
        g_error("%s", error->message);
    memory_region_add_subregion(memory_system_root(), 0, &ram);
    build_tables();
    create_cpu();
    bql_unlock();
}

void native_guest_finish(void) { rcu_unregister_thread(); }
bool native_guest_has(const void *unused, unsigned feature) { return x86_has(&cpu->features, feature); }

/* ---- state in and out ---- */
static uint16_t get16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static uint32_t get32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }

static void put_fp(const NativeState *in)
{
    CPUX86State *env = &cpu->env;
    env->fpuc = get16(in->fx + FX_FCW);
    env->fpus = get16(in->fx + FX_FSW) & ~0x3800;
    env->fpstt = get16(in->fx + FX_FSW) >> 11 & 7;
    env->fptag_valid = in->fx[FX_FTW];
    env->fpop = 0;
    env->fpip = env->fpdp = 0;
    for (unsigned i = 0; i < 8; i++) {
        X87Reg *r = &env->fpregs[(env->fpstt + i) & 7];
        memcpy(&r->frac, in->fx + FX_ST0 + 16 * i, 8);
        r->se = get16(in->fx + FX_ST0 + 16 * i + 8);
    }
    memset(env->vec, 0, sizeof(env->vec));
    for (unsigned i = 0; i < 16; i++) {
        memcpy(&env->vec[i].q[0], in->fx + FX_XMM0 + 16 * i, 16);
        memcpy(&env->vec[i].q[1], in->ymmh[i], 16);
    }
    x86_set_mxcsr(&cpu->parent, get32(in->fx + FX_MXCSR));
}

static void take_fp(NativeState *out)
{
    CPUX86State *env = &cpu->env;
    uint16_t fpus = x87_get_fpus(env);
    uint32_t mxcsr = x86_get_mxcsr(&cpu->parent);
    memcpy(out->fx + FX_FCW, &env->fpuc, 2);
    memcpy(out->fx + FX_FSW, &fpus, 2);
    out->fx[FX_FTW] = env->fptag_valid;
    memcpy(out->fx + FX_MXCSR, &mxcsr, 4);
    for (unsigned i = 0; i < 8; i++) {
        const X87Reg *r = &env->fpregs[(env->fpstt + i) & 7];
        memcpy(out->fx + FX_ST0 + 16 * i, &r->frac, 8);
        memcpy(out->fx + FX_ST0 + 16 * i + 8, &r->se, 2);
    }
    for (unsigned i = 0; i < 16; i++) {
        memcpy(out->fx + FX_XMM0 + 16 * i, &env->vec[i].q[0], 16);
        memcpy(out->ymmh[i], &env->vec[i].q[1], 16);
    }
}

static void start(const NativeCase *c)
{
    static uint8_t code[NATIVE_CODE_PAGES * 4096];
    CPUX86State *env = &cpu->env;
    memset(code, NATIVE_FILL, sizeof(code));
    memcpy(code + (c->code_at - NATIVE_CODE), c->code, c->length);
    write_ram(CODE_PA, code, sizeof(code));
    write_ram(DATA_PA, c->in.mem, NATIVE_DATA_SIZE);
    memcpy(env->regs, c->in.regs, sizeof(env->regs));
    set_segments(env);
    x86_update_hflags(env);
    x86_set_eip(env, c->in.rip);
    if (native_bits == 64) {
        env->segs[X86_SEG_FS].base = c->in.fs_base;
        env->segs[X86_SEG_GS].base = c->in.gs_base;
    }
    env->eflags = EF_1 | EF_IF;
    x86_set_eflags(env, (uint32_t)c->in.rflags, EF_ARITH | EF_DF);
    put_fp(&c->in);
    x86_update_hflags(env);
}

static void take(NativeOutcome *out)
{
    CPUX86State *env = &cpu->env;
    NativeState *st = &out->state;
    for (unsigned i = 0; i < 16; i++)
        st->regs[i] = native_bits == 64 ? env->regs[i] : i < 8 ? (uint32_t)env->regs[i] : 0;
    st->rip = x86_get_eip(env);
    st->rflags = x86_get_eflags(env) & (EF_ARITH | EF_DF);
    st->fs_base = env->segs[X86_SEG_FS].base;
    st->gs_base = env->segs[X86_SEG_GS].base;
    take_fp(st);
    memcpy(st->mem, ram_at(DATA_PA), NATIVE_DATA_SIZE);
    out->vector = stop_vector;
    out->error = env->has_error_code ? env->error_code : 0;
    out->cr2 = stop_vector == EXCP_PF ? env->cr2 : 0;
}

void native_guest_run(const NativeCase *c, NativeOutcome *out)
{
    CPUState *cs = &cpu->parent;
    unsigned rounds = 0;
    start(c);
    stopped = false;
    stop_vector = 0;
    while (!stopped && rounds++ < 100000) {
        int why = cpu_exec(cs);
        __atomic_store_n(&cs->exit_request, 0, __ATOMIC_RELEASE);
        if (why == EXCP_ATOMIC)
            cpu_exec_step_atomic(cs);
        cpu_process_work(cs); /* a full code buffer is emptied there */
        cs->halted = false;
    }
    out->hung = !stopped;
    take(out);
}
