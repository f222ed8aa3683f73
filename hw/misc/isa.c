/* SPDX-License-Identifier: MIT */
/*
 * Small devices at fixed I/O ports: the debug console and the debug exit that firmware and test programs use, port 92 (fast A20 and
 * reset), and the reset control register 0xcf9 of PCI chipsets.
 */
#include "hw/misc/isa.h"

#include <string.h>

#include "base/error.h"
#include "cpus/runstate.h"

void isa_place(Device *dev)
{
    for (const Property *p = dev->class->properties; p && p->name; p++) {
        if (!strcmp(p->name, "iobase")) {
            memory_region_add_subregion(memory_io_root(), *(uint32_t *)((char *)dev + p->offset), device_region(dev, 0));
            return;
        }
    }
    g_error("%s has no property 'iobase'", dev->class->name);
}

static bool check_iobase(const Device *dev, uint32_t iobase, uint32_t size, GError **error)
{
    return iobase + size <= 0x10000 && iobase < 0x10000 ? true
                                                        : error_set(error, "%s: iobase 0x%x is not an I/O port", dev->class->name, iobase);
}

/* ---- isa-debugcon ---- */
typedef struct DebugCon {
    Device parent;
    MemoryRegion io;
    Chardev *chr;
    uint32_t iobase, readback;
} DebugCon;

static MemTxResult debugcon_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = ((DebugCon *)opaque)->readback;
    return MEMTX_OK;
}

static MemTxResult debugcon_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    uint8_t byte = (uint8_t)value;

    chardev_write(((DebugCon *)opaque)->chr, &byte, 1);
    return MEMTX_OK;
}

static bool debugcon_realize(Device *dev, GError **error)
{
    return check_iobase(dev, ((DebugCon *)dev)->iobase, 1, error);
}

static const MemoryRegionOps debugcon_ops = { .read = debugcon_read, .write = debugcon_write, .valid = { 1, 1, false } };
static const Property debugcon_properties[] = {
    { "iobase", PROP_U32, offsetof(DebugCon, iobase), "0xe9", "its port" },
    { "readback", PROP_U32, offsetof(DebugCon, readback), "0xe9", "what the port reads" },
    { "chardev", PROP_CHARDEV, offsetof(DebugCon, chr), NULL, "where its bytes go" },
    { NULL },
};
static const DeviceRegion debugcon_regions[] = { { "isa-debugcon", offsetof(DebugCon, io), &debugcon_ops, 1, false }, { NULL } };

const DeviceClass isa_debugcon_class = {
    .name = "isa-debugcon",
    .description = "debug console: each byte written is shown",
    .instance_size = sizeof(DebugCon),
    .user_creatable = true,
    .properties = debugcon_properties,
    .regions = debugcon_regions,
    .realize = debugcon_realize,
};

/* ---- isa-debug-exit ---- */
typedef struct DebugExit {
    Device parent;
    MemoryRegion io;
    uint32_t iobase, iosize;
} DebugExit;

static MemTxResult debug_exit_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = 0;
    return MEMTX_OK;
}

static MemTxResult debug_exit_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    runstate_request_quit((int)((value << 1 | 1) & 0xff));
    return MEMTX_OK;
}

static bool debug_exit_realize(Device *dev, GError **error)
{
    DebugExit *s = (DebugExit *)dev;

    if (!s->iosize || s->iosize > 16)
        return error_set(error, "isa-debug-exit: iosize is 1 to 16 ports, not %u", s->iosize);
    s->io.size = s->iosize;
    return check_iobase(dev, s->iobase, s->iosize, error);
}

static const MemoryRegionOps debug_exit_ops = { .read = debug_exit_read, .write = debug_exit_write, .valid = { 1, 4, true } };
static const Property debug_exit_properties[] = {
    { "iobase", PROP_U32, offsetof(DebugExit, iobase), "0x501", "its first port" },
    { "iosize", PROP_U32, offsetof(DebugExit, iosize), "2", "how many ports" },
    { NULL },
};
static const DeviceRegion debug_exit_regions[] = { { "isa-debug-exit", offsetof(DebugExit, io), &debug_exit_ops, 2, false }, { NULL } };

