/* SPDX-License-Identifier: MIT */
/*
 * Counting of locks and events: a hash table a thread, summed by the report.
 *
 * Only its thread writes a table; a report reads it meanwhile, so all words are read and written atomically, relaxed. A row's
 * name is stored last, with release: who sees the name sees the rest of the key. Tables outlive their threads, and a row keeps
 * its key for good, so that a SyncEntry may be remembered with the lock that is held. A reset is a new generation: a thread
 * zeroes its table when it next counts, and until then the report leaves it out. What a full table has no row for is lost, and
 * the report says how much.
 */
#include "base/sync_profile.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"

#define TABLE_BITS 9
#define TABLE_SIZE (1u << TABLE_BITS)
#define TABLE_FULL (TABLE_SIZE - TABLE_SIZE / 8)

/* What a row counts: a lock's class, or one of these. */
enum { KIND_EVENT = LOCK_NB_CLASSES, KIND_REGION };

typedef struct SyncCounts {
    uint64_t count, contended; /* regions: contended is accesses under the big lock */
    uint64_t wait_ns, held_ns, max_wait_ns;
} SyncCounts;

struct SyncEntry {
    const char *name; /* NULL: free */
    const char *file;
    int line, kind;
    SyncCounts n;
};

typedef struct SyncTable {
    struct SyncTable *next; /* (c) once on the list */
    unsigned generation;    /* (a) of the counts */
    unsigned used;          /* owner */
    uint64_t lost;          /* (a) */
    SyncEntry entry[TABLE_SIZE];
} SyncTable;

bool sync_profile_on;
static unsigned generation;   /* (a) */
static int64_t counted_since; /* (a) when counting was last turned on or reset */
static SyncTable *tables;     /* (a) pushed, never removed */
static __thread SyncTable *mine;

static const char *const event_names[] = {
#define X(c, name) name,
    SYNC_EVENTS(X)
#undef X
};
static const char *const class_names[] = {
#define X(c, name) name,
    LOCK_CLASSES(X)
#undef X
};

