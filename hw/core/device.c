/* SPDX-License-Identifier: MIT */
/* Devices: creation, wiring, realize, reset. Properties are in property.c, the registry in device_list.c. */
#include "hw/core/device.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "cpus/runstate.h"
#include "hw/core/device_internal.h"

static GPtrArray *realized_devices; /* (B) in the order of realization */

void *device_field(Device *dev, size_t offset)
{
    return (char *)dev + offset;
}

Device *device_new_class(const DeviceClass *class)
{
    Device *dev = g_malloc0(class->instance_size);

    dev->class = class;
    device_init_props(dev);
    return dev;
}

Device *device_new(const char *name, GError **error)
{
    const DeviceClass *class = device_class_find(name);
    const char *names[64], *near;
    size_t n = 0;

    if (class)
        return device_new_class(class);
    for (; device_classes[n] && n < ARRAY_SIZE(names); n++)
        names[n] = device_classes[n]->name;
    near = error_nearest(name, names, n);
    if (near)
        error_set(error, "'%s' is not a device: did you mean '%s'? '-device help' lists them", name, near);
    else
        error_set(error, "'%s' is not a device: '-device help' lists them", name);
    return NULL;
}

MemoryRegion *device_region(Device *dev, unsigned index)
{
    for (unsigned i = 0; i <= index; i++)
        g_assert(dev->class->regions && dev->class->regions[i].name);
    return device_field(dev, dev->class->regions[index].offset);
}

void device_connect_irq(Device *dev, const char *name, unsigned index, IrqLine line)
{
    for (const DeviceOutput *o = dev->class->outputs; o && o->name; o++) {
        if (!strcmp(o->name, name)) {
            g_assert(index < o->count);
            ((IrqLine *)device_field(dev, o->offset))[index] = line;
            return;
        }
    }
    g_error("%s has no output '%s'", dev->class->name, name);
}

IrqLine device_input(Device *dev, const char *name, unsigned index)
{
    for (const DeviceInput *in = dev->class->inputs; in && in->name; in++) {
        if (!strcmp(in->name, name)) {
            g_assert(!in->count || index < in->count);
            return (IrqLine){ .fn = in->fn, .opaque = dev, .n = (int)index };
        }
    }
    g_error("%s has no input '%s'", dev->class->name, name);
}

static void destroy_regions(Device *dev)
{
    for (const DeviceRegion *r = dev->class->regions; r && r->name; r++)
        memory_region_destroy(device_field(dev, r->offset));
}

static void reset_handler(void *opaque)
{
    device_reset_all();
}

static void list_add(Device *dev)
{
    if (!realized_devices) {
        realized_devices = g_ptr_array_new();
        runstate_add_reset(reset_handler, NULL);
    }
    g_ptr_array_add(realized_devices, dev);
}

bool device_realize(Device *dev, GError **error)
{
    const DeviceClass *class = dev->class;

    g_assert(!dev->realized);
    for (const DeviceRegion *r = class->regions; r && r->name; r++) {
        MemoryRegion *mr = device_field(dev, r->offset);

        memory_region_init_io(mr, r->ops, dev, r->name, r->size);
        if (r->lockless)
            memory_region_set_lockless(mr);
    }
    if (class->realize && !class->realize(dev, error)) {
        destroy_regions(dev);
        return false;
    }
    dev->realized = true;
    list_add(dev);
    if (class->reset)
        class->reset(dev);
    return true;
}

void device_free(Device *dev)
{
    if (!dev)
        return;
    if (dev->realized) {
        g_ptr_array_remove(realized_devices, dev);
        if (dev->class->unrealize)
            dev->class->unrealize(dev);
        destroy_regions(dev);
    }
    device_free_props(dev);
    g_free(dev->id);
    g_free(dev);
}

void device_reset_all(void)
{
    for (unsigned i = 0; realized_devices && i < realized_devices->len; i++) {
        Device *dev = g_ptr_array_index(realized_devices, i);

        if (dev->class->reset)
            dev->class->reset(dev);
    }
}

void device_foreach(void (*fn)(Device *dev, void *opaque), void *opaque)
{
    for (unsigned i = 0; realized_devices && i < realized_devices->len; i++)
        fn(g_ptr_array_index(realized_devices, i), opaque);
}
