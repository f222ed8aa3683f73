/* SPDX-License-Identifier: MIT */
/* The interpreter as a host: links, jump cache, polls, exits, helper calls, unwinding, memory, floating point. */
#include <glib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "accel/host/host.h"
#include "accel/ir/builder.h"
#include "accel/ir/helper.h"
#include "base/bits.h"
#include "tests/unit/ir/random_ir.h"

/* ---- harness ---- */
static uint8_t room[1 << 18] __attribute__((aligned(64)));
static CodeBuf buf;
static IRFunc *f;
static RandomCPU *cpu;

#define STATE (cpu->state)

static void setup(void)
{
    buf = (CodeBuf){ .rw = room + 4, .end = room + sizeof(room) }; /* blocks align themselves */
    if (!cpu) {
        cpu = random_cpu_new();
        f = g_new(IRFunc, 1);
    }
    random_cpu_fill(cpu, 7);
    cpu->parent.exit_request = 0;
    cpu->parent.jump_context = 0;
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++)
        cpu->parent.jump_cache[i] = (CPUJumpEntry){ ~0ull, NULL };
}

static void begin(uint64_t pc)
{
    ir_reset(f, &random_ir_target, pc, 3);
    ir_insn_start(f, pc, 0);
}

static TranslationBlock *finish(TranslationBlock *tb)
{
    char *error = ir_verify(f);
    g_assert_cmpstr(error, ==, NULL);
    *tb = (TranslationBlock){ .pc = f->pc, .flags = f->flags };
    tb->links = g_new0(TBLink, TB_MAX_LINKS);
    g_assert_true(host_ops_interp.compile(f, tb, &buf));
    return tb;
}

static uint64_t enter(const TranslationBlock *tb) { return host_ops_interp.enter(&cpu->parent, tb->code); }

static unsigned exit_to(uint64_t pc) { return ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc, .flags = 3 }); }

static void add_to_x0(uint64_t n)
{
    IRRef x0 = ir_get(f, IR_I64, 0);
    ir_put(f, 0, ir_add(f, x0, ir_i64(f, n)));
}

static void cache_jump(uint64_t pc, uint64_t tag, const TranslationBlock *tb)
{
    CPUJumpEntry *e = (CPUJumpEntry *)((char *)cpu->parent.jump_cache + tb_jump_offset(pc));
    *e = (CPUJumpEntry){ tag, tb->code };
}

/* ---- ways out ---- */
static void test_links(void)
{
    TranslationBlock a, b;
    setup();
    begin(0x1000);
    add_to_x0(1);
    ir_br(f, IR_EQ, ir_get(f, IR_I64, 1), ir_i64(f, 0), exit_to(0x5000));
    ir_exit(f, exit_to(0x1800));
    finish(&a);
    begin(0x1800);
    add_to_x0(10);
    ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x1900 }));
    finish(&b);

    STATE.x[0] = 0, STATE.x[1] = 1;
    g_assert_cmphex(enter(&a), ==, (uintptr_t)&a | 0); /* the exit to another page has no link, the one within has number 0 */
    g_assert_cmphex(STATE.pc, ==, 0x1800);
    g_assert_cmpuint(a.links[0].patch_offset, !=, 0);
    g_assert_cmpuint(a.links[1].patch_offset, ==, 0);

    host_ops_interp.patch(&a, 0, &b, (uint8_t *)a.code);
    g_assert_cmphex(enter(&a), ==, HOST_EXIT_MAIN);
    g_assert_cmpuint(STATE.x[0], ==, 12);
    g_assert_cmphex(STATE.pc, ==, 0x1900);

    host_ops_interp.patch(&a, 0, NULL, (uint8_t *)a.code);
    g_assert_cmphex(enter(&a), ==, (uintptr_t)&a | 0);
}

static void test_cross_page(void)
{
    TranslationBlock a, b;
    uint64_t tag = 0x5000 ^ 3ull << 52;
    setup();
    begin(0x1000);
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    begin(0x5000);
    add_to_x0(10);
    ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_LOOKUP, .dynamic_pc = true }));
    finish(&b);

    STATE.x[0] = 0;
    cpu->parent.jump_context = 5ull << 59;
    g_assert_cmphex(enter(&a), ==, HOST_EXIT_LOOKUP);
    g_assert_cmphex(STATE.pc, ==, 0x5000);
    g_assert_cmpuint(STATE.x[0], ==, 0);
    cache_jump(0x5000, tag, &b); /* of another context */
    enter(&a);
    g_assert_cmpuint(STATE.x[0], ==, 0);
    cache_jump(0x5000, tag ^ 5ull << 59, &b);
    STATE.pc = 0x77;
    g_assert_cmphex(enter(&a), ==, HOST_EXIT_LOOKUP);
    g_assert_cmpuint(STATE.x[0], ==, 10);
    g_assert_cmphex(STATE.pc, ==, 0x77); /* a dynamic exit leaves the pc alone */
}

