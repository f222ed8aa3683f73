/* SPDX-License-Identifier: MIT */
/*
 * The table of blocks under threads that add, take out and look up, in very few chains. Forbidden: a block that stays is not found;
 * one that was taken out before is, or is left in a chain; two equal blocks are in.
 */
#include <glib.h>

#include "tests/unit/exec/toy.h"

#define N_THREADS 4
#define N_STAY 4     /* blocks that stay, of each thread */
#define ROUNDS 1200
#define BATCH 4      /* blocks that come and go */

static TranslationBlock stay[N_THREADS][N_STAY];
static int running, missed, found; /* (a) */

static void make(TranslationBlock *tb, unsigned thread, unsigned n)
{
    *tb = (TranslationBlock){ .pc = 0x1000 * thread + n, .flags = thread, .phys = n, .phys2 = RAM_ADDR_INVALID, .n_guest = 1 };
}

static TranslationBlock *look_up(const TranslationBlock *tb) { return tb_table_lookup(tb->pc, tb->flags, tb->phys); }

static void check_stay(void)
{
    for (unsigned t = 0; t < N_THREADS; t++)
        for (unsigned n = 0; n < N_STAY; n++)
            if (look_up(&stay[t][n]) != &stay[t][n])
                __atomic_fetch_add(&missed, 1, __ATOMIC_RELAXED);
}

/* Blocks are not used twice while anybody may read, as in a code buffer. */
static gpointer churn(gpointer data)
{
    unsigned t = GPOINTER_TO_UINT(data);
    TranslationBlock *all = g_aligned_alloc(ROUNDS * BATCH, sizeof *all, 64);
    for (unsigned r = 0; r < ROUNDS; r++) {
        TranslationBlock *batch = all + r * BATCH;
        for (unsigned n = 0; n < BATCH; n++) {
            make(&batch[n], t, N_STAY + n);
            if (tb_table_insert(&batch[n]) != &batch[n])
                __atomic_fetch_add(&found, 1, __ATOMIC_RELAXED);
        }
        for (unsigned n = 0; n < BATCH; n++) {
            unsigned k = n * 7 % BATCH;
            __atomic_store_n(&batch[k].invalid, 1, __ATOMIC_SEQ_CST);
            tb_table_remove(&batch[k]);
            if (look_up(&batch[k]))
                __atomic_fetch_add(&found, 1, __ATOMIC_RELAXED);
        }
        if (r % 4 == 0)
            check_stay();
    }
    return all; /* others may stand on these blocks yet */
}

static bool is_one_of(const TranslationBlock *tb, const TranslationBlock *all, unsigned n) { return tb >= all && tb < all + n; }

/* Nothing is in the chains but what is to be there. */
static void check_chains(void)
{
    static TranslationBlock heads[8]; /* of both chains, some of them */
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        make(&heads[i], N_THREADS, i);
        tb_table_insert(&heads[i]);
        for (const TranslationBlock *tb = &heads[i]; tb; tb = (const TranslationBlock *)tb->hash_next)
            g_assert_true(is_one_of(tb, heads, G_N_ELEMENTS(heads)) || is_one_of(tb, stay[0], N_THREADS * N_STAY));
    }
}

static void test_churn(void)
{
    GThread *threads[N_THREADS];
    tb_table_init(1024); /* two chains */
    for (unsigned t = 0; t < N_THREADS; t++)
        for (unsigned n = 0; n < N_STAY; n++) {
            make(&stay[t][n], t, n);
            g_assert_true(tb_table_insert(&stay[t][n]) == &stay[t][n]);
        }
    for (unsigned t = 0; t < N_THREADS; t++)
        threads[t] = g_thread_new("churn", churn, GUINT_TO_POINTER(t));
    gpointer used[N_THREADS];
    for (unsigned t = 0; t < N_THREADS; t++)
        used[t] = g_thread_join(threads[t]);
    check_stay();
    check_chains();
    for (unsigned t = 0; t < N_THREADS; t++)
        g_aligned_free(used[t]);
    g_assert_cmpint(missed, ==, 0);
    g_assert_cmpint(found, ==, 0);
}

static TranslationBlock equal[N_THREADS];
static int inserted; /* (a) */

static gpointer insert_equal(gpointer data)
{
    TranslationBlock *tb = data;
    __atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&running, __ATOMIC_SEQ_CST))
        ;
    if (tb_table_insert(tb) == tb)
        __atomic_fetch_add(&inserted, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void test_equal(void)
{
    GThread *threads[2];
    for (unsigned round = 0; round < 200; round++) {
        tb_table_reset();
        inserted = 0;
        running = 2;
        for (unsigned t = 0; t < 2; t++) {
            make(&equal[t], 0, 5);
            threads[t] = g_thread_new("equal", insert_equal, &equal[t]);
        }
        for (unsigned t = 0; t < 2; t++)
            g_thread_join(threads[t]);
        g_assert_cmpint(inserted, ==, 1);
    }
}

/* Taken out before it is put in, and again after: what a block goes through that is killed while it is published. */
static void test_removed_early(void)
{
    tb_table_reset();
    TranslationBlock a, b;
    make(&a, 0, 1);
    make(&b, 0, 2);
    tb_table_remove(&a);
    g_assert_true(tb_table_insert(&a) == &a);
    g_assert_true(tb_table_insert(&b) == &b);
    a.invalid = 1;
    tb_table_remove(&a);
    tb_table_remove(&a);
    g_assert_null(look_up(&a));
    g_assert_true(look_up(&b) == &b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec/table/blocks-come-and-go", test_churn);
    g_test_add_func("/exec/table/equal-block-once", test_equal);
    g_test_add_func("/exec/table/removed-early", test_removed_early);
    return g_test_run();
}