/* ---- counting ---- */
static void store(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void add(uint64_t *word, uint64_t value)
{
    store(word, load(word) + value);
}

static SyncTable *new_table(void)
{
    SyncTable *t = g_malloc0(sizeof *t);
    t->generation = __atomic_load_n(&generation, __ATOMIC_RELAXED);
    t->next = __atomic_load_n(&tables, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&tables, &t->next, t, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
    return t;
}

static void zero_counts(SyncCounts *n)
{
    store(&n->count, 0);
    store(&n->contended, 0);
    store(&n->wait_ns, 0);
    store(&n->held_ns, 0);
    store(&n->max_wait_ns, 0);
}

static SyncTable *my_table(void)
{
    if (!mine)
        mine = new_table();
    unsigned now = __atomic_load_n(&generation, __ATOMIC_RELAXED);
    if (mine->generation == now)
        return mine;
    for (unsigned i = 0; i < TABLE_SIZE; i++)
        zero_counts(&mine->entry[i].n);
    store(&mine->lost, 0);
    __atomic_store_n(&mine->generation, now, __ATOMIC_RELEASE);
    return mine;
}

static unsigned hash(int kind, const char *name, const char *file, int line)
{
    uint64_t h = (uintptr_t)name * 31 + (uintptr_t)file * 7 + (unsigned)line * 131u + (unsigned)kind;
    return (unsigned)(h * 0x9e3779b97f4a7c15ull >> (64 - TABLE_BITS));
}

static SyncEntry *use_row(SyncTable *t, SyncEntry *e, int kind, const char *name, const char *file, int line)
{
    if (t->used == TABLE_FULL)
        return NULL;
    t->used++;
    e->kind = kind;
    e->file = file;
    e->line = line;
    __atomic_store_n(&e->name, name, __ATOMIC_RELEASE);
    return e;
}

/* This thread's row; NULL: the table is full. Keys are compared as pointers; the report brings equal texts together. */
static SyncEntry *row(int kind, const char *name, const char *file, int line)
{
    SyncTable *t = my_table();
    unsigned i = hash(kind, name, file, line);
    SyncEntry *e = &t->entry[i];
    while (e->name && !(e->name == name && e->kind == kind && e->file == file && e->line == line))
        e = &t->entry[++i % TABLE_SIZE]; /* ends: some rows are always free */
    if (!e->name)
        e = use_row(t, e, kind, name, file, line);
    if (!e)
        add(&t->lost, 1);
    return e;
}

static void count(SyncEntry *e, bool contended, int64_t wait_ns)
{
    uint64_t ns = wait_ns > 0 ? (uint64_t)wait_ns : 0;
    add(&e->n.count, 1);
    if (contended)
        add(&e->n.contended, 1);
    if (!ns)
        return;
    add(&e->n.wait_ns, ns);
    if (ns > load(&e->n.max_wait_ns))
        store(&e->n.max_wait_ns, ns);
}

int64_t sync_now(void)
{
    return clock_get_ns(CLOCK_RT);
}

SyncEntry *sync_lock_acquired(int class, const char *name, const char *file, int line, int64_t since, int64_t now)
{
    SyncEntry *e = row(class, name, file, line);
    if (e)
        count(e, since != 0, since ? now - since : 0);
    return e;
}

/* A lock that was taken before counting began, or in an earlier time of counting, says nothing. */
void sync_lock_held(SyncEntry *entry, int64_t since)
{
    if (!entry || since < __atomic_load_n(&counted_since, __ATOMIC_RELAXED))
        return;
    my_table();
    add(&entry->n.held_ns, (uint64_t)(sync_now() - since));
}

void sync_count_slow(SyncEvent event, int64_t since)
{
    SyncEntry *e = row(KIND_EVENT, event_names[event], NULL, 0);
    if (e)
        count(e, false, since ? sync_now() - since : 0);
}

void sync_region_accessed(const char *name, bool big_lock, int64_t since)
{
    SyncEntry *e = row(KIND_REGION, g_intern_string(name), NULL, 0);
    if (!e)
        return;
    count(e, big_lock, 0);
    add(&e->n.held_ns, (uint64_t)(sync_now() - since));
}

void sync_profile_reset(void)
{
    __atomic_fetch_add(&generation, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&counted_since, sync_now(), __ATOMIC_RELAXED);
}

void sync_profile_enable(bool on)
{
    if (on && !sync_profile_on)
        __atomic_store_n(&counted_since, sync_now(), __ATOMIC_RELAXED);
    __atomic_store_n(&sync_profile_on, on, __ATOMIC_RELAXED);
}

/* ---- the report ---- */
static void sum_counts(SyncCounts *to, const SyncCounts *from)
{
    uint64_t max = load(&from->max_wait_ns);
    to->count += load(&from->count);
    to->contended += load(&from->contended);
    to->wait_ns += load(&from->wait_ns);
    to->held_ns += load(&from->held_ns);
    if (max > to->max_wait_ns)
        to->max_wait_ns = max;
}

static bool same_key(const SyncEntry *a, const SyncEntry *b)
{
    return a->kind == b->kind && a->line == b->line && !strcmp(a->name, b->name) && !g_strcmp0(a->file, b->file);
}

/* Adds an entry to the sum in which its key is found. */
static void sum_entry(GArray *sums, const SyncEntry *e)
{
    SyncEntry fresh = { __atomic_load_n(&e->name, __ATOMIC_ACQUIRE), e->file, e->line, e->kind, { 0 } };
    if (!fresh.name || !load(&e->n.count))
        return;
    for (unsigned i = 0; i < sums->len; i++) {
        SyncEntry *s = &g_array_index(sums, SyncEntry, i);
        if (same_key(s, &fresh)) {
            sum_counts(&s->n, &e->n);
            return;
        }
    }
    sum_counts(&fresh.n, &e->n);
    g_array_append_val(sums, fresh);
}

/* All tables' rows by key. Returns how many threads have counted. */
static unsigned sum_tables(GArray *sums, uint64_t *lost)
{
    unsigned threads = 0, now = __atomic_load_n(&generation, __ATOMIC_RELAXED);
    for (SyncTable *t = __atomic_load_n(&tables, __ATOMIC_ACQUIRE); t; t = t->next) {
        if (__atomic_load_n(&t->generation, __ATOMIC_ACQUIRE) != now)
            continue;
        threads++;
        *lost += load(&t->lost);
        for (unsigned i = 0; i < TABLE_SIZE; i++)
            sum_entry(sums, &t->entry[i]);
    }
    return threads;
}

static int descending(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int by_sum(const void *a, const void *b)
{
    const SyncEntry *x = a, *y = b;
    int order = descending(x->n.wait_ns, y->n.wait_ns);
    if (!order)
        order = descending(x->n.held_ns, y->n.held_ns);
    return order ? order : descending(x->n.count, y->n.count);
}

static uint64_t mean(const SyncEntry *e)
{
    return e->n.wait_ns / (e->n.count ? e->n.count : 1);
}

static int by_mean_wait(const void *a, const void *b)
{
    int order = descending(mean(a), mean(b));
    return order ? order : by_sum(a, b);
}

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

static void print_lock(FILE *out, const SyncEntry *e)
{
    g_autofree char *site = e->file ? g_strdup_printf("%s:%d", e->file + strspn(e->file, "./"), e->line) : g_strdup("");
    fprintf(out, "%-10s %-22s %-32s %10" PRIu64 " %9" PRIu64 " %11.3f %9.1f %11.3f\n", class_names[e->kind], e->name, site, e->n.count,
            e->n.contended, ms(e->n.wait_ns), (double)e->n.max_wait_ns / 1e3, ms(e->n.held_ns));
}

static void print_event(FILE *out, const SyncEntry *e)
{
    fprintf(out, "%-50s %10" PRIu64 " %11.3f %9.1f\n", e->name, e->n.count, ms(e->n.wait_ns), (double)e->n.max_wait_ns / 1e3);
}

static void print_region(FILE *out, const SyncEntry *e)
{
    fprintf(out, "%-30s %10" PRIu64 " %10" PRIu64 " %11.3f\n", e->name, e->n.count, e->n.contended, ms(e->n.held_ns));
}

/* Prints the first max rows whose kind is first..last. */
static void print_rows(FILE *out, GArray *sums, int first, int last, unsigned max, void (*print)(FILE *out, const SyncEntry *e))
{
    for (unsigned i = 0, n = 0; i < sums->len && (!max || n < max); i++) {
        const SyncEntry *e = &g_array_index(sums, SyncEntry, i);
        if (e->kind < first || e->kind > last)
            continue;
        print(out, e);
        n++;
    }
}

/* The locks' rows, with all call sites of a lock in one. */
static GArray *without_sites(GArray *sums)
{
    GArray *locks = g_array_new(false, false, sizeof(SyncEntry));
    for (unsigned i = 0; i < sums->len; i++) {
        SyncEntry e = g_array_index(sums, SyncEntry, i);
        e.file = NULL;
        e.line = 0;
        if (e.kind < LOCK_NB_CLASSES)
            sum_entry(locks, &e);
    }
    return locks;
}

void sync_profile_report(FILE *out, unsigned max, bool by_mean)
{
    int (*order)(const void *, const void *) = by_mean ? by_mean_wait : by_sum;
    g_autoptr(GArray) sums = g_array_new(false, false, sizeof(SyncEntry));
    uint64_t lost = 0;
    unsigned threads = sum_tables(sums, &lost);
    g_autoptr(GArray) locks = without_sites(sums);
    double s = (double)(sync_now() - __atomic_load_n(&counted_since, __ATOMIC_RELAXED)) / 1e9;

    g_array_sort(sums, order);
    g_array_sort(locks, order);
    fprintf(out, "Synchronisation of %u threads in %.3f s%s\n", threads, threads ? s : 0.0, sync_profile_on ? "" : " (not counting now)");
    fprintf(out, "%-10s %-22s %-32s %10s %9s %11s %9s %11s\n", "Class", "Lock", "Call site", "Acquired", "Contended", "Waited ms", "Max us",
            "Held ms");
    print_rows(out, locks, 0, LOCK_NB_CLASSES - 1, max, print_lock);
    fprintf(out, "\n");
    print_rows(out, sums, 0, LOCK_NB_CLASSES - 1, max, print_lock);
    fprintf(out, "\n%-50s %10s %11s %9s\n", "Event", "Count", "Time ms", "Max us");
    print_rows(out, sums, KIND_EVENT, KIND_EVENT, max, print_event);
    fprintf(out, "\n%-30s %10s %10s %11s\n", "Device region", "Accesses", "Big lock", "Time ms");
    print_rows(out, sums, KIND_REGION, KIND_REGION, max, print_region);
    if (lost)
        fprintf(out, "%" PRIu64 " more had no row\n", lost);
}