static void test_jumps(void)
{
    static const IRExitKind kinds[] = { IR_EXIT_JUMP, IR_EXIT_CALL, IR_EXIT_RET };
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        TranslationBlock a, b;
        uint64_t pc = 0xffff000000400000;
        setup();
        begin(0x1000);
        ir_exit_jump(f, ir_get(f, IR_I64, 2), ir_add_exit(f, (IRExit){ .kind = kinds[i], .flags = 3 }));
        finish(&a);
        begin(pc);
        add_to_x0(10);
        ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x9000 }));
        finish(&b);
        STATE.x[0] = 0, STATE.x[2] = pc;
        cpu->parent.jump_context = 5ull << 59; /* global code: left out of the tag */
        g_assert_cmphex(enter(&a), ==, HOST_EXIT_LOOKUP);
        g_assert_cmphex(STATE.pc, ==, pc);
        cache_jump(pc, pc ^ 3ull << 52, &b);
        cpu->parent.exit_request = 1;
        g_assert_cmphex(enter(&a), ==, HOST_EXIT_POLL);
        cpu->parent.exit_request = 0;
        g_assert_cmphex(enter(&a), ==, HOST_EXIT_MAIN);
        g_assert_cmpuint(STATE.x[0], ==, 10);
    }
}

static uint32_t helper_count_down(CPUState *c)
{
    RandomCPU *r = (RandomCPU *)c;
    if (--r->state.x[5] == 0)
        __atomic_store_n(&c->exit_request, 1, __ATOMIC_RELEASE);
    return 0;
}
#define COUNT_DOWN(H) H(count_down, IR_CALL_ENV | IR_CALL_WRITES, IR_I32, 0, 0)
#define DEFINE(...) static IR_HELPER_DEFINE(__VA_ARGS__)
COUNT_DOWN(DEFINE)

/* A block that is linked to itself leaves when asked to. */
static void test_poll(void)
{
    TranslationBlock a;
    setup();
    begin(0x1000);
    ir_call(f, &ir_helper_count_down);
    ir_exit(f, exit_to(0x1000));
    finish(&a);
    host_ops_interp.patch(&a, 0, &a, (uint8_t *)a.code);
    STATE.x[5] = 1000;
    g_assert_cmphex(enter(&a), ==, HOST_EXIT_POLL);
    g_assert_cmpuint(STATE.x[5], ==, 0);
    g_assert_cmphex(STATE.pc, ==, 0x1000);
}

static void test_room(void)
{
    TBLink links[TB_MAX_LINKS];
    TranslationBlock tb = { .links = links };
    setup();
    begin(0x1000);
    add_to_x0(1);
    ir_exit(f, exit_to(0x1000));
    buf.end = buf.rw + 100;
    uint8_t *before = buf.rw;
    g_assert_false(host_ops_interp.compile(f, &tb, &buf));
    g_assert_true(buf.rw == before && tb.code == NULL);
}

/* ---- helpers ---- */
static uint64_t helper_six(CPUState *c, uint32_t a, uint64_t b, uint32_t s, uint64_t d, uint64_t e, uint32_t g)
{
    g_assert_true(c == &cpu->parent);
    return a + 10 * b + 100 * s + 1000 * d + 10000 * e + 100000 * (uint64_t)g;
}

static void helper_add_vectors(CPUState *c, V128 *d, const V128 *a, const V128 *b)
{
    g_assert_true(c == &cpu->parent);
    *d = (V128){ .u64 = { a->u64[0] + b->u64[0], a->u64[1] + b->u64[1] } };
}

static uint32_t helper_minus_one(void) { return UINT32_MAX; }

static sigjmp_buf out;
static uintptr_t seen_ra;

static void helper_faults(CPUState *c, uint64_t a)
{
    seen_ra = cpu_code_ra(c, GETPC());
    if (a)
        siglongjmp(out, 1);
}

