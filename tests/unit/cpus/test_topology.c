/* SPDX-License-Identifier: MIT */
/* The rules of -smp: what is filled in, over all small combinations, what is refused and with which words; the places of CPUs. */
#include <string.h>

#include "cpus/topology.h"

#define LIMIT 6u /* counts from 0 (not given) to LIMIT */

static unsigned or_one(unsigned n)
{
    return n ? n : 1;
}

static bool keeps(unsigned given, unsigned got)
{
    return !given || given == got;
}

/*
 * The rules said another way: a result has all that was given, levels that nobody filled are one, and which level took the rest follows from
 * what is missing. A request with cpus fails exactly when what was given does not divide them.
 */
static void check(const CpuTopologyRequest *r)
{
    unsigned others = or_one(r->sockets) * or_one(r->dies) * or_one(r->clusters) * or_one(r->cores) * or_one(r->threads), n = r->cpus;
    bool all = r->sockets && r->cores && r->threads, good = !n || (all ? others == n : n % others == 0);
    g_autoptr(GError) error = NULL;
    CpuTopology t;

    g_assert_cmpint(cpu_topology_fill(r, &t, &error), ==, good);
    if (!good) {
        g_assert_nonnull(strstr(error->message, "-smp"));
        return;
    }
    g_assert_cmpuint(t.sockets * t.dies * t.clusters * t.cores * t.threads, ==, t.cpus);
    g_assert_cmpuint(t.cpus, ==, n ? n : others);
    g_assert_true(keeps(r->sockets, t.sockets) && keeps(r->cores, t.cores) && keeps(r->threads, t.threads));
    g_assert_cmpuint(t.dies, ==, or_one(r->dies));
    g_assert_cmpuint(t.clusters, ==, or_one(r->clusters));
    unsigned rest = n ? n / others : 1;
    g_assert_cmpuint(t.cores, ==, r->cores ? r->cores : rest);
    g_assert_cmpuint(t.sockets, ==, r->sockets ? r->sockets : r->cores ? rest : 1);
    g_assert_cmpuint(t.threads, ==, r->threads ? r->threads : r->cores && r->sockets ? rest : 1);
}

static void test_all(void)
{
    CpuTopologyRequest r = { 0 };

    for (r.sockets = 0; r.sockets <= LIMIT; r.sockets++)
        for (r.dies = 0; r.dies <= 2; r.dies++)
            for (r.clusters = 0; r.clusters <= 3; r.clusters++)
                for (r.cores = 0; r.cores <= LIMIT; r.cores++)
                    for (r.threads = 0; r.threads <= LIMIT; r.threads++)
                        for (r.cpus = 0; r.cpus <= 64; r.cpus++)
                            check(&r);
}

static void test_max(void)
{
    CpuTopologyRequest r = { .maxcpus = 6, .threads = 2 };
    CpuTopology t;

    g_assert_true(cpu_topology_fill(&r, &t, NULL));
    g_assert_cmpuint(t.cpus, ==, 6);
    g_assert_cmpuint(t.cores, ==, 3);
    r.cpus = 6;
    g_assert_true(cpu_topology_fill(&r, &t, NULL));
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        r.cpus = i ? 8 : 2;
        g_assert_false(cpu_topology_fill(&r, &t, &error));
        g_assert_nonnull(strstr(error->message, "maxcpus=6"));
    }
}

static void refused(CpuTopologyRequest r, const char *word, const char *other)
{
    g_autoptr(GError) error = NULL;
    CpuTopology t;

    g_assert_false(cpu_topology_fill(&r, &t, &error));
    if (!strstr(error->message, word) || !strstr(error->message, other))
        g_error("\"%s\" does not say \"%s\" and \"%s\"", error->message, word, other);
}

static void test_errors(void)
{
    refused((CpuTopologyRequest){ .cpus = 8, .sockets = 2, .cores = 3, .threads = 1 }, "2 sockets * 3 cores * 1 thread make 6", "cpus=6");
    refused((CpuTopologyRequest){ .cpus = 8, .sockets = 3 }, "3 sockets do not divide 8", "multiple of 3");
    refused((CpuTopologyRequest){ .cpus = 2, .cores = 4 }, "4 cores do not divide 2", "multiple of 4");
    refused((CpuTopologyRequest){ .cpus = 4, .dies = 2, .clusters = 4 }, "2 dies * 4 clusters", "multiple of 8");
    refused((CpuTopologyRequest){ .sockets = 4096, .dies = 4096, .clusters = 4096, .cores = 4096, .threads = 4096 }, "-smp", "CPUs");
}

/* Counting CPUs counts places up: threads fastest, sockets slowest. */
static void test_places(void)
{
    CpuTopologyRequest r = { .sockets = 2, .dies = 3, .clusters = 2, .cores = 3, .threads = 2 };
    CpuTopology t;
    unsigned n = 0;

    g_assert_true(cpu_topology_fill(&r, &t, NULL));
    g_assert_cmpuint(t.cpus, ==, 72);
    g_assert_cmpuint(cpu_topology_per_cluster(&t), ==, 6);
    g_assert_cmpuint(cpu_topology_per_die(&t), ==, 12);
    g_assert_cmpuint(cpu_topology_per_socket(&t), ==, 36);
    for (unsigned s = 0; s < 2; s++)
        for (unsigned d = 0; d < 3; d++)
            for (unsigned k = 0; k < 2; k++)
                for (unsigned c = 0; c < 3; c++)
                    for (unsigned h = 0; h < 2; h++, n++) {
                        CpuPlace p = cpu_topology_place(&t, n);
                        g_assert_true(p.socket == s && p.die == d && p.cluster == k && p.core == c && p.thread == h);
                    }
    g_assert_cmpuint(cpu_topology_place(&t, 72).socket, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpus/topology/all-combinations", test_all);
    g_test_add_func("/cpus/topology/maxcpus", test_max);
    g_test_add_func("/cpus/topology/errors", test_errors);
    g_test_add_func("/cpus/topology/places", test_places);
    return g_test_run();
}
