/* SPDX-License-Identifier: MIT */
/*
 * Guest physical memory: a tree of regions, rendered to flat views.
 *
 * A MemoryRegion is RAM, ROM, a device's registers (I/O), a window onto another region (alias), or a container. Regions are
 * placed in containers at offsets with priorities: where two overlap the higher priority wins, among equals the one added later.
 * An AddressSpace has a root region; its FlatView is a sorted array of non-overlapping ranges, published by RCU when a
 * transaction commits. Readers (rcu_read_lock held, as a vCPU does while it runs) take no lock.
 *
 * Changes of topology need the big lock. MMIO handlers run under the big lock unless the region has opted out
 * (memory_region_set_lockless): dispatch takes it when the caller does not hold it.
 *
 * An access that no region takes is answered with MEMTX_DECODE_ERROR (reads give 0); a device may answer MEMTX_ERROR.
 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t hwaddr;     /* guest physical address */
typedef uint64_t ram_addr_t; /* offset in the space that concatenates all RAM blocks: names a byte of RAM for good */
#define RAM_ADDR_INVALID (~(ram_addr_t)0)
#define MEM_PAGE_BITS 12
#define MEM_PAGE_SIZE (1ull << MEM_PAGE_BITS)
#define MEM_PAGE_MASK (~(MEM_PAGE_SIZE - 1))

typedef enum MemTxResult { MEMTX_OK, MEMTX_ERROR, MEMTX_DECODE_ERROR } MemTxResult;

typedef struct MemTxAttrs {
    unsigned secure : 1, user : 1, unspecified : 1;
    unsigned memory : 1;        /* reaches memory only, no registers: MEMTX_DECODE_ERROR there */
    unsigned requester_id : 16; /* vCPU index or PCI requester */
} MemTxAttrs;
#define MEMTXATTRS_NONE ((MemTxAttrs){ .unspecified = 1 })

typedef enum DeviceEndian { DEVICE_LITTLE_ENDIAN, DEVICE_BIG_ENDIAN } DeviceEndian;

/* A device's registers. offset is from the region's start; size is 1, 2, 4 or 8 bytes. */
typedef struct MemoryRegionOps {
    MemTxResult (*read)(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs);
    MemTxResult (*write)(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs);
    DeviceEndian endianness;
    struct { uint8_t min, max; bool unaligned; } valid; /* what a guest may use, else MEMTX_ERROR; 0: 1 and 8... (max 0 means 8, min 0 means 1) */
    struct { uint8_t min, max; bool unaligned; } impl;  /* what the handlers take: dispatch splits and merges; 0: as above, max 0 means 8 */
} MemoryRegionOps;

/* Host memory that is guest RAM or ROM, in large pages where the host has them. Freed with its last region. */
typedef struct RAMBlock {
    uint8_t *host;
    ram_addr_t offset;    /* of its first byte; a multiple of 2 MiB */
    uint64_t size;        /* bytes, a multiple of the page */
    uint8_t *page_flags;  /* (a) a byte a page: RAM_PAGE_* */
    char *name;
} RAMBlock;
#define RAM_PAGE_CODE 1u     /* translated code comes from this page: a write must go through ram_notify_write */
#define RAM_PAGE_DIRTY 2u    /* written since the client (snapshots, displays) last cleared it */
#define RAM_PAGE_FAST 4u     /* accel's: some vCPU's TLB may hold an entry by which it writes to the page without looking at these flags */
#define RAM_PAGE_MONITOR 8u  /* accel's: an exclusive monitor watches stores to the page: as RAM_PAGE_CODE */

typedef struct MemoryRegion MemoryRegion;
typedef enum MemoryRegionType { MR_CONTAINER, MR_IO, MR_RAM, MR_ROM, MR_ALIAS } MemoryRegionType;

struct MemoryRegion {
    MemoryRegionType type;
    const char *name;
    uint64_t size;              /* bytes; UINT64_MAX stands for all of 2^64 */
    const MemoryRegionOps *ops; /* MR_IO; also MR_ROM: writes go there when set (flash) */
    void *opaque;
    RAMBlock *ram;              /* MR_RAM, MR_ROM */
    MemoryRegion *alias;        /* MR_ALIAS: the target, and where in it the window starts */
    hwaddr alias_offset;
    MemoryRegion *container;    /* where it is placed, at addr */
    hwaddr addr;
    int priority;
    bool enabled, lockless;
    bool readonly;              /* MR_ALIAS: what is seen through it is read-only, as ROM */
    GPtrArray *subregions;      /* MemoryRegion *, highest priority first; not owned */
};