#define HELPERS(H) \
    H(six, IR_CALL_ENV, IR_I64, 6, IR_I32, IR_I64, IR_F32, IR_F64, IR_I64, IR_I32) \
    H(add_vectors, IR_CALL_ENV, IR_V128, 2, IR_V128, IR_V128) \
    H(minus_one, 0, IR_I32, 0, 0) \
    H(faults, IR_CALL_ENV | IR_CALL_FAULTS, IR_VOID, 1, IR_I64)
HELPERS(DEFINE)

static void test_calls(void)
{
    TranslationBlock a;
    setup();
    begin(0x1000);
    IRRef s = ir_bitsf(f, ir_i32(f, 3)), d = ir_bitsf(f, ir_i64(f, 4));
    IRRef i1 = ir_i32(f, 1), l2 = ir_i64(f, 2), l5 = ir_i64(f, 5), i6 = ir_i32(f, 6);
    ir_put(f, 0, ir_call(f, &ir_helper_six, i1, l2, s, d, l5, i6));
    IRRef v0 = ir_get(f, IR_V128, RANDOM_SLOT_V), v1 = ir_vconst(f, 1);
    ir_put(f, RANDOM_SLOT_V + 1, ir_call(f, &ir_helper_add_vectors, v0, v1));
    ir_put(f, 1, ir_call(f, &ir_helper_minus_one));
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    enter(&a);
    g_assert_cmpuint(STATE.x[0], ==, 654321);
    g_assert_cmphex(STATE.v[1].u64[1], ==, STATE.v[0].u64[1] + 1);
    g_assert_cmphex(STATE.x[1], ==, UINT32_MAX);
}

/* The guest instruction that the unwind table gives for seen_ra. */
static unsigned guest_insn_of(const TranslationBlock *tb)
{
    g_assert_true(seen_ra > (uintptr_t)tb->code && seen_ra < (uintptr_t)tb->code + tb->code_size);
    for (unsigned i = 0; i < tb->n_unwind; i++) {
        g_assert_true(i == 0 || tb->unwind[i - 1].host_offset < tb->unwind[i].host_offset);
        if (tb->unwind[i].host_offset == seen_ra - (uintptr_t)tb->code)
            return tb->unwind[i].guest_insn;
    }
    g_error("no unwind entry");
}

static void test_unwind(void)
{
    TranslationBlock a;
    setup();
    begin(0x1000);
    ir_call(f, &ir_helper_faults, ir_i64(f, 0));
    ir_insn_start(f, 0x1004, 0);
    add_to_x0(1);
    ir_insn_start(f, 0x1008, 0);
    ir_ld(f, IR_I64, ir_i64(f, RANDOM_RAM_BASE), 0, MO_64);
    ir_call(f, &ir_helper_faults, ir_get(f, IR_I64, 3));
    add_to_x0(1);
    ir_exit(f, exit_to(0x5000));
    finish(&a);

    STATE.x[0] = 0, STATE.x[3] = 1;
    if (sigsetjmp(out, 0) == 0) {
        enter(&a);
        g_assert_not_reached();
    }
    g_assert_cmpuint(guest_insn_of(&a), ==, 2);
    g_assert_cmpuint(STATE.x[0], ==, 1); /* state as of the instruction that faulted */
    STATE.x[3] = 0;
    enter(&a);
    g_assert_cmphex(cpu->parent.interp_ra, ==, 0);
    g_assert_cmphex(cpu_code_ra(&cpu->parent, 5), ==, 5);
}

