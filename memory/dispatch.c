/* SPDX-License-Identifier: MIT */
/*
 * From an access to a device's handler: width and alignment are checked against what the device accepts (ops->valid), the
 * access is split or widened to what its handlers take (ops->impl), bytes are swapped for big-endian devices, and the big lock
 * is taken unless the region has opted out or the caller holds it.
 */
#include "base/bits.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/sync_profile.h"
#include "memory/memory_internal.h"

static bool access_valid(const MemoryRegion *mr, hwaddr offset, unsigned size)
{
    unsigned min = mr->ops->valid.min ? mr->ops->valid.min : 1, max = mr->ops->valid.max ? mr->ops->valid.max : 8;
    return size >= min && size <= max && (mr->ops->valid.unaligned || !(offset & (size - 1))) && offset < mr->size && size <= mr->size - offset;
}

static uint64_t swap_bytes(uint64_t v, unsigned size)
{
    return __builtin_bswap64(v) >> (64 - 8 * size);
}

/* The width that the handlers are called with for an access of size bytes. */
static unsigned impl_width(const MemoryRegion *mr, hwaddr offset, unsigned size)
{
    unsigned min = mr->ops->impl.min ? mr->ops->impl.min : 1, max = mr->ops->impl.max ? mr->ops->impl.max : 8;
    unsigned width = size < min ? min : size > max ? max : size;
    while (!mr->ops->impl.unaligned && width > min && (offset & (width - 1)))
        width /= 2;
    return width;
}

static bool take_big_lock(const MemoryRegion *mr)
{
    if (mr->lockless || bql_locked())
        return false;
    bql_lock();
    return true;
}

static MemTxResult worse(MemTxResult a, MemTxResult b)
{
    return a > b ? a : b;
}

static MemTxResult read_pieces(MemoryRegion *mr, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    unsigned width = impl_width(mr, offset, size);
    MemTxResult result = MEMTX_OK;
    uint64_t out = 0, piece;
    if (width > size) { /* read the wider unit around the access and take the part */
        hwaddr start = offset & ~(hwaddr)(width - 1);
        piece = 0;
        result = mr->ops->read(mr->opaque, start, &piece, width, attrs);
        *value = extract64(piece, (unsigned)(offset - start) * 8, size * 8);
        return result;
    }
    for (unsigned i = 0; i < size; i += width) {
        piece = 0;
        result = worse(result, mr->ops->read(mr->opaque, offset + i, &piece, width, attrs));
        out |= (piece & MASK64(width * 8)) << i * 8;
    }
    *value = out;
    return result;
}

static MemTxResult write_pieces(MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    unsigned width = impl_width(mr, offset, size);
    MemTxResult result = MEMTX_OK;
    if (width > size) {
        hwaddr start = offset & ~(hwaddr)(width - 1);
        return mr->ops->write(mr->opaque, start, (value & MASK64(size * 8)) << (offset - start) * 8, width, attrs);
    }
    for (unsigned i = 0; i < size; i += width)
        result = worse(result, mr->ops->write(mr->opaque, offset + i, (value >> i * 8) & MASK64(width * 8), width, attrs));
    return result;
}

MemTxResult memory_region_dispatch_read(MemoryRegion *mr, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = 0;
    if (!mr->ops || !mr->ops->read || !access_valid(mr, offset, size)) {
        log_printf(LOG_GUEST_ERROR, "%s: invalid read of %u bytes at 0x%" PRIx64 "\n", mr->name, size, offset);
        return MEMTX_ERROR;
    }
    bool locked = take_big_lock(mr);
    int64_t since = sync_begin();
    MemTxResult result = read_pieces(mr, offset, value, size, attrs);
    if (since)
        sync_region_accessed(mr->name, locked, since);
    if (locked)
        bql_unlock();
    if (mr->ops->endianness == DEVICE_BIG_ENDIAN)
        *value = swap_bytes(*value, size);
    return result;
}

MemTxResult memory_region_dispatch_write(MemoryRegion *mr, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    if (!mr->ops || !mr->ops->write || !access_valid(mr, offset, size)) {
        log_printf(LOG_GUEST_ERROR, "%s: invalid write of %u bytes at 0x%" PRIx64 "\n", mr->name, size, offset);
        return MEMTX_ERROR;
    }
    if (mr->ops->endianness == DEVICE_BIG_ENDIAN)
        value = swap_bytes(value, size);
    bool locked = take_big_lock(mr);
    int64_t since = sync_begin();
    MemTxResult result = write_pieces(mr, offset, value, size, attrs);
    if (since)
        sync_region_accessed(mr->name, locked, since);
    if (locked)
        bql_unlock();
    return result;
}
