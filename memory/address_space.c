/* SPDX-License-Identifier: MIT */
/*
 * Address spaces: transactions that publish new flat views, and access by devices, loaders and page walks.
 *
 * A commit renders every address space anew, swaps the view pointers, tells the listeners (vCPUs drop their TLBs), and frees the
 * old views after a grace period.
 */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory_internal.h"

AddressSpace address_space_memory, address_space_io;
static MemoryRegion system_root, io_root;

static GPtrArray *spaces;    /* (B) */
static unsigned depth;       /* (B) of transactions */

typedef struct Listener { void (*fn)(void *opaque); void *opaque; } Listener;
static GArray *listeners;    /* (B) */

typedef struct OldView { struct rcu_head rcu; FlatView *view; } OldView;

static void old_view_free(struct rcu_head *head)
{
    OldView *old = CONTAINER_OF(head, OldView, rcu);
    rcu_callback_begin(head);
    flatview_free(old->view);
    g_free(old);
}

static void publish(AddressSpace *as)
{
    FlatView *old = as->view;
    rcu_assign_pointer(as->view, flatview_render(as->root));
    if (old) {
        OldView *o = g_new(OldView, 1);
        o->view = old;
        rcu_call(&o->rcu, old_view_free);
    }
}

void memory_transaction_begin(void)
{
    depth++;
}

void memory_transaction_commit(void)
{
    assert(depth > 0);
    if (--depth)
        return;
    for (unsigned i = 0; spaces && i < spaces->len; i++)
        publish(spaces->pdata[i]);
    for (unsigned i = 0; listeners && i < listeners->len; i++) {
        Listener *l = &g_array_index(listeners, Listener, i);
        l->fn(l->opaque);
    }
}

void memory_add_commit_listener(void (*fn)(void *opaque), void *opaque)
{
    if (!listeners)
        listeners = g_array_new(FALSE, FALSE, sizeof(Listener));
    Listener l = { fn, opaque };
    g_array_append_val(listeners, l);
}

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name)
{
    *as = (AddressSpace){ .name = name, .root = root };
    if (!spaces)
        spaces = g_ptr_array_new();
    g_ptr_array_add(spaces, as);
    publish(as);
}

void address_space_destroy(AddressSpace *as)
{
    g_ptr_array_remove(spaces, as);
    FlatView *old = as->view;
    rcu_assign_pointer(as->view, NULL);
    synchronize_rcu();
    flatview_free(old);
}

MemoryRegion *memory_system_root(void)
{
    return &system_root;
}

MemoryRegion *memory_io_root(void)
{
    return &io_root;
}

void memory_init(void)
{
    memory_region_init(&system_root, "system", UINT64_MAX);
    address_space_init(&address_space_memory, &system_root, "memory");
    memory_region_init(&io_root, "io", 0x10000);
    address_space_init(&address_space_io, &io_root, "io");
}

const FlatRange *address_space_lookup(AddressSpace *as, hwaddr addr)
{
    const FlatView *view = rcu_dereference(as->view);
    int i = flatview_find(view, addr);
    return i < 0 ? NULL : &view->ranges[i];
}

static bool is_ram(const FlatRange *r, bool write)
{
    return r->mr->ram && !(write && r->readonly);
}

static uint8_t *range_host(const FlatRange *r, hwaddr addr)
{
    return r->mr->ram->host + r->offset_in_region + (addr - r->addr);
}

/* Bytes from addr to the end of r, at most len. */
static uint64_t range_room(const FlatRange *r, hwaddr addr, uint64_t len)
{
    uint64_t left = range_last(r->addr, r->size) - addr;
    return len - 1 > left ? left + 1 : len;
}

/* Largest aligned access of 1, 2, 4 or 8 bytes that fits. */
static unsigned io_width(hwaddr offset, uint64_t len, const MemoryRegion *mr)
{
    unsigned max = mr->ops && mr->ops->valid.max ? mr->ops->valid.max : 4, width = 8;
    while (width > 1 && (width > len || (offset & (width - 1)) || width > max))
        width /= 2;
    return width;
}

static MemTxResult io_copy(const FlatRange *r, hwaddr addr, MemTxAttrs attrs, uint8_t *buf, uint64_t len, bool write)
{
    hwaddr offset = r->offset_in_region + (addr - r->addr);
    MemTxResult result = MEMTX_OK;
    while (len) {
        unsigned width = io_width(offset, len, r->mr);
        uint64_t value = 0;
        MemTxResult one;
        if (write) {
            memcpy(&value, buf, width);
            one = memory_region_dispatch_write(r->mr, offset, value, width, attrs);
        } else {
            one = memory_region_dispatch_read(r->mr, offset, &value, width, attrs);
            memcpy(buf, &value, width);
        }
        result = MAX_OF(result, one);
        buf += width;
        offset += width;
        len -= width;
    }
    return result;
}