/* ---- memory ---- */
static void test_memory(void)
{
    static const struct { IRType t; IRMemOp mo; uint64_t expected; } rows[] = {
        { IR_I64, MO_8, 0x88 }, { IR_I64, MO_8 | MO_SIGN, 0xffffffffffffff88 }, { IR_I32, MO_8 | MO_SIGN, 0xffffff88 },
        { IR_I32, MO_16, 0x8788 }, { IR_I64, MO_32 | MO_SIGN, 0xffffffff85868788 }, { IR_I64, MO_64 | MO_ACQ, 0x8182838485868788 },
    };
    /* the RAM by the fast path; unaligned; across its end, and elsewhere, by the slow path */
    static const uint64_t addresses[] = { RANDOM_RAM_BASE, RANDOM_RAM_BASE + 0x1ffd, RANDOM_RAM_BASE + RANDOM_RAM_SIZE - 3, 0x1238 };
    for (unsigned i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(addresses); i++) {
        TranslationBlock a;
        uint64_t va = addresses[i % ARRAY_SIZE(addresses)];
        IRMemOp mo = rows[i / ARRAY_SIZE(addresses)].mo;
        setup();
        begin(0x1000);
        IRRef addr = ir_get(f, IR_I64, 2);
        ir_st(f, addr, 16, ir_i64(f, 0x8182838485868788), MO_64 | (mo & MO_ACQ ? MO_REL : 0));
        ir_put(f, 3, ir_ld(f, rows[i / ARRAY_SIZE(addresses)].t, addr, 16, mo));
        IRRef v = ir_get(f, IR_V128, RANDOM_SLOT_V), p = ir_ldptr(f, addr, 16, MO_32);
        ir_put(f, 4, ir_hld(f, IR_I32, p, 2, MO_16 | MO_SIGN));
        ir_st2(f, addr, 16, v, v, MO_128);
        ir_put(f, RANDOM_SLOT_V + 1, ir_ld(f, IR_V128, addr, 32, MO_128));
        ir_exit(f, exit_to(0x5000));
        finish(&a);
        STATE.x[2] = va - 16;
        enter(&a);
        g_assert_cmphex(STATE.x[3], ==, rows[i / ARRAY_SIZE(addresses)].expected);
        g_assert_cmphex(STATE.x[4], ==, 0xffff8586);
        g_assert_cmpint(memcmp(&STATE.v[0], &STATE.v[1], 16), ==, 0);
        g_assert_cmphex(STATE.ram[va % RANDOM_RAM_SIZE], ==, STATE.v[0].u8[0]);
    }
}

static void test_atomics(void)
{
    TranslationBlock a;
    setup();
    begin(0x1000);
    IRRef addr = ir_i64(f, RANDOM_RAM_BASE + 8), v = ir_get(f, IR_V128, RANDOM_SLOT_V);
    ir_st(f, addr, 0, ir_i64(f, 0xfffffffe), MO_64);
    ir_put(f, 1, ir_atom_rmw(f, IR_I32, IR_AT_ADD, addr, ir_i32(f, 3), MO_32));
    IRRef one = ir_i64(f, 1), nine = ir_i64(f, 9);
    ir_put(f, 2, ir_atom_cas(f, IR_I64, addr, one, nine, MO_64));
    ir_put(f, 3, ir_ld(f, IR_I64, addr, 0, MO_64));
    IRRef old = ir_ld(f, IR_V128, addr, 8, MO_128), addr16 = ir_i64(f, RANDOM_RAM_BASE + 16);
    ir_put(f, RANDOM_SLOT_V + 2, ir_atom_cas(f, IR_V128, addr16, old, v, MO_128 | MO_ATOM16));
    ir_put(f, RANDOM_SLOT_V + 3, ir_ld(f, IR_V128, addr, 8, MO_128));
    ir_fence(f, IR_FENCE_ALL);
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    enter(&a);
    g_assert_cmphex(STATE.x[1], ==, 0xfffffffe);
    g_assert_cmphex(STATE.x[2], ==, 1);
    g_assert_cmphex(STATE.x[3], ==, 9);
    g_assert_cmpint(memcmp(&STATE.v[3], &STATE.v[0], 16), ==, 0);
}

/* An access that must be aligned and is not takes the slow path, wherever it is: that is what raises the fault. */
static void test_alignment(void)
{
    TranslationBlock a;
    setup();
    begin(0x1000);
    ir_put(f, 1, ir_ld(f, IR_I32, ir_i64(f, RANDOM_RAM_BASE + 2), 0, MO_32 | MO_32 << MO_ALIGN_SHIFT));
    ir_put(f, 2, ir_ld(f, IR_I32, ir_i64(f, RANDOM_RAM_BASE + 4), 0, MO_32 | MO_32 << MO_ALIGN_SHIFT));
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    memset(STATE.ram, 0x11, 16);
    uint64_t addend = cpu->tlb[0].addend;
    static uint8_t other[4096];
    memset(other, 0x22, 16);
    cpu->tlb[0].addend = (uintptr_t)other - RANDOM_RAM_BASE; /* the fast path reads other bytes than the slow one */
    enter(&a);
    cpu->tlb[0].addend = addend;
    g_assert_cmphex(STATE.x[1], ==, 0x11111111);
    g_assert_cmphex(STATE.x[2], ==, 0x22222222);
}

