/* SPDX-License-Identifier: MIT */
/* The x86-64 back end against the reference evaluator, and the protocol of exits. */
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "accel/host/x86_64/jit_internal.h"
#include "base/bits.h"
#include "tests/unit/host/fake.h"

static IRFunc func;
static TranslationBlock tb __attribute__((aligned(64)));

static uint64_t rnd_state;
static uint64_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    return rnd_state ^= rnd_state << 17;
}

static void random_state(uint64_t seed)
{
    rnd_state = (seed + 1) * 88172645463325252ull;
    FakeState *s = &fake_cpu.s;
    for (unsigned i = 0; i < 32; i++) {
        s->x[i] = rnd() >> (rnd() & 63);
        s->v[i].u64[0] = rnd();
        s->v[i].u64[1] = rnd();
    }
    s->flags = rnd() & IR_FL_ALL;
    for (unsigned i = 0; i < FAKE_MEM_SIZE; i += 8)
        stq_le_p(fake_cpu.mem + i, rnd());
}

static void compare_state(const FakeState *want)
{
    const FakeState *s = &fake_cpu.s;
    for (unsigned i = 0; i < 32; i++)
        if (s->x[i] != want->x[i])
            g_error("x%u: %016" PRIx64 ", should be %016" PRIx64, i, s->x[i], want->x[i]);
    for (unsigned i = 0; i < 32; i++)
        if (memcmp(&s->v[i], &want->v[i], 16))
            g_error("v%u: %016" PRIx64 "%016" PRIx64 ", should be %016" PRIx64 "%016" PRIx64, i, s->v[i].u64[1], s->v[i].u64[0],
                want->v[i].u64[1], want->v[i].u64[0]);
    g_assert_cmphex(s->flags & IR_FL_ALL, ==, want->flags & IR_FL_ALL);
}

static void check_exit(unsigned taken, uint64_t jump_pc, uint64_t result)
{
    const IRExit *e = &func.exits[taken];
    uint64_t pc = e->kind >= IR_EXIT_JUMP ? jump_pc : e->pc;
    g_assert_cmphex(fake_cpu.s.pc, ==, pc);
    if (e->kind == IR_EXIT_MAIN)
        g_assert_cmphex(result, ==, HOST_EXIT_MAIN);
    else if (e->kind == IR_EXIT_CHAIN && !((e->pc ^ func.pc) >> 12) && result != HOST_EXIT_LOOKUP)
        g_assert_cmphex(result & ~(uint64_t)TB_EXIT_MASK, ==, (uintptr_t)&tb);
    else
        g_assert_cmphex(result, ==, HOST_EXIT_LOOKUP);
}

static void run_random(uint64_t seed)
{
    static FakeCPU ref; /* the reference uses its state alone */
    static uint8_t mem[FAKE_MEM_SIZE];
    uint64_t jump_pc = 0;
    random_ir(&func, seed);
    char *bad = ir_verify(&func);
    if (bad)
        g_error("seed %" PRIu64 ": %s", seed, bad);
    random_state(seed);
    ref.s = fake_cpu.s;
    memcpy(mem, fake_cpu.mem, sizeof(mem));
    unsigned taken = fake_reference(&func, &ref.s, mem, &jump_pc);
    if (g_getenv("DUMP_SEED"))
        ir_dump(&func, stderr);
    uint64_t result = fake_compile_run(&func, &tb);
    if (g_getenv("DUMP_SEED"))
        g_printerr("exit %u wanted, result %" PRIx64 " pc %" PRIx64 "\n", taken, result, fake_cpu.s.pc);
    if (g_getenv("DUMP_SEED"))
        host_ops_x86_64.disas(&tb, stderr);
    compare_state(&ref.s);
    for (unsigned i = 0; i < sizeof(mem) && g_getenv("DUMP_SEED"); i++)
        if (mem[i] != fake_cpu.mem[i])
            g_printerr("byte at %x: %02x, should be %02x\n", i, fake_cpu.mem[i], mem[i]);
    for (unsigned i = 0; i < sizeof(mem); i++)
        if (mem[i] != fake_cpu.mem[i])
            g_error("byte at %x: %02x, should be %02x", i, fake_cpu.mem[i], mem[i]);
    check_exit(taken, jump_pc, result);
}

static void test_random(const void *features)
{
    host_features_init(features, NULL);
    fake_check_slow = true;
    uint64_t first = 0, n = 20000;
    if (g_getenv("SEED")) {
        first = g_ascii_strtoull(g_getenv("SEED"), NULL, 0);
        n = 1;
    }
    for (uint64_t seed = first; seed < first + n; seed++) {
        if (g_getenv("TRACE_SEED"))
            g_printerr("# seed %" PRIu64 "\n", seed);
        host_one_thread = seed & 1;
        run_random(seed);
    }
    host_features_init(NULL, NULL);
    host_one_thread = false;
}