static MemTxResult copy(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, uint8_t *buf, uint64_t len, bool write, bool rom_too)
{
    MemTxResult result = MEMTX_OK;
    rcu_read_lock();
    while (len) {
        const FlatRange *r = address_space_lookup(as, addr);
        uint64_t chunk = r ? range_room(r, addr, len) : MIN_OF(len, MEM_PAGE_SIZE - (addr & (MEM_PAGE_SIZE - 1)));
        if (!r || (attrs.memory && !is_ram(r, write && !rom_too))) {
            if (!write)
                memset(buf, 0, chunk);
            result = MEMTX_DECODE_ERROR;
        } else if (is_ram(r, write && !rom_too)) {
            uint8_t *host = range_host(r, addr);
            if (write) {
                memcpy(host, buf, chunk);
                ram_notify_write(r->mr->ram, ram_block_addr(r->mr->ram, host), chunk);
            } else {
                memcpy(buf, host, chunk);
            }
        } else if (r->mr->ops) {
            MemTxResult one = io_copy(r, addr, attrs, buf, chunk, write); /* not inside MAX_OF, which evaluates twice */
            result = MAX_OF(result, one);
        }
        buf += chunk;
        addr += chunk;
        len -= chunk;
    }
    rcu_read_unlock();
    return result;
}

MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf, uint64_t len)
{
    return copy(as, addr, attrs, buf, len, false, false);
}

MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, const void *buf, uint64_t len)
{
    return copy(as, addr, attrs, (uint8_t *)buf, len, true, false);
}

MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, const void *buf, uint64_t len)
{
    return copy(as, addr, MEMTXATTRS_NONE, (uint8_t *)buf, len, true, true);
}

void *address_space_ram_ptr(AddressSpace *as, hwaddr addr, uint64_t len, bool write)
{
    const FlatRange *r = address_space_lookup(as, addr);
    if (!r || !is_ram(r, write) || range_room(r, addr, len) != len)
        return NULL;
    return range_host(r, addr);
}

uint64_t address_space_ld(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs, MemTxResult *result)
{
    uint64_t value = 0;
    MemTxResult res = MEMTX_OK;
    rcu_read_lock();
    const void *host = addr & (size - 1) ? NULL : address_space_ram_ptr(as, addr, size, false);
    if (!host)
        res = address_space_read(as, addr, attrs, &value, size);
    else if (size == 8)
        value = __atomic_load_n((const uint64_t *)host, __ATOMIC_RELAXED);
    else if (size == 4)
        value = __atomic_load_n((const uint32_t *)host, __ATOMIC_RELAXED);
    else if (size == 2)
        value = __atomic_load_n((const uint16_t *)host, __ATOMIC_RELAXED);
    else
        value = __atomic_load_n((const uint8_t *)host, __ATOMIC_RELAXED);
    rcu_read_unlock();
    if (result)
        *result = res;
    return value;
}

void address_space_st(AddressSpace *as, hwaddr addr, uint64_t value, unsigned size, MemTxAttrs attrs, MemTxResult *result)
{
    MemTxResult res = MEMTX_OK;
    rcu_read_lock();
    void *host = addr & (size - 1) ? NULL : address_space_ram_ptr(as, addr, size, true);
    if (!host)
        res = address_space_write(as, addr, attrs, &value, size);
    else if (size == 8)
        __atomic_store_n((uint64_t *)host, value, __ATOMIC_RELAXED);
    else if (size == 4)
        __atomic_store_n((uint32_t *)host, (uint32_t)value, __ATOMIC_RELAXED);
    else if (size == 2)
        __atomic_store_n((uint16_t *)host, (uint16_t)value, __ATOMIC_RELAXED);
    else
        __atomic_store_n((uint8_t *)host, (uint8_t)value, __ATOMIC_RELAXED);
    if (host) {
        RAMBlock *ram = address_space_lookup(as, addr)->mr->ram;
        ram_notify_write(ram, ram_block_addr(ram, host), size);
    }
    rcu_read_unlock();
    if (result)
        *result = res;
}

static void dump_tree(GString *out, const MemoryRegion *mr, hwaddr base, unsigned indent)
{
    static const char *const types[] = { "container", "i/o", "ram", "rom", "alias" };
    g_string_append_printf(out, "%*s%016" PRIx64 "-%016" PRIx64 " (prio %d, %s): %s%s\n", (int)indent * 2, "", base, range_last(base, mr->size),
                           mr->priority, types[mr->type], mr->name, mr->enabled ? "" : " [disabled]");
    for (unsigned i = 0; i < mr->subregions->len; i++) {
        const MemoryRegion *sub = mr->subregions->pdata[i];
        dump_tree(out, sub, base + sub->addr, indent + 1);
    }
}

void memory_dump(GString *out, bool flat)
{
    for (unsigned i = 0; spaces && i < spaces->len; i++) {
        AddressSpace *as = spaces->pdata[i];
        g_string_append_printf(out, "address-space: %s\n", as->name);
        if (!flat) {
            dump_tree(out, as->root, 0, 1);
            continue;
        }
        rcu_read_lock();
        const FlatView *view = rcu_dereference(as->view);
        for (unsigned k = 0; k < view->n; k++) {
            const FlatRange *r = &view->ranges[k];
            g_string_append_printf(out, "  %016" PRIx64 "-%016" PRIx64 ": %s @%016" PRIx64 "%s\n", r->addr, range_last(r->addr, r->size),
                                   r->mr->name, r->offset_in_region, r->readonly ? " (read-only)" : "");
        }
        rcu_read_unlock();
    }
}
