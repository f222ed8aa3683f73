/* SPDX-License-Identifier: MIT */
/* Options that concern the machine: -M's items, -boot, -rtc, -vga, -parallel, -smbios, and -chardev. */
#include "system/machine_config.h"

#include <string.h>

#include "base/error.h"
#include "system/char.h"

static bool unknown_key(const char *option, const char *key, const char *const *keys, size_t n, GError **error)
{
    const char *near = error_nearest(key, keys, n);
    return error_set(error, "%s: no option '%s'%s%s%s", option, key, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool has_key(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(key, keys[i]))
            return true;
    }
    return false;
}

/* Whether all of list's keys are among keys. */
static bool check_keys(const char *option, const OptionList *list, const char *const *keys, size_t n, GError **error)
{
    for (unsigned i = 0; i < list->items->len; i++) {
        const char *key = g_array_index(list->items, MachineOption, i).key;
        if (!has_key(key, keys, n))
            return unknown_key(option, key, keys, n, error);
    }
    return true;
}

static bool key_bool(const char *option, const OptionList *list, const char *key, bool *value, GError **error)
{
    const char *text = option_list_get(list, key);
    if (text && !option_parse_bool(text, value))
        return error_set(error, "%s %s=%s: accepted are 'on' and 'off'", option, key, text);
    return true;
}

/* ---- -M ---- */
/* The machine's own options: those of all machines taken out. */
static bool machine_items(const Options *o, const BoardClass *board, MachineConfig *config, GError **error)
{
    GArray *items = g_array_new(TRUE, TRUE, sizeof(MachineOption));
    for (unsigned i = 0; i < o->machine->items->len; i++) {
        MachineOption item = g_array_index(o->machine->items, MachineOption, i);
        if (!strcmp(item.key, "dumpdtb")) {
            if (!item.value)
                return error_set(error, "-M dumpdtb: write the name of a file: dumpdtb=FILE");
            config->dumpdtb = item.value;
        } else if (!strcmp(item.key, "accel")) {
            if (!item.value || strcmp(item.value, "tcg"))
                return error_set(error, "-M accel=%s: only 'tcg' is built", item.value ? item.value : "");
        } else if (strcmp(item.key, "type")) {
            if (!item.value)
                item.value = "on";
            g_array_append_val(items, item);
        }
    }
    if (o->no_hpet) {
        MachineOption item = { "hpet", "off" };
        g_array_append_val(items, item);
    }
    config->options = (const MachineOption *)(void *)items->data;
    config->n_options = items->len;
    return board_check_options(board, config, error);
}

/* ---- -boot, -rtc, -vga, -parallel ---- */
static bool check_boot_order(const char *order, GError **error)
{
    for (const char *c = order; *c; c++) {
        if (!strchr("acdn", *c) || strchr(c + 1, *c))
            return error_set(error, "-boot order=%s: write each boot device once: a (floppy), c (disk), d (CD), n (network)", order);
    }
    return true;
}

static bool boot_options(const Options *o, MachineConfig *config, GError **error)
{
    static const char *const keys[] = { "order", "menu", "strict" };
    const OptionList *list = o->boot;
    bool strict;
    if (!list)
        return true;
    config->boot_order = list->name ? list->name : option_list_get(list, "order");
    return check_keys("-boot", list, keys, G_N_ELEMENTS(keys), error) && key_bool("-boot", list, "menu", &config->boot_menu, error) &&
           key_bool("-boot", list, "strict", &strict, error) && (!config->boot_order || check_boot_order(config->boot_order, error));
}

static bool rtc_options(const Options *o, MachineConfig *config, GError **error)
{
    static const char *const keys[] = { "base", "clock", "driftfix" };
    const OptionList *list = o->rtc;
    if (!list)
        return true;
    if (list->name)
        return error_set(error, "-rtc %s: write key=value: base=utc|localtime|DATE, clock=host|vm", list->name);
    const char *clock = option_list_get(list, "clock"), *drift = option_list_get(list, "driftfix");
    if (clock && strcmp(clock, "host") && strcmp(clock, "vm"))
        return error_set(error, "-rtc clock=%s: accepted are 'host' and 'vm'", clock);
    if (drift && strcmp(drift, "none"))
        return error_set(error, "-rtc driftfix=%s: only 'none' is built", drift);
    config->rtc_base = option_list_get(list, "base");
    return check_keys("-rtc", list, keys, G_N_ELEMENTS(keys), error);
}

static bool simple_options(const Options *o, MachineConfig *config, GError **error)
{
    if (o->vga && strcmp(o->vga, "none") && strcmp(o->vga, "std"))
        return error_set(error, "-vga %s: accepted are 'std' and 'none'", o->vga);
    if (o->parallel && strcmp(o->parallel, "none"))
        return error_set(error, "-parallel %s: there are no parallel ports; only 'none' is accepted", o->parallel);
    config->vga = o->vga;
    config->bios = o->bios;
    config->no_acpi = o->no_acpi;
    config->nographic = o->nographic;
    config->no_defaults = o->no_defaults;
    config->smbios = o->smbios->len ? o->smbios : NULL;
    config->devices = o->devices->len ? o->devices : NULL;
    return true;
}