void memory_region_init(MemoryRegion *mr, const char *name, uint64_t size); /* a container */
void memory_region_init_io(MemoryRegion *mr, const MemoryRegionOps *ops, void *opaque, const char *name, uint64_t size);
bool memory_region_init_ram(MemoryRegion *mr, const char *name, uint64_t size, GError **error);
bool memory_region_init_rom(MemoryRegion *mr, const char *name, uint64_t size, GError **error);
void memory_region_init_alias(MemoryRegion *mr, const char *name, MemoryRegion *target, hwaddr offset, uint64_t size);
/* The window shows its target read-only: writes through it are dropped (shadow RAM). Before it is placed. */
void memory_region_set_readonly(MemoryRegion *alias);
/* Takes the region apart; it must not be in a container. */
void memory_region_destroy(MemoryRegion *mr);
/* I/O handlers do their own locking. */
void memory_region_set_lockless(MemoryRegion *mr);
void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub);
void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub, int priority);
void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub);
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_address(MemoryRegion *mr, hwaddr addr);
/* Host address of a RAM or ROM region's first byte. */
static inline void *memory_region_ram_ptr(MemoryRegion *mr) { return mr->ram->host; }

/* Changes between begin and commit become visible together. They nest. */
void memory_transaction_begin(void);
void memory_transaction_commit(void);

/* One range of a flat view. */
typedef struct FlatRange {
    hwaddr addr;
    uint64_t size;          /* bytes; the last range may reach 2^64, its size then counts to that end */
    MemoryRegion *mr;       /* never an alias or container */
    hwaddr offset_in_region;
    bool readonly;          /* ROM, or seen through a read-only alias */
} FlatRange;
typedef struct FlatView { FlatRange *ranges; unsigned n; } FlatView; /* immutable */

typedef struct AddressSpace {
    const char *name;
    MemoryRegion *root;
    FlatView *view;         /* (a) by RCU */
} AddressSpace;

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name);
void address_space_destroy(AddressSpace *as);
extern AddressSpace address_space_memory; /* what vCPUs and DMA see; its root is made by memory_init */
MemoryRegion *memory_system_root(void);
extern AddressSpace address_space_io;     /* x86's I/O ports: 64 KiB */
MemoryRegion *memory_io_root(void);
void memory_init(void);                   /* once, before all else */

/* The range that holds addr, or NULL. rcu_read_lock held; valid until it is dropped. */
const FlatRange *address_space_lookup(AddressSpace *as, hwaddr addr);

/* Copies len bytes. Splits over ranges; the worst result is returned, and what could not be read is zero. */
MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf, uint64_t len);
MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, const void *buf, uint64_t len);
/* As address_space_write, but writes ROM too: for loaders and debuggers. */
MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, const void *buf, uint64_t len);
/* One little-endian access of size 1, 2, 4, 8; RAM accesses of natural alignment are single-copy atomic. */
uint64_t address_space_ld(AddressSpace *as, hwaddr addr, unsigned size, MemTxAttrs attrs, MemTxResult *result);
void address_space_st(AddressSpace *as, hwaddr addr, uint64_t value, unsigned size, MemTxAttrs attrs, MemTxResult *result);
/* Host pointer to len bytes of RAM at addr, or NULL when they are not all in one RAM (write: writable) range. Valid while rcu_read_lock is held. A write must be followed by ram_notify_write. */
void *address_space_ram_ptr(AddressSpace *as, hwaddr addr, uint64_t len, bool write);

/* Dispatch to a region's handlers, splitting and merging by ops->valid and impl; takes the big lock when needed. little-endian value. */
MemTxResult memory_region_dispatch_read(MemoryRegion *mr, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs);
MemTxResult memory_region_dispatch_write(MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs);

/* RAM by ram_addr. */
RAMBlock *ram_block_of(ram_addr_t addr);                     /* lock-free; NULL when outside all blocks */
static inline ram_addr_t ram_block_addr(const RAMBlock *b, const void *host) { return b->offset + (ram_addr_t)((const uint8_t *)host - b->host); }
static inline uint8_t *ram_page_flags(RAMBlock *b, ram_addr_t addr) { return &b->page_flags[(addr - b->offset) >> MEM_PAGE_BITS]; }
/* To be called after a write to RAM that did not go through a vCPU's TLB. Calls the hook for pages with RAM_PAGE_CODE or RAM_PAGE_MONITOR, marks dirty. */
void ram_notify_write(RAMBlock *b, ram_addr_t addr, uint64_t len);
/* accel registers what is to happen when such pages are written: the blocks of [addr, addr+len) go, monitors of it open. */
void ram_set_write_hook(void (*hook)(ram_addr_t addr, uint64_t len));

/* Called after each commit, big lock held: vCPUs must forget what they cached about address spaces. */
void memory_add_commit_listener(void (*fn)(void *opaque), void *opaque);
/* Text of the tree and the flat view, for the monitor's "info mtree". */
void memory_dump(GString *out, bool flat);

#endif
