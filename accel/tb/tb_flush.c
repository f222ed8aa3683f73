/* SPDX-License-Identifier: MIT */
/*
 * Setting up the block table, counting, and making room at once when the code buffer is full.
 *
 * Room is made by dropping the oldest blocks, some chunks of them at a time, so that even a buffer that is too small for the
 * guest's code keeps most of it: emptying it would throw away what is in use every time, and then stand half empty on average.
 * That is done ahead of need (code_buffer.c); here is what a vCPU asks for that finds no free chunk all the same. Everything is
 * emptied only when the numbers of flags have run out.
 */
/*
 * Setting up the block table, and making room when the code buffer is full.
 *
 * Room is made by dropping the oldest blocks, some chunks of them at a time, so that even a buffer that is too small for the
 * guest's code keeps most of it: emptying it would throw away what is in use every time, and then stand half empty on average.
 * Everything is emptied only when the numbers of flags have run out.
 */
#include <string.h>

#include "accel/tb/tb_internal.h"

static uint64_t n_stops;     /* (a) */

/* ---- counts: of each vCPU, and of all other threads together ---- */
static TbCounts other_counts;

static void count(uint64_t *own, uint64_t *shared)
{
    if (own)
        __atomic_store_n(own, *own + 1, __ATOMIC_RELAXED);
    else
        __atomic_fetch_add(shared, 1, __ATOMIC_RELAXED);
}

#define COUNT(field) count(current_cpu && current_cpu->tb ? &current_cpu->tb->counts.field : NULL, &other_counts.field)

void tb_count_added(void)
{
    COUNT(added);
}

void tb_count_removed(bool invalidated)
{
    COUNT(removed);
    if (invalidated)
        COUNT(invalidated);
}

void tb_count_translated(void)
{
    COUNT(translated);
}

static void add_counts(TbCounts *sum, const TbCounts *c)
{
    sum->added += __atomic_load_n(&c->added, __ATOMIC_RELAXED);
    sum->removed += __atomic_load_n(&c->removed, __ATOMIC_RELAXED);
    sum->invalidated += __atomic_load_n(&c->invalidated, __ATOMIC_RELAXED);
    sum->translated += __atomic_load_n(&c->translated, __ATOMIC_RELAXED);
}

static TbCounts sum_counts(void)
{
    TbCounts sum = { 0 };
    add_counts(&sum, &other_counts);
    CPU_FOREACH (cpu) {
        if (cpu->tb)
            add_counts(&sum, &cpu->tb->counts);
    }
    return sum;
}

void tb_get_stats(TBStats *out)
{
    TbCounts c = sum_counts();
    *out = (TBStats){
        .blocks = c.added - c.removed,
        .code_bytes = code_buffer_used(),
        .buffer_bytes = code_buffer_size(),
        .retired = code_buffer_retired(),
        .stops = __atomic_load_n(&n_stops, __ATOMIC_RELAXED),
        .invalidations = c.invalidated,
        .translated = c.translated,
    };
}

/* ---- making room ---- */
bool tb_init(uint64_t size, GError **error)
{
    if (!code_buffer_init(size, error))
        return false;
    tb_table_init(code_buffer_size());
    return true;
}

void tb_thread_init(CPUState *cpu)
{
    if (cpu->tb)
        return;
    TbThread *th = g_new0(TbThread, 1);
    th->cpu = cpu;
    th->f = g_new0(IRFunc, 1);
    jump_cache_flush(cpu);
    __atomic_store_n(&cpu->tb, th, __ATOMIC_RELEASE);
}

void tb_flush_now(void)
{
    TbCounts c = sum_counts();
    lock_acquire(&tb_outside_lock);
    code_pages_reset();
    tb_table_reset();
    code_buffer_reset();
    lock_release(&tb_outside_lock);
    tb_flags_reset();
    CPU_FOREACH (cpu) {
        jump_cache_flush(cpu);
        if (cpu->tb)
            memset(cpu->tb->jump_tb, 0, sizeof cpu->tb->jump_tb);
    }
    __atomic_fetch_add(&other_counts.removed, c.added - c.removed, __ATOMIC_RELAXED);
    __atomic_fetch_add(&n_stops, 1, __ATOMIC_RELAXED);
}

void tb_evict_now(void)
{
    code_buffer_evict(code_page_retire);
    __atomic_fetch_add(&n_stops, 1, __ATOMIC_RELAXED);
}

/* data: how many stops there had been when this one was asked for; one serves all who asked at the same time. */
static bool is_wanted(void *data)
{
    return (uintptr_t)data == __atomic_load_n(&n_stops, __ATOMIC_RELAXED);
}

static void do_evict(CPUState *cpu, void *data)
{
    if (is_wanted(data))
        tb_evict_now();
}

static void do_flush(CPUState *cpu, void *data)
{
    if (is_wanted(data))
        tb_flush_now();
}

void tb_evict_request(CPUState *cpu)
{
    async_safe_run_on_cpu(cpu, do_evict, (void *)(uintptr_t)__atomic_load_n(&n_stops, __ATOMIC_RELAXED));
}

void tb_flush_request(CPUState *cpu)
{
    async_safe_run_on_cpu(cpu, do_flush, (void *)(uintptr_t)__atomic_load_n(&n_stops, __ATOMIC_RELAXED));
}
