/* SPDX-License-Identifier: MIT */
/* Audit of the A64 decode rows: each can be reached, and the tree agrees with a plain search of the table. */
#include <glib.h>

#include "target/arm/decode.h"

#define ALL_FEATURES (~0ull)

static bool matches(unsigned row, uint32_t insn) { return (insn & a64_rows[row].mask) == a64_rows[row].value; }

/* A word of the row, its free bits taken from noise, for which the tree gives the row: other rows may be over it for some. */
static bool row_is_reachable(unsigned row)
{
    for (unsigned i = 0; i < 200; i++) {
        uint32_t noise = g_test_rand_int();
        uint32_t insn = (noise & ~a64_rows[row].mask) | a64_rows[row].value;
        if (a64_find_row(insn, ALL_FEATURES) == (int)row)
            return true;
    }
    return false;
}

static void test_rows_reachable(void)
{
    for (unsigned row = 0; row < a64_nb_rows; row++) {
        if (!row_is_reachable(row))
            g_test_message("%s: %s is never found", a64_rows[row].where, a64_rows[row].name);
        g_assert_true(row_is_reachable(row));
    }
}

/* Where several rows match, the one found must be a special case of the others: its mask holds theirs. */
static void check_word(uint32_t insn)
{
    int found = a64_find_row(insn, ALL_FEATURES);
    unsigned n = 0;

    for (unsigned row = 0; row < a64_nb_rows; row++) {
        if (!matches(row, insn))
            continue;
        n++;
        g_assert_cmpint(found, >=, 0);
        g_assert_cmphex(a64_rows[row].mask & ~a64_rows[found].mask, ==, 0);
    }
    g_assert_true(found < 0 ? n == 0 : matches((unsigned)found, insn));
}

static void test_tree_agrees(void)
{
    for (unsigned i = 0; i < 100000; i++)
        check_word(g_test_rand_int());
}

static void test_features_gate(void)
{
    for (unsigned row = 0; row < a64_nb_rows; row++) {
        uint64_t without = ~(1ull << a64_rows[row].feature);
        g_assert_cmpint(a64_find_row(a64_rows[row].value, without), !=, (int)row);
        g_assert_cmpint(a64_find_row(a64_rows[row].value, 0), ==, -1);
    }
}

/* A hint of a feature that is missing is a NOP, not UNDEFINED. */
static void test_hint_falls_back(void)
{
    const uint32_t paciasp = 0xd503233f;
    int with = a64_find_row(paciasp, ALL_FEATURES), without = a64_find_row(paciasp, ~(1ull << ARM_FEAT_pauth));

    g_assert_cmpstr(a64_rows[with].name, ==, "PAC_SP");
    g_assert_cmpstr(a64_rows[without].name, ==, "HINT");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arm/decode/every-row-reachable", test_rows_reachable);
    g_test_add_func("/arm/decode/tree-agrees-with-table", test_tree_agrees);
    g_test_add_func("/arm/decode/feature-gates-row", test_features_gate);
    g_test_add_func("/arm/decode/hint-without-feature-is-nop", test_hint_falls_back);
    return g_test_run();
}
