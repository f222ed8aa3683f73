/* SPDX-License-Identifier: MIT */
/* The optimiser keeps what blocks mean: random blocks leave the same state before and after it. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "accel/host/host.h"
#include "accel/opt/opt.h"
#include "tests/unit/ir/random_ir.h"

static uint64_t run(RandomCPU *cpu, const IRFunc *f, uint64_t seed)
{
    static uint8_t room[1 << 20] __attribute__((aligned(64)));
    CodeBuf buf = { .rw = room, .end = room + sizeof(room) };
    TBLink links[TB_MAX_LINKS] = { 0 };
    TranslationBlock tb = { .pc = f->pc, .links = links };
    g_assert_true(host_ops_interp.compile(f, &tb, &buf));
    random_cpu_fill(cpu, seed);
    return host_ops_interp.enter(&cpu->parent, tb.code);
}

static void complain(IRFunc *f, uint64_t seed, unsigned n, unsigned features, const char *what)
{
    random_ir_build(f, seed, n, features);
    ir_dump(f, stderr);
    ir_optimise(f);
    fprintf(stderr, "---- optimised ----\n");
    ir_dump(f, stderr);
    g_error("seed %" G_GUINT64_FORMAT ", %u insns: %s", seed, n, what);
}

static void check_verifies(IRFunc *f, uint64_t seed, unsigned n, unsigned features)
{
    char *error = ir_verify(f);
    if (error)
        complain(f, seed, n, features, error);
}

/* Blocks from seeds first.. agree; returns how many insns the optimiser removed. */
static uint64_t compare_many(uint64_t first, unsigned count, unsigned n, unsigned features)
{
    IRFunc *f = g_new(IRFunc, 1);
    RandomCPU *a = random_cpu_new(), *b = random_cpu_new();
    uint64_t removed = 0;

    for (uint64_t seed = first; seed < first + count; seed++) {
        random_ir_build(f, seed, n, features);
        check_verifies(f, seed, n, features);
        uint64_t exit_a = run(a, f, seed), before = f->n_insns;
        ir_optimise(f);
        check_verifies(f, seed, n, features);
        uint64_t exit_b = run(b, f, seed);
        char *diff = random_state_diff(&a->state, &b->state, false);
        if (diff || exit_a != exit_b || a->helper_calls != b->helper_calls)
            complain(f, seed, n, features, diff ? diff : "exits or helper calls differ");
        removed += before - f->n_insns;
    }
    g_free(f);
    free(a);
    free(b);
    return removed;
}

static void test_integers(void) { g_assert_cmpuint(compare_many(1, 4000, 60, 0), >, 0); }
static void test_short(void) { compare_many(100000, 6000, 12, RANDOM_ALL); }
static void test_all(void) { g_assert_cmpuint(compare_many(200000, 2000, 150, RANDOM_ALL), >, 2000); }
static void test_long(void) { compare_many(300000, 20, 3000, RANDOM_ALL); }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/opt/random/integers", test_integers);
    g_test_add_func("/opt/random/short-blocks", test_short);
    g_test_add_func("/opt/random/all-ops", test_all);
    g_test_add_func("/opt/random/long-blocks", test_long);
    return g_test_run();
}
