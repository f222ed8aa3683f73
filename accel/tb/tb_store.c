/* SPDX-License-Identifier: MIT */
/*
 * Stores by vCPUs to pages that hold translated code; why there is work on both sides of the store is told in code_page.c.
 *
 * A store may overwrite the block that makes it. What follows the store in that block is then stale, so the store must not be
 * made there: the guest state is taken back to before the instruction, the loop translates that one instruction afresh, as a
 * block of its own, and what follows is found anew.
 */
#include "accel/tb/tb_internal.h"

static bool block_overlaps(const TranslationBlock *tb, ram_addr_t addr, unsigned len)
{
    ram_addr_t page = MEM_PAGE_SIZE - (tb->phys & ~MEM_PAGE_MASK);
    if (tb->phys == RAM_ADDR_INVALID)
        return false;
    if (tb->phys2 != RAM_ADDR_INVALID && addr < tb->phys2 + (tb->size - page) && tb->phys2 < addr + len)
        return true;
    return addr < tb->phys + tb->size && tb->phys < addr + len;
}

void tb_store_begin(CPUState *cpu, ram_addr_t addr, unsigned len, uintptr_t ra)
{
    if (!code_page_overlaps(addr, len))
        return;
    TranslationBlock *running = ra ? tb_of_host_pc(cpu_code_ra(cpu, ra)) : NULL;
    bool own = running && running->n_guest > 1 && block_overlaps(running, addr, len);
    tb_invalidate(addr, len);
    if (own) {
        cpu->tb->one_insn = true;
        cpu_loop_exit_restore(cpu, ra);
    }
}

void tb_store_end(ram_addr_t addr, unsigned len)
{
    tb_invalidate(addr, len);
}
