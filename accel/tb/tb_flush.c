/* SPDX-License-Identifier: MIT */
/*
 * Setting up the block table, and making room when the code buffer is full.
 *
 * Room is made by dropping the oldest blocks, some chunks of them at a time, so that even a buffer that is too small for the
 * guest's code keeps most of it: emptying it would throw away what is in use every time, and then stand half empty on average.
 * Everything is emptied only when the numbers of flags have run out.
 */
#include <string.h>

#include "accel/tb/tb_internal.h"

TBStats tb_stats;

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
    code_pages_reset();
    tb_table_reset();
    code_buffer_reset();
    tb_flags_reset();
    CPU_FOREACH (cpu) {
        jump_cache_flush(cpu);
        if (cpu->tb)
            memset(cpu->tb->jump_tb, 0, sizeof cpu->tb->jump_tb);
    }
    __atomic_store_n(&tb_stats.blocks, 0, __ATOMIC_RELAXED);
    tb_count(&tb_stats.flushes);
}

static void evict(TranslationBlock *tb)
{
    if (tb->no_cache)
        return;
    __atomic_fetch_sub(&tb_stats.blocks, 1, __ATOMIC_RELAXED);
    if (tb->invalid)
        return;
    code_page_evict_locked(tb);
    jump_cache_evict(tb);
}

void tb_evict_now(void)
{
    lock_acquire(&tb_lock);
    code_buffer_evict(evict);
    lock_release(&tb_lock);
    jump_cache_forget_returns();
    tb_count(&tb_stats.flushes);
}

static void do_evict(CPUState *cpu, void *data)
{
    if ((uintptr_t)data == __atomic_load_n(&tb_stats.flushes, __ATOMIC_RELAXED))
        tb_evict_now();
}

void tb_evict_request(CPUState *cpu)
{
    async_safe_run_on_cpu(cpu, do_evict, (void *)(uintptr_t)__atomic_load_n(&tb_stats.flushes, __ATOMIC_RELAXED));
}

/* data: how many flushes there had been when this one was asked for; one serves all who asked at the same time. */
static void do_flush(CPUState *cpu, void *data)
{
    if ((uintptr_t)data == __atomic_load_n(&tb_stats.flushes, __ATOMIC_RELAXED))
        tb_flush_now();
}

void tb_flush_request(CPUState *cpu)
{
    async_safe_run_on_cpu(cpu, do_flush, (void *)(uintptr_t)__atomic_load_n(&tb_stats.flushes, __ATOMIC_RELAXED));
}

void tb_get_stats(TBStats *out)
{
    *out = (TBStats){
        .blocks = __atomic_load_n(&tb_stats.blocks, __ATOMIC_RELAXED),
        .code_bytes = code_buffer_used(),
        .buffer_bytes = code_buffer_size(),
        .flushes = __atomic_load_n(&tb_stats.flushes, __ATOMIC_RELAXED),
        .invalidations = __atomic_load_n(&tb_stats.invalidations, __ATOMIC_RELAXED),
        .translated = __atomic_load_n(&tb_stats.translated, __ATOMIC_RELAXED),
    };
}