/* ---- -smp ---- */
static bool smp_options(const Options *o, const BoardClass *board, MachineConfig *config, GError **error)
{
    const char *levels = board->has_dies ? "sockets, dies, cores, threads" : board->has_clusters ? "sockets, clusters, cores, threads" : "sockets, cores, threads";
    bool dies = o->smp.dies > 1 && !board->has_dies, clusters = o->smp.clusters > 1 && !board->has_clusters;
    if (dies || clusters)
        return error_set(error, "-smp %s=%u: machine '%s' has no %s; it takes %s", dies ? "dies" : "clusters", dies ? o->smp.dies : o->smp.clusters, board->name,
                         dies ? "dies" : "clusters", levels);
    if (!cpu_topology_fill(&o->smp, &config->smp, error))
        return false;
    if (config->smp.cpus > board->max_cpus)
        return error_set(error, "-smp %u: machine '%s' takes 1 to %u vCPUs", config->smp.cpus, board->name, board->max_cpus);
    return true;
}

bool machine_config(const Options *o, const BoardClass *board, MachineConfig *config, GError **error)
{
    *config = (MachineConfig){ .cpu = o->cpu, .ram_bytes = o->ram_bytes, .kernel = o->kernel, .initrd = o->initrd,
                               .append = o->append, .dtb = o->dtb };
    if (!machine_items(o, board, config, error) || !boot_options(o, config, error) || !rtc_options(o, config, error) ||
        !simple_options(o, config, error) || !smp_options(o, board, config, error))
        return false;
    return board->arch->check(o->cpu ? o->cpu : board->default_cpu, error);
}

/* ---- -chardev ---- */
/* A socket as char_open writes it. NULL with an error. */
static char *socket_text(const OptionList *list, const char *id, GError **error)
{
    const char *path = option_list_get(list, "path"), *host = option_list_get(list, "host"), *port = option_list_get(list, "port");
    bool server = false, wait = true;
    if (!key_bool("-chardev socket", list, "server", &server, error) || !key_bool("-chardev socket", list, "wait", &wait, error))
        return NULL;
    if (!path && !port) {
        error_set(error, "-chardev socket,id=%s: give path=PATH, or host=HOST,port=PORT", id);
        return NULL;
    }
    const char *suffix = !server ? "" : wait ? ",server" : ",server,nowait";
    return path ? g_strdup_printf("unix:%s%s", path, suffix) : g_strdup_printf("tcp:%s:%s%s", host ? host : "", port, suffix);
}

static char *chardev_text(const OptionList *list, const char *id, GError **error)
{
    static const char *const kinds[] = { "file", "null", "pty", "socket", "stdio" };
    const char *kind = list->name ? list->name : "", *path = option_list_get(list, "path");
    bool mux = false;
    if (!strcmp(kind, "socket"))
        return socket_text(list, id, error);
    if (!strcmp(kind, "file") && path)
        return g_strdup_printf("file:%s", path);
    if (!strcmp(kind, "file")) {
        error_set(error, "-chardev file,id=%s: give path=PATH", id);
        return NULL;
    }
    if (!key_bool("-chardev", list, "mux", &mux, error))
        return NULL;
    if (!strcmp(kind, "stdio"))
        return g_strdup(mux ? "mon:stdio" : "stdio");
    if (!strcmp(kind, "null") || !strcmp(kind, "pty"))
        return g_strdup(kind);
    const char *near = error_nearest(kind, kinds, G_N_ELEMENTS(kinds));
    error_set(error, "-chardev %s: not a back end%s%s%s; accepted are file, null, pty, socket, stdio", kind, near ? ", did you mean '" : "", near ? near : "",
              near ? "'?" : "");
    return NULL;
}

static bool open_chardev(const OptionList *list, GError **error)
{
    static const char *const keys[] = { "id", "path", "host", "port", "server", "wait", "mux", "signal" };
    const char *id = option_list_get(list, "id");
    Chardev *chr;
    if (!id || !*id)
        return error_set(error, "-chardev %s: give it a name: id=ID", list->name ? list->name : "");
    if (chardev_find(id))
        return error_set(error, "-chardev id=%s: this name is given twice", id);
    if (!check_keys("-chardev", list, keys, G_N_ELEMENTS(keys), error))
        return false;
    g_autofree char *text = chardev_text(list, id, error);
    if (!text || !char_open(text, id, &chr, error))
        return false;
    chardev_register(chr);
    return true;
}

bool machine_open_chardevs(const Options *o, GError **error)
{
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        OptionList *list = option_list_parse(o->chardevs->pdata[i]);
        bool ok = open_chardev(list, error);
        option_list_free(list);
        if (!ok)
            return false;
    }
    return true;
}
