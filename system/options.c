/* SPDX-License-Identifier: MIT */
/* Parsing the command line. Options have QEMU's names; one dash or two. */
#include "system/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "accel/tb/tb.h"
#include "base/error.h"
#include "hw/core/keyval.h"
#include "system/drive.h"

#define SMP_MAX_NUMBER 4096u /* so that products of all fit in 64 bits */

typedef struct OptionRow { const char *name, *alias, *argument, *help; } OptionRow;

static const OptionRow rows[] = {
#define OPTION(name, alias, argument, help) { name, alias, argument, help },
#include "system/options.def"
#undef OPTION
};

void options_help(const char *program, FILE *out)
{
    fprintf(out, "usage: %s [options]\n\nRuns a guest machine. Options:\n", program);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        fprintf(out, "  -%s%s%s%s%s\n      %s\n", rows[i].name, rows[i].alias ? ", -" : "", rows[i].alias ? rows[i].alias : "",
                rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "", rows[i].help);
    }
}

static const OptionRow *find_row(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!strcmp(word, rows[i].name) || (rows[i].alias && !strcmp(word, rows[i].alias)))
            return &rows[i];
    }
    return NULL;
}

static bool unknown_option(const char *word, GError **error)
{
    const char *names[ARRAY_SIZE(rows) * 2];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        names[n++] = rows[i].name;
        if (rows[i].alias)
            names[n++] = rows[i].alias;
    }
    const char *near = error_nearest(word, names, n);
    if (near)
        return error_set(error, "unknown option '-%s', did you mean '-%s'? '-h' lists all", word, near);
    return error_set(error, "unknown option '-%s'; '-h' lists all", word);
}

OptionList *option_list_parse(const char *text)
{
    OptionList *list = g_new0(OptionList, 1);
    g_autoptr(GArray) items = keyval_parse(text);
    list->items = g_array_new(TRUE, TRUE, sizeof(MachineOption));
    for (unsigned i = 0; i < items->len; i++) {
        KeyVal *item = &g_array_index(items, KeyVal, i);
        if (i == 0 && !item->value) {
            list->name = g_steal_pointer(&item->key);
            continue;
        }
        MachineOption o = { g_steal_pointer(&item->key), g_steal_pointer(&item->value) };
        g_array_append_val(list->items, o);
    }
    return list;
}

void option_list_free(OptionList *list)
{
    if (!list)
        return;
    for (unsigned i = 0; i < list->items->len; i++) {
        MachineOption *o = &g_array_index(list->items, MachineOption, i);
        g_free((char *)o->key);
        g_free((char *)o->value);
    }
    g_array_free(list->items, TRUE);
    g_free(list->name);
    g_free(list);
}

const char *option_list_get(const OptionList *list, const char *key)
{
    const char *found = NULL;
    for (unsigned i = 0; list && i < list->items->len; i++) {
        const MachineOption *o = &g_array_index(list->items, MachineOption, i);
        if (!strcmp(o->key, key))
            found = o->value ? o->value : "";
    }
    return found;
}

bool option_parse_bool(const char *text, bool *value)
{
    static const char *const yes[] = { "on", "yes", "true", "1" }, *const no[] = { "off", "no", "false", "0" };
    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
            *value = !strcmp(text, yes[i]);
            return true;
        }
    }
    return false;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *end;
    if (!g_ascii_isdigit(*text))
        return false;
    *value = g_ascii_strtoull(text, &end, 0);
    return !*end && *value >= min && *value <= max;
}

static bool smp_number(CpuTopologyRequest *r, const char *key, const char *value, GError **error)
{
    const struct { const char *key; unsigned *n; } numbers[] = {
        { "cpus", &r->cpus }, { "maxcpus", &r->maxcpus }, { "sockets", &r->sockets }, { "dies", &r->dies }, { "clusters", &r->clusters },
        { "cores", &r->cores }, { "threads", &r->threads },
    };
    const char *names[ARRAY_SIZE(numbers)];
    g_autofree char *prefix = g_strconcat(key, "=", NULL);
    uint64_t n;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        names[i] = numbers[i].key;
        if (strcmp(key, numbers[i].key))
            continue;
        if (!value || !parse_number(value, 1, SMP_MAX_NUMBER, &n))
            return error_set(error, "-smp %s%s: write %s, 1 to %u", i ? prefix : "", value ? value : "", i ? "a number" : "the number of vCPUs", SMP_MAX_NUMBER);
        *numbers[i].n = (unsigned)n;
        return true;
    }
    const char *near = error_nearest(key, names, ARRAY_SIZE(names));
    return error_set(error, "-smp: no option '%s'%s%s%s; there are cpus, maxcpus, sockets, dies, clusters, cores, threads", key, near ? ", did you mean '" : "",
                     near ? near : "", near ? "'?" : "");
}

