/* SPDX-License-Identifier: MIT */
/* Where the vCPUs are: the rules by which -smp's missing numbers are filled in, and the place of a CPU. See topology.h. */
#include "cpus/topology.h"

#include <stdint.h>

#include "base/error.h"

CpuTopology cpu_topology_flat(unsigned n)
{
    return (CpuTopology){ .cpus = n, .sockets = 1, .dies = 1, .clusters = 1, .cores = n, .threads = 1 };
}

static unsigned or_one(unsigned n)
{
    return n ? n : 1;
}

static uint64_t product(const CpuTopology *t)
{
    return (uint64_t)t->sockets * t->dies * t->clusters * t->cores * t->threads;
}

/* Cores before sockets, as the machines that are modelled have them; threads only when both are given. 0: more is asked for than there is. */
static void fill_levels(CpuTopology *t, unsigned cpus)
{
    unsigned *rest = !t->cores ? &t->cores : !t->sockets ? &t->sockets : !t->threads ? &t->threads : NULL;

    if (!rest)
        return;
    t->sockets = rest == &t->sockets ? 1 : or_one(t->sockets);
    t->cores = rest == &t->cores ? 1 : t->cores;
    t->threads = rest == &t->threads ? 1 : or_one(t->threads);
    *rest = (unsigned)(cpus / product(t));
}

/* "2 sockets * 4 cores": the levels that were given, or that are not one. */
static char *levels_text(const CpuTopologyRequest *r)
{
    const struct { unsigned n; const char *name; } levels[] = {
        { r->sockets, "socket" }, { r->dies, "die" }, { r->clusters, "cluster" }, { r->cores, "core" }, { r->threads, "thread" },
    };
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(levels); i++)
        if (levels[i].n)
            g_string_append_printf(text, "%s%u %s%s", text->len ? " * " : "", levels[i].n, levels[i].name, levels[i].n > 1 ? "s" : "");
    return g_string_free(text, FALSE);
}

static bool mismatch(const CpuTopologyRequest *r, unsigned cpus, GError **error)
{
    CpuTopology given = { .sockets = or_one(r->sockets), .dies = or_one(r->dies), .clusters = or_one(r->clusters), .cores = or_one(r->cores),
                          .threads = or_one(r->threads) };
    g_autofree char *levels = levels_text(r);
    uint64_t n = product(&given);

    if (r->sockets && r->cores && r->threads)
        return error_set(error, "-smp: %s make %" G_GUINT64_FORMAT " CPUs, but cpus=%u; give cpus=%" G_GUINT64_FORMAT ", or leave one of them out", levels, n, cpus, n);
    return error_set(error, "-smp: %s do not divide %u CPUs; give a multiple of %" G_GUINT64_FORMAT, levels, cpus, n);
}

/* The CPUs that there are at the start are all that there will be. */
static bool check_max(const CpuTopologyRequest *r, GError **error)
{
    if (!r->cpus || !r->maxcpus || r->cpus == r->maxcpus)
        return true;
    if (r->maxcpus < r->cpus)
        return error_set(error, "-smp: maxcpus=%u is less than cpus=%u; leave maxcpus out", r->maxcpus, r->cpus);
    return error_set(error, "-smp: maxcpus=%u with cpus=%u: CPUs cannot be added later; give cpus=%u, or leave maxcpus out", r->maxcpus, r->cpus, r->maxcpus);
}

bool cpu_topology_fill(const CpuTopologyRequest *r, CpuTopology *out, GError **error)
{
    unsigned cpus = r->maxcpus ? r->maxcpus : r->cpus;
    CpuTopology t = { .sockets = r->sockets, .dies = or_one(r->dies), .clusters = or_one(r->clusters), .cores = r->cores, .threads = r->threads };

    if (!check_max(r, error))
        return false;
    if (cpus) {
        fill_levels(&t, cpus);
        if (product(&t) != cpus)
            return mismatch(r, cpus, error);
    } else {
        t.sockets = or_one(t.sockets), t.cores = or_one(t.cores), t.threads = or_one(t.threads);
        if (product(&t) > UINT16_MAX)
            return error_set(error, "-smp: so many CPUs (%" G_GUINT64_FORMAT ") are not possible", product(&t));
        cpus = (unsigned)product(&t);
    }
    t.cpus = cpus;
    *out = t;
    return true;
}

CpuPlace cpu_topology_place(const CpuTopology *t, unsigned index)
{
    unsigned core = index / t->threads, cluster = core / t->cores, die = cluster / t->clusters;

    return (CpuPlace){ .socket = die / t->dies, .die = die % t->dies, .cluster = cluster % t->clusters, .core = core % t->cores, .thread = index % t->threads };
}