const DeviceClass isa_debug_exit_class = {
    .name = "isa-debug-exit",
    .description = "a write of N ends the program with status 2 * N + 1",
    .instance_size = sizeof(DebugExit),
    .user_creatable = true,
    .properties = debug_exit_properties,
    .regions = debug_exit_regions,
    .realize = debug_exit_realize,
};

/* ---- port92 ---- */
#define PORT92_RESET 1u
#define PORT92_A20 2u

typedef struct Port92 {
    Device parent;
    MemoryRegion io;
    IrqLine a20;
    uint8_t value;
} Port92;

static MemTxResult port92_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = ((Port92 *)opaque)->value;
    return MEMTX_OK;
}

static MemTxResult port92_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    Port92 *s = opaque;
    bool reset = (value & PORT92_RESET) && !(s->value & PORT92_RESET);

    s->value = (uint8_t)value;
    irq_set(&s->a20, (s->value & PORT92_A20) != 0);
    if (reset)
        runstate_request(RUN_REQ_RESET);
    return MEMTX_OK;
}

static void port92_post_load(Device *dev)
{
    Port92 *s = (Port92 *)dev;

    irq_set(&s->a20, (s->value & PORT92_A20) != 0);
}

static void port92_reset(Device *dev)
{
    ((Port92 *)dev)->value = 0;
    port92_post_load(dev);
}

static const MemoryRegionOps port92_ops = { .read = port92_read, .write = port92_write, .valid = { 1, 1, false } };
static const DeviceRegion port92_regions[] = { { "port92", offsetof(Port92, io), &port92_ops, 1, false }, { NULL } };
static const DeviceOutput port92_outputs[] = { { "a20", offsetof(Port92, a20), 1 }, { NULL } };
static const SnapshotField port92_fields[] = { SNAP(Port92, value), { NULL } };

const DeviceClass port92_class = {
    .name = "port92",
    .description = "fast A20 gate and reset of the PC",
    .instance_size = sizeof(Port92),
    .regions = port92_regions,
    .outputs = port92_outputs,
    .fields = port92_fields,
    .reset = port92_reset,
    .post_load = port92_post_load,
};

/* ---- reset-control ---- */
#define RESET_SYS 2u               /* hard rather than soft; both reset the machine here */
#define RESET_CPU 4u               /* the rising edge resets */
#define RESET_FULL 8u

typedef struct ResetControl {
    Device parent;
    MemoryRegion io;
    uint8_t value;
} ResetControl;

uint8_t reset_control_read(Device *dev)
{
    return ((ResetControl *)dev)->value;
}

void reset_control_write(Device *dev, uint8_t value)
{
    ResetControl *s = (ResetControl *)dev;

    if ((value & RESET_CPU) && !(s->value & RESET_CPU))
        runstate_request(RUN_REQ_RESET);
    s->value = value & (RESET_SYS | RESET_CPU | RESET_FULL);
}

static MemTxResult rcr_read(void *opaque, hwaddr offset, uint64_t *value, unsigned size, MemTxAttrs attrs)
{
    *value = reset_control_read(opaque);
    return MEMTX_OK;
}

static MemTxResult rcr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size, MemTxAttrs attrs)
{
    reset_control_write(opaque, (uint8_t)value);
    return MEMTX_OK;
}

static void rcr_reset(Device *dev)
{
    ((ResetControl *)dev)->value = 0;
}

static const MemoryRegionOps rcr_ops = { .read = rcr_read, .write = rcr_write, .valid = { 1, 1, false } };
static const DeviceRegion rcr_regions[] = { { "reset-control", offsetof(ResetControl, io), &rcr_ops, 1, false }, { NULL } };
static const SnapshotField rcr_fields[] = { SNAP(ResetControl, value), { NULL } };

const DeviceClass reset_control_class = {
    .name = "reset-control",
    .description = "reset control register 0xcf9",
    .instance_size = sizeof(ResetControl),
    .regions = rcr_regions,
    .fields = rcr_fields,
    .reset = rcr_reset,
};