static bool parse_smp(Options *o, const char *text, GError **error)
{
    OptionList *list = option_list_parse(text);
    bool ok = (!list->name && list->items->len) || smp_number(&o->smp, "cpus", list->name, error);
    for (unsigned i = 0; ok && i < list->items->len; i++) {
        const MachineOption *item = &g_array_index(list->items, MachineOption, i);
        ok = smp_number(&o->smp, item->key, item->value, error);
    }
    option_list_free(list);
    return ok;
}

static bool parse_memory(Options *o, const char *text, GError **error)
{
    const char *size = g_str_has_prefix(text, "size=") ? text + 5 : text;
    if (!parse_size(size, 1 << 20, &o->ram_bytes) || !o->ram_bytes)
        return error_set(error, "-m %s: write a size in MiB or with a suffix K, M, G or T: '-m 512', '-m 1G'", text);
    return true;
}

static void set_option_list(OptionList **where, const char *text)
{
    option_list_free(*where);
    *where = option_list_parse(text);
}

typedef struct StringOption { const char *name; size_t offset; } StringOption;
static const StringOption string_options[] = {
    { "cpu", offsetof(Options, cpu) },         { "kernel", offsetof(Options, kernel) },     { "initrd", offsetof(Options, initrd) },
    { "append", offsetof(Options, append) },   { "dtb", offsetof(Options, dtb) },           { "name", offsetof(Options, name) },
    { "pidfile", offsetof(Options, pidfile) }, { "monitor", offsetof(Options, monitor) },   { "d", offsetof(Options, log_items) },
    { "D", offsetof(Options, log_file) },      { "bios", offsetof(Options, bios) },       { "vga", offsetof(Options, vga) },           { "parallel", offsetof(Options, parallel) },
    { "dfilter", offsetof(Options, log_filter) },
};
static const StringOption flag_options[] = {
    { "h", offsetof(Options, help) },               { "version", offsetof(Options, version) },
    { "nographic", offsetof(Options, nographic) },  { "no-reboot", offsetof(Options, no_reboot) },
    { "no-shutdown", offsetof(Options, no_shutdown) }, { "S", offsetof(Options, start_stopped) },
    { "nodefaults", offsetof(Options, no_defaults) }, { "no-acpi", offsetof(Options, no_acpi) },
    { "no-hpet", offsetof(Options, no_hpet) },
};

static bool is_drive_option(const char *name)
{
    static const char *const names[] = { "drive", "hda", "hdb", "hdc", "hdd", "cdrom", "pflash" };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!strcmp(name, names[i]))
            return true;
    }
    return false;
}

static void add_drive(Options *o, const char *option, const char *text)
{
    DriveOption d = { option, text };
    g_array_append_val(o->drives, d);
}

