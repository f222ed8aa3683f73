/* SPDX-License-Identifier: MIT */
/* Every host agrees with the interpreter: random blocks, optimised and not, leave the same state. */
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "accel/host/host.h"
#include "accel/opt/opt.h"
#include "tests/unit/ir/random_ir.h"

#define ROOM (4u << 20)

typedef struct Host {
    const HostOps *ops;
    CodeBuf start;      /* after what init emits */
} Host;

static Host interp, native;

static Host host_start(const HostOps *ops)
{
    uint8_t *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(room != MAP_FAILED);
    Host h = { .ops = ops, .start = { .rw = room, .end = room + ROOM } };
    g_assert_true(ops->init(&h.start, &random_ir_target, NULL));
    return h;
}

static uint64_t run(const Host *h, RandomCPU *cpu, const IRFunc *f, uint64_t seed)
{
    CodeBuf buf = h->start;
    TBLink links[TB_MAX_LINKS] = { 0 };
    TranslationBlock tb = { .pc = f->pc, .links = links };
    g_assert_true(h->ops->compile(f, &tb, &buf));
    random_cpu_fill(cpu, seed);
    return h->ops->enter(&cpu->parent, tb.code);
}

static void complain(const IRFunc *f, uint64_t seed, const char *what)
{
    ir_dump(f, stderr);
    g_error("seed %" G_GUINT64_FORMAT ": interpreter and host: %s", seed, what);
}

static void compare(IRFunc *f, RandomCPU *a, RandomCPU *b, uint64_t seed)
{
    uint64_t exit_a = run(&interp, a, f, seed), exit_b = run(&native, b, f, seed);
    char *diff = random_state_diff(&a->state, &b->state, true);
    if (diff || exit_a != exit_b || a->helper_calls != b->helper_calls)
        complain(f, seed, diff ? diff : "exits or helper calls differ");
}

static void compare_many(uint64_t first, unsigned count, unsigned n, unsigned features)
{
    IRFunc *f = g_new(IRFunc, 1);
    RandomCPU *a = random_cpu_new(), *b = random_cpu_new();
    for (uint64_t seed = first; seed < first + count; seed++) {
        random_ir_build(f, seed, n, features);
        compare(f, a, b, seed);
        ir_optimise(f);
        compare(f, a, b, seed);
    }
    g_free(f);
    free(a);
    free(b);
}

static void test_integers(void) { compare_many(1, 1500, 80, 0); }
static void test_memory(void) { compare_many(100000, 1500, 80, RANDOM_MEMORY | RANDOM_BRANCHES | RANDOM_CALLS); }
static void test_vectors(void) { compare_many(200000, 1500, 80, RANDOM_VECTORS); }
static void test_all(void) { compare_many(300000, 500, 300, RANDOM_ALL); }

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(host_features_init("", NULL));
    interp = host_start(&host_ops_interp);
    native = host_start(&host_ops_x86_64);
    g_test_add_func("/host/random/integers", test_integers);
    g_test_add_func("/host/random/memory-branches-calls", test_memory);
    g_test_add_func("/host/random/vectors", test_vectors);
    g_test_add_func("/host/random/all-ops", test_all);
    return g_test_run();
}