/* ---- locks ---- */
/* Whether the block of one read-modify-write has a locked instruction with this opcode, behind prefixes and 0f. */
static bool emits(IRAtomic op, bool wanted, uint64_t operand, bool lock, unsigned opcode)
{
    ir_reset(&func, &fake_target, 0x1000, 0);
    ir_insn_start(&func, 0x1000, 0);
    IRRef addr = ir_i64(&func, FAKE_MEM_BASE + 64), v = operand ? ir_get(&func, IR_I64, 3) : ir_i64(&func, 0);
    IRRef old = ir_atom_rmw(&func, IR_I64, op, addr, v, MO_64);
    if (wanted)
        ir_put(&func, 1, old);
    ir_exit(&func, ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x1004 }));
    fake_compile_run(&func, &tb);
    for (unsigned i = lock; i + 3 < tb.code_size; i++) {
        const uint8_t *p = tb.code + i;
        bool locked = i && p[-1] == 0xf0;
        if ((p[0] & 0xf8) == 0x48 && (p[1] == opcode || (p[1] == 0x0f && p[2] == opcode)) && locked == lock)
            return true;
    }
    return false;
}

/* What is for nobody is one instruction; what one thread does alone is not locked, but for an x86 guest's barriers. */
static void test_locks(void)
{
    static const struct { IRAtomic op; unsigned dead, wanted; } rows[] = {
        { IR_AT_ADD, 0x01, 0xc1 }, { IR_AT_OR, 0x09, 0xb1 }, { IR_AT_AND, 0x21, 0xb1 }, { IR_AT_XOR, 0x31, 0xb1 }, { IR_AT_ANDN, 0x21, 0xb1 },
    };
    fake_check_slow = false;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        host_one_thread = false;
        g_assert_true(emits(rows[i].op, false, 1, true, rows[i].dead));
        g_assert_true(emits(rows[i].op, true, 1, true, rows[i].wanted));
        host_one_thread = true;
        g_assert_true(emits(rows[i].op, false, 1, false, rows[i].dead));
        g_assert_false(emits(rows[i].op, true, 1, true, rows[i].wanted));
    }
    g_assert_false(emits(IR_AT_ADD, false, 0, true, 0x01));
    g_assert_false(emits(IR_AT_XCHG, true, 1, false, 0x87));
    TargetOps tso = fake_target;
    tso.tso = true;
    jit_target = &tso;
    g_assert_true(emits(IR_AT_ADD, false, 0, true, 0x01));
    g_assert_false(emits(IR_AT_ADD, false, 1, true, 0x01));
    g_assert_true(emits(IR_AT_XCHG, true, 1, false, 0x87));
    jit_target = &fake_target;
    host_one_thread = false;
}

/*
 * A loop's load finds its page among the recent ones. Then one that begins on the page below and ends on that page: its first bytes
 * are not where the recent page says. The pages are not neighbours on the host.
 */
static void test_recent_page(void)
{
    enum { IN_SECOND = 0x1100, ACROSS = 0x1000 - 4 };
    uint64_t addend = fake_cpu.tlb[1].addend;
    fake_check_slow = false;
    random_state(1);
    fake_cpu.tlb[1].addend = addend + 0x1000;
    ir_reset(&func, &fake_target, 0x400000, 0);
    ir_insn_start(&func, 0x400000, 0);
    ir_put(&func, 1, ir_ld(&func, IR_I64, ir_get(&func, IR_I64, 0), 0, MO_64));
    ir_exit(&func, ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = 0x400000 }));
    fake_code_reset();
    fake_compile(&func, &tb);
    memset(fake_cpu.parent.recent, 0xff, sizeof fake_cpu.parent.recent);
    fake_slow_calls = 0;
    for (unsigned i = 0; i < 4; i++) {
        fake_cpu.s.x[0] = FAKE_MEM_BASE + (i & 1 ? ACROSS : IN_SECOND);
        fake_run(&tb);
        g_assert_cmphex(fake_cpu.s.x[1], ==, ldq_le_p(fake_cpu.mem + (i & 1 ? ACROSS : IN_SECOND + 0x1000)));
        g_assert_cmpuint(fake_slow_calls, ==, (i + 1) / 2);
    }
    fake_cpu.tlb[1].addend = addend;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    host_features_init(NULL, NULL);
    fake_init();
    g_test_add_data_func("/host/random/all-features", NULL, test_random);
    g_test_add_data_func("/host/random/baseline", "none", test_random);
    g_test_add_func("/host/atomic/locks", test_locks);
    g_test_add_func("/host/probe/recent-page-is-not-for-the-page-below", test_recent_page);
    return g_test_run();
}