/* ---- floating point: tables that leave their mark ---- */
static uint64_t f_add(CPUState *c, uint64_t a, uint64_t b) { return a * 3 + b; }
static uint64_t f_madd(CPUState *c, uint64_t a, uint64_t b, uint64_t d) { return a * 100 + b * 10 + d; }
static uint64_t f_cvt(CPUState *c, uint64_t a) { return a + 1; }
static uint32_t f_cmp(CPUState *c, uint64_t a, uint64_t b, bool signalling) { return signalling ? IR_FL_O : a < b ? IR_FL_S | IR_FL_C : 0; }
static uint64_t f_i2f(CPUState *c, uint64_t a, bool is_signed) { return is_signed ? -a : a; }
static uint64_t f_f2i(CPUState *c, uint64_t a, bool is_signed, IRRound round, unsigned width) { return a + round * 1000 + width; }

static const TargetFpOps fp_ops = {
    .add = { f_add, f_add }, .madd = { f_madd, f_madd }, .cvt = { f_cvt, f_cvt }, .cmp = { f_cmp, f_cmp }, .i2f = { f_i2f, f_i2f }, .f2i = { f_f2i, f_f2i },
};

static void test_float(void)
{
    TranslationBlock a;
    TargetOps target = random_ir_target;
    target.fp = &fp_ops;
    setup();
    ir_reset(f, &target, 0x1000, 0);
    IRRef s = ir_bitsf(f, ir_i32(f, 5)), d = ir_bitsf(f, ir_i64(f, 7));
    ir_put(f, 0, ir_fbits(f, ir_fadd(f, s, s)));
    ir_put(f, 1, ir_fbits(f, ir_fmadd(f, d, d, d)));
    ir_put(f, 2, ir_fbits(f, ir_fcvt(f, IR_F64, s)));
    ir_put(f, 3, ir_fl_fcmp(f, s, ir_bitsf(f, ir_i32(f, 6)), false));
    ir_put(f, 4, ir_fbits(f, ir_fi2f(f, IR_F64, ir_i32(f, UINT32_MAX), true)));
    ir_put(f, 5, ir_ff2i(f, IR_I64, s, true, IR_RND_ZERO));
    IRRef v1 = ir_vconst(f, 1ull << 32 | 1), v2 = ir_vconst(f, 2ull << 32 | 2);
    ir_put(f, RANDOM_SLOT_V, ir_vfadd(f, 2, v1, v2));
    ir_put(f, RANDOM_SLOT_V + 1, ir_vfmla(f, 3, v1, ir_vconst(f, 0), v2, true));
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    enter(&a);
    g_assert_cmpuint(STATE.x[0], ==, 20);
    g_assert_cmpuint(STATE.x[1], ==, 777);
    g_assert_cmpuint(STATE.x[2], ==, 6);
    g_assert_cmphex(STATE.x[3], ==, IR_FL_S | IR_FL_C);
    g_assert_cmphex(STATE.x[4], ==, 1); /* -(-1): extended by its sign first */
    g_assert_cmpuint(STATE.x[5], ==, 5 + IR_RND_ZERO * 1000 + 64);
    for (unsigned i = 0; i < 4; i++)
        g_assert_cmpuint(STATE.v[0].u32[i], ==, 5);
    g_assert_cmphex(STATE.v[1].u64[1], ==, (1ull << 63) * 100 + (2ull << 32 | 2) * 10 + (1ull << 32 | 1));
}

static void test_disas(void)
{
    TranslationBlock a;
    char *text = NULL;
    size_t size;
    setup();
    begin(0x1000);
    ir_call(f, &ir_helper_faults, ir_i64(f, 0));
    ir_exit(f, exit_to(0x5000));
    finish(&a);
    FILE *file = open_memstream(&text, &size);
    host_ops_interp.disas(&a, file);
    fclose(file);
    g_assert_nonnull(strstr(text, "call faults(v2)"));
    g_assert_nonnull(strstr(text, "exit0(chain 0x5000)"));
    free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interp/exit/links", test_links);
    g_test_add_func("/interp/exit/cross-page", test_cross_page);
    g_test_add_func("/interp/exit/jumps", test_jumps);
    g_test_add_func("/interp/exit/poll", test_poll);
    g_test_add_func("/interp/compile/no-room", test_room);
    g_test_add_func("/interp/call/types", test_calls);
    g_test_add_func("/interp/call/unwind", test_unwind);
    g_test_add_func("/interp/memory/sizes-and-paths", test_memory);
    g_test_add_func("/interp/memory/atomics", test_atomics);
    g_test_add_func("/interp/memory/alignment", test_alignment);
    g_test_add_func("/interp/float/tables", test_float);
    g_test_add_func("/interp/disas", test_disas);
    return g_test_run();
}
