/* SPDX-License-Identifier: MIT */
/*
 * Drives. What is accepted of -drive is in one table of keys; everything else is refused by name, so that nobody believes a cache
 * mode or a throttle to be in force that is not.
 *
 * Indexes count the places of an interface: IDE 0..3 are hda hdb hdc hdd (two channels of two), a CD-ROM without an index goes to 2 as the
 * guests of old expect, others to the first place that is free.
 */
#include "system/drive.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "system/block.h"

#define CDROM_INDEX 2
#define MAX_INDEX 64

typedef struct Parsed {
    Drive drive;
    const char *file, *id;
    BlockOpen open;
    int index;            /* -1: not said */
} Parsed;

static const struct { const char *name; DriveInterface interface; const char *prefix; } interfaces[] = {
    { "ide", DRIVE_IF_IDE, "ide" }, { "none", DRIVE_IF_NONE, "none" }, { "pflash", DRIVE_IF_PFLASH, "pflash" },
};

static bool set_file(Parsed *p, const char *v, GError **error) { return p->file = v, true; }
static bool set_id(Parsed *p, const char *v, GError **error) { return p->id = v, true; }

static bool set_interface(Parsed *p, const char *v, GError **error)
{
    for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
        if (!strcmp(v, interfaces[i].name)) {
            p->drive.interface = interfaces[i].interface;
            return true;
        }
    }
    return error_set(error, "-drive if=%s: accepted are ide, pflash and none", v);
}

static bool set_format(Parsed *p, const char *v, GError **error)
{
    p->open.raw = !strcmp(v, "raw");
    return p->open.raw || error_set(error, "-drive format=%s: only raw images are built; 'qemu-img convert -O raw' makes one", v);
}

static bool set_media(Parsed *p, const char *v, GError **error)
{
    p->drive.cdrom = !strcmp(v, "cdrom");
    return p->drive.cdrom || !strcmp(v, "disk") || error_set(error, "-drive media=%s: accepted are disk and cdrom", v);
}

static bool set_readonly(Parsed *p, const char *v, GError **error)
{
    return option_parse_bool(v, &p->open.readonly) || error_set(error, "-drive readonly=%s: accepted are on and off", v);
}

static bool set_index(Parsed *p, const char *v, GError **error)
{
    char *end;
    uint64_t n = g_ascii_strtoull(v, &end, 10);
    if (!g_ascii_isdigit(*v) || *end || n >= MAX_INDEX)
        return error_set(error, "-drive index=%s: write a number, 0 to %d", v, MAX_INDEX - 1);
    p->index = (int)n;
    return true;
}

static bool set_cache(Parsed *p, const char *v, GError **error)
{
    static const char *const names[] = { [BLOCK_CACHE_WRITEBACK] = "writeback", [BLOCK_CACHE_WRITETHROUGH] = "writethrough", [BLOCK_CACHE_UNSAFE] = "unsafe" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(v, names[i])) {
            p->open.cache = i;
            return true;
        }
    }
    return error_set(error, "-drive cache=%s: accepted are writeback, writethrough and unsafe", v);
}

static const struct { const char *name; bool (*set)(Parsed *p, const char *value, GError **error); } keys[] = {
    { "file", set_file }, { "id", set_id }, { "if", set_interface }, { "format", set_format }, { "media", set_media }, { "readonly", set_readonly },
    { "read-only", set_readonly }, { "index", set_index }, { "unit", set_index }, { "cache", set_cache },
};

