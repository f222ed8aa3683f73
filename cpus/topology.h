/* SPDX-License-Identifier: MIT */
/*
 * Where the vCPUs are: sockets, dies, clusters, cores and threads, as -smp says and as the guest is told.
 *
 * CPUs are numbered so that neighbours share most: the threads of a core come first, then the cores of a cluster, and so on. A
 * level that a machine does not have has one of it in the level above.
 */
#ifndef CPUS_TOPOLOGY_H
#define CPUS_TOPOLOGY_H

#include <glib.h>
#include <stdbool.h>

/* Each level counted within one of the level above; cpus is their product. */
typedef struct CpuTopology { unsigned cpus, sockets, dies, clusters, cores, threads; } CpuTopology;

/* What the user wrote; 0: nothing. */
typedef struct CpuTopologyRequest { unsigned cpus, maxcpus, sockets, dies, clusters, cores, threads; } CpuTopologyRequest;

/* A CPU's place, each number counted within the level above. */
typedef struct CpuPlace { unsigned socket, die, cluster, core, thread; } CpuPlace;

/* n cores of one thread, in one socket. */
CpuTopology cpu_topology_flat(unsigned n);
/*
 * Fills in what the request leaves out: dies and clusters are 1; of sockets, cores and threads the first of {cores, sockets, threads} that is
 * missing takes what the number of CPUs leaves, others are 1. False: the numbers do not go together, or ask for CPUs that come later.
 */
bool cpu_topology_fill(const CpuTopologyRequest *request, CpuTopology *out, GError **error);
/* Of CPU index; one past the topology's end is in a socket further on. */
CpuPlace cpu_topology_place(const CpuTopology *t, unsigned index);
/* How many CPUs one of each level has. */
static inline unsigned cpu_topology_per_cluster(const CpuTopology *t) { return t->cores * t->threads; }
static inline unsigned cpu_topology_per_die(const CpuTopology *t) { return t->clusters * t->cores * t->threads; }
static inline unsigned cpu_topology_per_socket(const CpuTopology *t) { return t->dies * t->clusters * t->cores * t->threads; }

#endif
