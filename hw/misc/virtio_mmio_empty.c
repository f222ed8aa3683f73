/* SPDX-License-Identifier: MIT */
/*
 * virtio-mmio slots with nothing in them (virtio 1.2, 4.2.2): a driver reads MagicValue "virt", Version 2 and DeviceID 0, "no
 * device", and leaves the slot alone. One region covers a run of slots; a real transport is placed over its slot.
 */
#include "hw/core/device.h"

#define SLOT_SIZE 0x200u
#define NB_SLOTS 32u
enum { MAGIC_VALUE = 0x000, VERSION = 0x004 };

typedef struct VirtioMmioEmpty {
    Device parent;
    MemoryRegion mmio;
} VirtioMmioEmpty;

static MemTxResult slots_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    switch (offset % SLOT_SIZE) {
    case MAGIC_VALUE:
        *value = 0x74726976; /* "virt" */
        break;
    case VERSION:
        *value = 2;
        break;
    default:
        *value = 0;
    }
    return MEMTX_OK;
}

static MemTxResult slots_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    return MEMTX_OK;
}

static const MemoryRegionOps slots_ops = { .read = slots_read, .write = slots_write, .valid = { 1, 8, false }, .impl = { 4, 4, false } };
static const DeviceRegion slots_regions[] = {
    { "virtio-mmio-empty", offsetof(VirtioMmioEmpty, mmio), &slots_ops, SLOT_SIZE * NB_SLOTS, true }, { NULL },
};

const DeviceClass virtio_mmio_empty_class = {
    .name = "virtio-mmio-empty",
    .description = "32 virtio-mmio slots without devices",
    .instance_size = sizeof(VirtioMmioEmpty),
    .regions = slots_regions,
};
