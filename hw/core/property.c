/* SPDX-License-Identifier: MIT */
/* Properties of devices: text to fields, and back to help. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "hw/core/device_internal.h"

static const char *const type_text[] = {
    [PROP_BOOL] = "on|off", [PROP_U32] = "number", [PROP_U64] = "number", [PROP_SIZE] = "size",
    [PROP_STRING] = "text", [PROP_CHARDEV] = "label of a -chardev", [PROP_LINK] = "set by the board",
};

static const Property *property_find(const DeviceClass *class, const char *name)
{
    for (const Property *p = class->properties; p && p->name; p++)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

static bool unknown_property(const DeviceClass *class, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *near;

    for (const Property *p = class->properties; p && p->name; p++)
        g_ptr_array_add(names, (gpointer)p->name);
    near = names->len ? error_nearest(name, (const char *const *)names->pdata, names->len) : NULL;
    if (near)
        return error_set(error, "%s has no property '%s': did you mean '%s'?", class->name, name, near);
    return error_set(error, "%s has no property '%s': '-device %s,help' lists them", class->name, name, class->name);
}

static bool parse_bool(const char *text, bool *value)
{
    *value = !strcmp(text, "on") || !strcmp(text, "yes") || !strcmp(text, "true");
    return *value || !strcmp(text, "off") || !strcmp(text, "no") || !strcmp(text, "false");
}

static bool parse_uint(const char *text, uint64_t max, uint64_t *value)
{
    char *end;

    if (!g_ascii_isdigit(*text))
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return !errno && !*end && *value <= max;
}

static void store_uint(Device *dev, const Property *p, uint64_t value)
{
    void *field = device_field(dev, p->offset);

    switch (p->type) {
    case PROP_BOOL:
        *(bool *)field = value;
        break;
    case PROP_U32:
        *(uint32_t *)field = (uint32_t)value;
        break;
    case PROP_U64:
    case PROP_SIZE:
        *(uint64_t *)field = value;
        break;
    default:
        g_assert_not_reached();
    }
}

static bool set_chardev(Device *dev, const Property *p, const char *value, GError **error)
{
    Chardev *chr = chardev_find(value);

    if (!chr)
        return error_set(error, "%s.%s: no character device has the label '%s'", dev->class->name, p->name, value);
    if (chardev_in_use(chr))
        return error_set(error, "%s.%s: character device '%s' is in use", dev->class->name, p->name, value);
    *(Chardev **)device_field(dev, p->offset) = chr;
    return true;
}

static bool set_text(Device *dev, const Property *p, const char *value, GError **error)
{
    uint64_t number = 0;
    bool flag, ok = false;

    switch (p->type) {
    case PROP_BOOL:
        ok = parse_bool(value, &flag);
        number = ok && flag;
        break;
    case PROP_U32:
        ok = parse_uint(value, UINT32_MAX, &number);
        break;
    case PROP_U64:
        ok = parse_uint(value, UINT64_MAX, &number);
        break;
    case PROP_SIZE:
        ok = parse_size(value, 1, &number);
        break;
    case PROP_STRING:
        g_free(*(char **)device_field(dev, p->offset));
        *(char **)device_field(dev, p->offset) = g_strdup(value);
        return true;
    case PROP_CHARDEV:
        return set_chardev(dev, p, value, error);
    case PROP_LINK:
        break;
    }
    if (!ok)
        return error_set(error, "%s.%s: '%s' is not a value for it (%s)", dev->class->name, p->name, value, type_text[p->type]);
    store_uint(dev, p, number);
    return true;
}

bool device_set_prop(Device *dev, const char *name, const char *value, GError **error)
{
    const Property *p = property_find(dev->class, name);

    g_assert(!dev->realized);
    return p ? set_text(dev, p, value, error) : unknown_property(dev->class, name, error);
}

void device_set_link(Device *dev, const char *name, void *target)
{
    const Property *p = property_find(dev->class, name);

    g_assert(p && !dev->realized && (p->type == PROP_CHARDEV || p->type == PROP_LINK));
    *(void **)device_field(dev, p->offset) = target;
}

void device_set_uint(Device *dev, const char *name, uint64_t value)
{
    const Property *p = property_find(dev->class, name);

    g_assert(p && !dev->realized);
    store_uint(dev, p, value);
}

void device_init_props(Device *dev)
{
    for (const Property *p = dev->class->properties; p && p->name; p++) {
        bool ok = !p->default_value || set_text(dev, p, p->default_value, NULL);

        g_assert(ok);
    }
}

void device_free_props(Device *dev)
{
    for (const Property *p = dev->class->properties; p && p->name; p++)
        if (p->type == PROP_STRING)
            g_free(*(char **)device_field(dev, p->offset));
}

void device_class_help(const DeviceClass *class, GString *out)
{
    g_string_append_printf(out, "%s: %s\n", class->name, class->description);
    for (const Property *p = class->properties; p && p->name; p++) {
        if (p->type == PROP_LINK && class->user_creatable) /* not for the user */
            continue;
        g_string_append_printf(out, "  %s=<%s>  %s", p->name, type_text[p->type], p->help);
        if (p->default_value)
            g_string_append_printf(out, " (default: %s)", p->default_value);
        g_string_append_c(out, '\n');
    }
}
