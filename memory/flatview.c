/* SPDX-License-Identifier: MIT */
/*
 * Rendering a tree of regions to a sorted array of ranges.
 *
 * The tree is walked highest priority first; a leaf takes what is still free of its window. Addresses are computed in signed
 * 128-bit integers, so that windows that begin below zero or end at 2^64 (aliases, containers larger than their parents) need
 * no special cases.
 */
#include "memory/memory_internal.h"

typedef __int128 Int128;
typedef struct Window { Int128 first, last; } Window; /* inclusive */

static Window intersect(Window a, Window b)
{
    return (Window){ a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last };
}

static int compare_ranges(const void *a, const void *b)
{
    const FlatRange *x = a, *y = b;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static void add_range(GArray *out, Int128 first, Int128 last, MemoryRegion *mr, Int128 base, bool readonly)
{
    Int128 size = last - first + 1;
    FlatRange r = { .addr = (hwaddr)first, .size = size > UINT64_MAX ? UINT64_MAX : (uint64_t)size, .mr = mr,
                    .offset_in_region = (hwaddr)(first - base), .readonly = readonly || mr->type == MR_ROM };
    g_array_append_val(out, r);
}

/* Gives mr the parts of w that no range holds yet. out is kept sorted. */
static void render_leaf(GArray *out, MemoryRegion *mr, Int128 base, Window w, bool readonly)
{
    Int128 at = w.first;
    unsigned n = out->len;
    for (unsigned i = 0; i < n && at <= w.last; i++) {
        FlatRange r = g_array_index(out, FlatRange, i);
        Int128 r_first = r.addr, r_last = range_last(r.addr, r.size);
        if (r_last < at)
            continue;
        if (r_first > w.last)
            break;
        if (r_first > at)
            add_range(out, at, r_first - 1, mr, base, readonly);
        at = r_last + 1;
    }
    if (at <= w.last)
        add_range(out, at, w.last, mr, base, readonly);
    g_array_sort(out, compare_ranges);
}

static void render(GArray *out, MemoryRegion *mr, Int128 base, Window clip, bool readonly)
{
    if (!mr->enabled || !mr->size)
        return;
    Int128 length = mr->size == UINT64_MAX ? (Int128)1 << 64 : (Int128)mr->size;
    Window w = intersect(clip, (Window){ base, base + length - 1 });
    if (w.first > w.last)
        return;
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        MemoryRegion *sub = mr->subregions->pdata[i];
        render(out, sub, base + sub->addr, w, readonly);
    }
    if (mr->type == MR_ALIAS)
        render(out, mr->alias, base - mr->alias_offset, w, readonly || mr->readonly);
    else if (mr->type != MR_CONTAINER)
        render_leaf(out, mr, base, w, readonly);
}

FlatView *flatview_render(MemoryRegion *root)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(FlatRange));
    render(ranges, root, 0, (Window){ 0, UINT64_MAX }, false);
    FlatView *view = g_new(FlatView, 1);
    view->n = ranges->len;
    view->ranges = (FlatRange *)(void *)g_array_free(ranges, FALSE);
    return view;
}

void flatview_free(FlatView *view)
{
    if (!view)
        return;
    g_free(view->ranges);
    g_free(view);
}

int flatview_find(const FlatView *view, hwaddr addr)
{
    unsigned low = 0, high = view->n;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        const FlatRange *r = &view->ranges[mid];
        if (addr < r->addr)
            high = mid;
        else if (addr > range_last(r->addr, r->size))
            low = mid + 1;
        else
            return (int)mid;
    }
    return -1;
}
