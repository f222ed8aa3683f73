/* SPDX-License-Identifier: MIT */
/*
 * Devices as data: a state struct that starts with a Device, and one constant DeviceClass that says everything about it.
 *
 * Life cycle: device_new (zeroed state, properties at their defaults) -> device_set_prop... -> device_connect_irq... ->
 * device_realize (checks, regions initialised, then reset) -> placed by its board -> reset at will -> device_free.
 * The descriptor answers "-device X,help", introspection and the reference page; its fields serve snapshots and state hashes.
 *
 * A handler sees offsets, never addresses. All of this under the big lock; a device whose regions are lockless locks for itself.
 */
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/core/chardev.h"
#include "hw/core/irq.h"
#include "memory/memory.h"

typedef struct Device Device;
typedef struct DeviceClass DeviceClass;

typedef enum PropertyType {
    PROP_BOOL,    /* bool: on, off */
    PROP_U32,     /* uint32_t */
    PROP_U64,     /* uint64_t */
    PROP_SIZE,    /* uint64_t bytes, with suffixes */
    PROP_STRING,  /* char *, owned by the device, may be NULL */
    PROP_CHARDEV, /* Chardev *, by label */
    PROP_LINK,    /* void *: wired by a board through device_set_link, not settable by text */
} PropertyType;

/* Arrays of these end with a NULL name. */
typedef struct Property {
    const char *name;
    PropertyType type;
    size_t offset;             /* in the state struct */
    const char *default_value; /* as text; NULL: zero */
    const char *help;
} Property;

typedef struct DeviceRegion {
    const char *name;
    size_t offset;             /* of a MemoryRegion in the state struct; its opaque is the device */
    const MemoryRegionOps *ops;
    uint64_t size;
    bool lockless;
} DeviceRegion;

typedef struct DeviceOutput {
    const char *name;
    size_t offset;             /* of the first of count IrqLines in the state struct */
    unsigned count;
} DeviceOutput;

typedef struct DeviceInput {
    const char *name;
    void (*fn)(void *opaque, int n, int level); /* opaque: the device */
    unsigned count;            /* 0: as many as the device says when it is asked */
} DeviceInput;

/* A piece of state that a snapshot holds: count elements of size bytes, in place, or behind a pointer (SNAP_POINTER; count is then read from a uint32_t at count_offset). */
typedef struct SnapshotField {
    const char *name;
    size_t offset, size;
    unsigned count;
    enum { SNAP_INLINE, SNAP_POINTER } kind;
    size_t count_offset;
} SnapshotField;
#define SNAP(type, member) { #member, offsetof(type, member), sizeof(((type *)0)->member), 1, SNAP_INLINE, 0 }
#define SNAP_ARRAY(type, member) \
    { #member, offsetof(type, member), sizeof(((type *)0)->member[0]), sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0]), SNAP_INLINE, 0 }
#define SNAP_PTR(type, member, count_member) \
    { #member, offsetof(type, member), sizeof(((type *)0)->member[0]), 0, SNAP_POINTER, offsetof(type, count_member) }

/* What a device given to -device is plugged into. PCI: its state starts with a PCIDevice. */
typedef enum DeviceBus { DEVICE_NO_BUS, DEVICE_PCI } DeviceBus;

struct DeviceClass {
    const char *name, *description;
    size_t instance_size;
    bool user_creatable;             /* may be given to -device; others belong to a board */
    DeviceBus bus;
    const Property *properties;
    const DeviceRegion *regions;
    const DeviceOutput *outputs;
    const DeviceInput *inputs;
    const SnapshotField *fields;
    bool (*realize)(Device *dev, GError **error);
    void (*unrealize)(Device *dev);
    void (*reset)(Device *dev);
    void (*post_load)(Device *dev);  /* after a snapshot's fields were written: bring lines and timers in step */
};

struct Device {
    const DeviceClass *class;        /* (c) */
    char *id;                        /* id= of -device, or NULL */
    bool realized;                   /* (B) */
};

/* ---- registry ---- */
extern const DeviceClass *const device_classes[]; /* NULL-ended, in alphabetical order */
const DeviceClass *device_class_find(const char *name);
/* Text for "-device help" and for "-device NAME,help". */
void device_list_help(GString *out);
void device_class_help(const DeviceClass *class, GString *out);

/* ---- instances ---- */
/* NULL with an error that suggests the nearest name. */
Device *device_new(const char *name, GError **error);
Device *device_new_class(const DeviceClass *class);
/* Before realize. False: no such property, or not a value for it; the message says what would be. */
bool device_set_prop(Device *dev, const char *name, const char *value, GError **error);
/* For boards: properties of type PROP_CHARDEV and PROP_LINK; the name must exist. */
void device_set_link(Device *dev, const char *name, void *target);
/* For boards: PROP_BOOL, PROP_U32, PROP_U64 and PROP_SIZE; the name must exist. */
void device_set_uint(Device *dev, const char *name, uint64_t value);
bool device_realize(Device *dev, GError **error);
/* Unrealizes when needed; regions must have left their containers. */
void device_free(Device *dev);
/* The region at index in the class's list. */
MemoryRegion *device_region(Device *dev, unsigned index);
/* Connects output name[index] to the input at the other end. The name must exist. */
void device_connect_irq(Device *dev, const char *name, unsigned index, IrqLine line);
/* The input name[index], to be driven by others. */
IrqLine device_input(Device *dev, const char *name, unsigned index);
/* Every realized device's, in the order of realization; also reached by runstate_reset_all. */
void device_reset_all(void);
/* Calls fn for each realized device. */
void device_foreach(void (*fn)(Device *dev, void *opaque), void *opaque);

#endif