static bool set_key(Parsed *p, const char *key, const char *value, GError **error)
{
    const char *names[ARRAY_SIZE(keys)];
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (!strcmp(key, keys[i].name))
            return value ? keys[i].set(p, value, error) : error_set(error, "-drive %s: write %s=VALUE", key, key);
        names[i] = keys[i].name;
    }
    const char *near = error_nearest(key, names, ARRAY_SIZE(names));
    return error_set(error, "-drive: no option '%s'%s%s%s; accepted are file, if, index, media, format, readonly, cache and id", key,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Strings of list live on: the drives keep them. */
static bool parse_drive(Parsed *p, const char *text, GError **error)
{
    OptionList *list = option_list_parse(text);
    if (list->name)
        return error_set(error, "-drive %s: write file=%s", list->name, list->name);
    for (unsigned i = 0; i < list->items->len; i++) {
        const MachineOption *o = &g_array_index(list->items, MachineOption, i);
        if (!set_key(p, o->key, o->value, error))
            return false;
    }
    if (p->file && !*p->file)
        p->file = NULL;
    if (!p->file && !p->drive.cdrom)
        return error_set(error, "-drive %s: there is no file=; only a CD-ROM drive (media=cdrom) can be empty", text);
    return true;
}

static bool parse_short(Parsed *p, const DriveOption *d)
{
    p->file = d->text;
    if (!strcmp(d->option, "pflash")) {
        p->drive.interface = DRIVE_IF_PFLASH;
    } else {
        p->drive.interface = DRIVE_IF_IDE;
        p->drive.cdrom = !strcmp(d->option, "cdrom");
        p->index = p->drive.cdrom ? CDROM_INDEX : d->option[2] - 'a';
    }
    return true;
}

static const Parsed *holder(const Parsed *all, unsigned n, DriveInterface interface, int index)
{
    for (unsigned i = 0; i < n; i++) {
        if (all[i].drive.interface == interface && all[i].index == index)
            return &all[i];
    }
    return NULL;
}

static bool place(Parsed *all, unsigned n, Parsed *p, GError **error)
{
    DriveInterface interface = p->drive.interface;
    if (p->index >= 0) {
        const Parsed *other = holder(all, n, interface, p->index);
        return !other || interface == DRIVE_IF_NONE ||
               error_set(error, "drives '%s' and '%s' have the same place (index %d); give one another index=", other->file ? other->file : "(empty)",
                         p->file ? p->file : "(empty)", p->index);
    }
    int index = p->drive.cdrom && interface == DRIVE_IF_IDE && !holder(all, n, interface, CDROM_INDEX) ? CDROM_INDEX : 0;
    while (holder(all, n, interface, index)) /* p itself has no index yet */
        index++;
    p->index = index;
    return true;
}

static bool open_drive(Parsed *p, GError **error)
{
    const char *prefix = "none";
    for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
        if (interfaces[i].interface == p->drive.interface)
            prefix = interfaces[i].prefix;
    }
    g_autofree char *name = p->drive.interface == DRIVE_IF_IDE ? g_strdup_printf("ide%d-%s%d", p->index / 2, p->drive.cdrom ? "cd" : "hd", p->index % 2)
                                                               : g_strdup_printf("%s%d", prefix, p->index);
    p->open.id = p->id ? p->id : name;
    p->open.path = p->file;
    p->open.readonly |= p->drive.cdrom;
    p->drive.blk = block_open(&p->open, error);
    p->drive.index = (unsigned)p->index;
    return p->drive.blk != NULL;
}

bool drives_open(const DriveOption *given, unsigned n, Drive **drives, GError **error)
{
    g_autofree Parsed *all = g_new0(Parsed, n + 1);
    for (unsigned i = 0; i < n; i++) {
        all[i] = (Parsed){ .index = -1, .drive.interface = DRIVE_IF_IDE };
        if (!(strcmp(given[i].option, "drive") ? parse_short(&all[i], &given[i]) : parse_drive(&all[i], given[i].text, error)))
            return false;
    }
    for (unsigned i = 0; i < n; i++) { /* those that say where they go first */
        if (all[i].index >= 0 && !place(all, i, &all[i], error))
            return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (all[i].index < 0)
            place(all, n, &all[i], NULL);
    }
    *drives = g_new0(Drive, n + 1);
    for (unsigned i = 0; i < n; i++) {
        if (!open_drive(&all[i], error))
            return false;
        (*drives)[i] = all[i].drive;
    }
    return true;
}
