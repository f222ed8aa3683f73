/* SPDX-License-Identifier: MIT */
/*
 * Direct links between blocks of one guest page.
 *
 * Both blocks start on the same virtual and the same physical page, so no change of mapping can come between them, and the lock of
 * that page guards the links in both directions. An invalidation undoes them; a block that has been invalidated is not linked any
 * more, which is looked at under the same lock.
 */
#include "accel/tb/tb_internal.h"

static void patch(TranslationBlock *tb, unsigned n, const TranslationBlock *target)
{
    host_ops->patch(tb, n, target, (uint8_t *)tb->code - code_buffer_rx_delta());
}

static bool linkable(const TranslationBlock *tb, unsigned n, const TranslationBlock *target)
{
    return tb->links[n].patch_offset && !tb->links[n].to && !__atomic_load_n(&tb->invalid, __ATOMIC_RELAXED) && !__atomic_load_n(&target->invalid, __ATOMIC_RELAXED)
        && target->phys2 == RAM_ADDR_INVALID && !((tb->pc ^ target->pc) & MEM_PAGE_MASK) && !((tb->phys ^ target->phys) & MEM_PAGE_MASK);
}

void tb_link(TranslationBlock *tb, unsigned n, TranslationBlock *target)
{
    if (n >= tb->n_links || tb->no_cache || target->no_cache)
        return;
    Lock *lock = code_page_lock_of(tb);
    lock_acquire(lock);
    if (linkable(tb, n, target)) {
        TBLink *link = &tb->links[n];
        link->to = target;
        link->next_in = target->incoming;
        target->incoming = link;
        patch(tb, n, target);
    }
    lock_release(lock);
}

/* Takes link out of its target's list. */
static void forget_incoming(TBLink *link)
{
    TBLink **p = &link->to->incoming;
    while (*p != link)
        p = &(*p)->next_in;
    *p = link->next_in;
    link->to = NULL;
}

void tb_unlink_locked(TranslationBlock *tb)
{
    for (TBLink *in = tb->incoming, *next; in; in = next) {
        next = in->next_in;
        in->to = NULL;
        patch(in->from, (unsigned)(in - in->from->links), NULL);
    }
    tb->incoming = NULL;
    for (unsigned n = 0; n < tb->n_links; n++) {
        if (tb->links[n].to) {
            forget_incoming(&tb->links[n]);
            patch(tb, n, NULL);
        }
    }
}
