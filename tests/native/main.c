/* SPDX-License-Identifier: MIT */
/*
 * x86 instructions against the CPU that this runs on.
 *
 * Short programs of random instructions, made from the decode rows (generate.c), run natively (host.c) and on calque (guest.c), from the same state. All that a
 * user program can see afterwards must agree: registers, flags, memory, the x87 and vector state, and what stopped it: vector, error code, address. The
 * host is an Intel part with AVX2 and more; what it lacks is not tested. Undefined results are expected to be what this part leaves.
 *
 *   native [--mode translated|unoptimised|interpreted] [--match REGEX] [--feature NAME] [--seed N] [--count N] [--length N]
 *          [--bits 64|32|16] [--show N] [--list]
 *
 * Speaks TAP: one point a feature, whose rows share --count programs. Each program ends in an instruction of the row it is for. A failing
 * one is made again, shorter where that still fails, and printed. In the suite the count is small; run it with millions after a change.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/native/native.h"

static char *mode_name, *match, *feature;
static gint64 seed = 1, count = 20000;
static int max_length = 6, show = 10, bits = 64;
static gboolean list;
unsigned native_bits = 64;

typedef struct Group { const char *name; unsigned *rows, n; } Group;

static NativeMode mode_of(const char *name)
{
    static const char *const names[] = { "translated", "unoptimised", "interpreted" };
    for (unsigned i = 0; name && i < 3; i++) {
        if (!strcmp(names[i], name))
            return (NativeMode)i;
    }
    return NATIVE_TRANSLATED;
}

/* Rows by feature. */
static GPtrArray *make_groups(void)
{
    GPtrArray *groups = g_ptr_array_new();
    for (unsigned r = 0; r < native_row_count(); r++) {
        Group *g = NULL;
        for (unsigned k = 0; k < groups->len && !g; k++) {
            Group *have = g_ptr_array_index(groups, k);
            g = strcmp(have->name, native_row_feature(r)) ? NULL : have;
        }
        if (!g) {
            g = g_new0(Group, 1);
            g->name = native_row_feature(r);
            g->rows = g_new(unsigned, native_row_count());
            g_ptr_array_add(groups, g);
        }
        g->rows[g->n++] = r;
    }
    return groups;
}

/* The case without its first instructions, while it still differs. */
static void shorten(NativeCase *c)
{
    NativeOutcome host, guest;
    while (c->n_insns > 1) {
        NativeCase shorter = *c;
        unsigned cut = c->offset[1];
        shorter.n_insns--;
        shorter.length -= cut;
        memmove(shorter.code, c->code + cut, shorter.length);
        memset(&host, 0, sizeof(host));
        memset(&guest, 0, sizeof(guest));
        for (unsigned k = 0; k <= shorter.n_insns; k++) {
            shorter.offset[k] = c->offset[k + 1] - cut;
            if (k < shorter.n_insns)
                shorter.rows[k] = c->rows[k + 1];
        }
        shorter.code_at += cut;
        shorter.in.rip = shorter.code_at - native_code_base();
        native_host_run(&shorter, &host);
        native_guest_run(&shorter, &guest);
        if (host.hung || native_compare(&shorter, &host, &guest, false))
            return;
        *c = shorter;
    }
}

static bool run_one(uint64_t case_seed, unsigned row, bool print)
{
    static NativeCase c;
    static NativeOutcome host, guest;
    native_seed(case_seed);
    native_generate(&c, row, 1 + (unsigned)(case_seed % (unsigned)max_length));
    native_host_run(&c, &host);
    if (host.hung)
        return true;
    native_guest_run(&c, &guest);
    if (native_compare(&c, &host, &guest, false))
        return true;
    if (print) {
        shorten(&c);
        printf("# differs: %s, case seed %llu\n", native_row(row)->mnemonic, (unsigned long long)case_seed);
        native_print_case(&c);
        memset(&host, 0, sizeof(host));
        memset(&guest, 0, sizeof(guest));
        native_host_run(&c, &host);
        native_guest_run(&c, &guest);
        native_compare(&c, &host, &guest, true);
        fflush(stdout);
    }
    return false;
}

static unsigned run_group(const Group *g, uint64_t n)
{
    unsigned failed = 0;
    unsigned *by_row = g_new0(unsigned, native_row_count());
    for (uint64_t k = 0; k < n; k++) {
        unsigned row = g->rows[k % g->n];
        if (run_one((uint64_t)seed * 1000003 + g->rows[0] * 1000000007ull + k, row, failed < (unsigned)show && by_row[row] < 2))
            continue;
        failed++;
        by_row[row]++;
    }
    for (unsigned r = 0; r < native_row_count(); r++) {
        if (by_row[r])
            printf("# %u differ: %s\n", by_row[r], native_row(r)->mnemonic);
    }
    g_free(by_row);
    return failed;
}

static void parse_options(int argc, char **argv)
{
    GOptionEntry entries[] = { { "mode", 0, 0, G_OPTION_ARG_STRING, &mode_name, "translated, unoptimised or interpreted", "MODE" },
                               { "match", 0, 0, G_OPTION_ARG_STRING, &match, "mnemonics to test", "REGEX" },
                               { "feature", 0, 0, G_OPTION_ARG_STRING, &feature, "CPU feature to test, base for none", "NAME" },
                               { "seed", 0, 0, G_OPTION_ARG_INT64, &seed, "another seed makes other programs", "N" },
                               { "count", 0, 0, G_OPTION_ARG_INT64, &count, "programs in all", "N" },
                               { "length", 0, 0, G_OPTION_ARG_INT, &max_length, "instructions a program, at most", "N" },
                               { "show", 0, 0, G_OPTION_ARG_INT, &show, "differences to print for each feature", "N" },
                               { "bits", 0, 0, G_OPTION_ARG_INT, &bits, "width of code: 64, 32 or 16", "N" },
                               { "list", 0, 0, G_OPTION_ARG_NONE, &list, "list what is tested", NULL },
                               { NULL } };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error))
        g_error("%s", error->message);
    native_bits = bits == 16 || bits == 32 ? (unsigned)bits : 64;
    max_length = CLAMP(max_length, 1, NATIVE_MAX_INSNS);
}

int main(int argc, char **argv)
{
    parse_options(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    NativeMode mode = mode_of(mode_name);
    NativeFilter filter = { match, feature };
    unsigned failed = 0;
    native_guest_init(mode);
    native_host_init();
    if (!native_generate_init(&filter)) {
        printf("1..0 # SKIP no such instruction here\n");
        return 0;
    }
    GPtrArray *groups = make_groups();
    for (unsigned r = 0; list && r < native_row_count(); r++)
        printf("# %s %s\n", native_row_feature(r), native_row(r)->mnemonic);
    printf("1..%u\n", groups->len);
    for (unsigned k = 0; k < groups->len; k++) {
        const Group *g = g_ptr_array_index(groups, k);
        uint64_t share = (uint64_t)count * g->n / native_row_count();
        unsigned n = run_group(g, MAX(share, 2 * g->n));
        printf("%s %u - %s: %u rows\n", n ? "not ok" : "ok", k + 1, g->name, g->n);
        failed += n;
    }
    native_guest_finish();
    return failed != 0;
}