static bool apply(Options *o, const OptionRow *row, const char *arg, GError **error)
{
    for (size_t i = 0; i < ARRAY_SIZE(string_options); i++) {
        if (!strcmp(row->name, string_options[i].name)) {
            *(const char **)((char *)o + string_options[i].offset) = arg;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(flag_options); i++) {
        if (!strcmp(row->name, flag_options[i].name)) {
            *(bool *)((char *)o + flag_options[i].offset) = true;
            return true;
        }
    }
    if (!strcmp(row->name, "M"))
        set_option_list(&o->machine, arg);
    else if (!strcmp(row->name, "accel"))
        set_option_list(&o->accel, arg);
    else if (!strcmp(row->name, "boot"))
        set_option_list(&o->boot, arg);
    else if (!strcmp(row->name, "rtc"))
        set_option_list(&o->rtc, arg);
    else if (!strcmp(row->name, "smp"))
        return parse_smp(o, arg, error);
    else if (!strcmp(row->name, "m"))
        return parse_memory(o, arg, error);
    else if (!strcmp(row->name, "serial"))
        g_ptr_array_add(o->serials, (char *)arg);
    else if (!strcmp(row->name, "device"))
        g_ptr_array_add(o->devices, (char *)arg);
    else if (is_drive_option(row->name))
        add_drive(o, row->name, arg);
    else if (!strcmp(row->name, "chardev"))
        g_ptr_array_add(o->chardevs, (char *)arg);
    else if (!strcmp(row->name, "smbios"))
        g_ptr_array_add(o->smbios, (char *)arg);
    else if (!strcmp(row->name, "display") && strcmp(arg, "none"))
        return error_set(error, "-display %s: there is no display yet; only 'none' is accepted", arg);
    return true;
}

static const char *arch_of_program(const char *program)
{
    return strstr(program, "x86_64") || strstr(program, "amd64") ? "x86_64" : "aarch64";
}

bool options_parse(Options *o, int argc, char **argv, GError **error)
{
    const char *slash = strrchr(argv[0], '/');
    *o = (Options){ .program = slash ? slash + 1 : argv[0] };
    o->arch = arch_of_program(o->program);
    o->serials = g_ptr_array_new();
    o->devices = g_ptr_array_new();
    o->chardevs = g_ptr_array_new();
    o->smbios = g_ptr_array_new();
    o->drives = g_array_new(FALSE, FALSE, sizeof(DriveOption));
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (word[0] != '-' || !word[1])
            return error_set(error, "'%s' is not an option; disk images as bare words are not supported, '-h' lists all options", word);
        word += word[1] == '-' && word[2] ? 2 : 1;
        const OptionRow *row = find_row(word);
        if (!row)
            return unknown_option(word, error);
        if (row->argument && i + 1 == argc)
            return error_set(error, "option '-%s' needs an argument: -%s %s", word, row->name, row->argument);
        if (!apply(o, row, row->argument ? argv[++i] : NULL, error))
            return false;
    }
    return true;
}

/* ---- -accel ---- */

static bool bad_value(GError **error, const char *key, const char *value, const char *accepted)
{
    return error_set(error, "-accel tcg,%s=%s: accepted are %s", key, value ? value : "", accepted);
}

static bool accel_option(AccelConfig *c, const char *key, const char *value, GError **error)
{
    static const char *const keys[] = { "thread", "tb-size", "host", "opt", "max-insns", "host-features", "atomics" };
    const char *v = value ? value : "";
    uint64_t n;
    bool on;
    if (!strcmp(key, "thread")) {
        if (strcmp(v, "multi") && strcmp(v, "single"))
            return bad_value(error, key, v, "'multi' (a thread for each vCPU) and 'single' (one for all)");
        c->single_thread = !strcmp(v, "single");
    } else if (!strcmp(key, "tb-size")) {
        if (!parse_number(v, 1, 2047, &n))
            return bad_value(error, key, v, "1 to 2047 (MiB)");
        c->tb_size = n << 20;
    } else if (!strcmp(key, "host")) {
        if (strcmp(v, "native") && strcmp(v, "interp"))
            return bad_value(error, key, v, "'native' and 'interp'");
        c->interp = !strcmp(v, "interp");
    } else if (!strcmp(key, "opt")) {
        if (!option_parse_bool(v, &on))
            return bad_value(error, key, v, "'on' and 'off'");
        c->no_opt = !on;
    } else if (!strcmp(key, "max-insns")) {
        if (!parse_number(v, 1, TB_MAX_GUEST_INSNS, &n))
            return bad_value(error, key, v, "1 to 256 (guest instructions a block)");
        c->max_insns = (uint32_t)n;
    } else if (!strcmp(key, "atomics")) {
        if (strcmp(v, "auto") && strcmp(v, "locked"))
            return bad_value(error, key, v, "'auto' (locked where several threads run guest code) and 'locked' (always)");
        c->locked_atomics = !strcmp(v, "locked");
    } else if (!strcmp(key, "host-features")) {
        c->host_features = value;
    } else {
        const char *near = error_nearest(key, keys, ARRAY_SIZE(keys));
        return error_set(error, "-accel tcg: no option '%s'%s%s%s; '-accel help' lists them", key, near ? ", did you mean '" : "", near ? near : "",
                         near ? "'?" : "");
    }
    return true;
}

bool options_accel(const Options *o, AccelConfig *config, GError **error)
{
    *config = (AccelConfig){ 0 };
    if (!o->accel)
        return true;
    if (o->accel->name && strcmp(o->accel->name, "tcg"))
        return error_set(error, "-accel %s: only 'tcg' is built (translation; thread=multi|single, '-accel help')", o->accel->name);
    for (unsigned i = 0; i < o->accel->items->len; i++) {
        const MachineOption *item = &g_array_index(o->accel->items, MachineOption, i);
        if (!accel_option(config, item->key, item->value, error))
            return false;
    }
    return true;
}
