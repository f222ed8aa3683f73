/* SPDX-License-Identifier: MIT */
/* The command line, as a table of options and the struct it fills. */
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "accel/exec/exec.h"
#include "hw/core/board.h"

/* "name,key=value,key=value": name may be empty. Commas are written ",,". */
typedef struct OptionList {
    char *name;
    GArray *items; /* of MachineOption; strings owned */
} OptionList;

typedef struct Options {
    const char *program;     /* basename of argv[0] */
    const char *arch;        /* "aarch64", "x86_64": from the program's name */
    OptionList *machine, *accel, *boot, *rtc;
    const char *bios, *vga, *parallel;
    const char *cpu, *kernel, *initrd, *append, *dtb, *name, *pidfile;
    GPtrArray *serials;      /* const char *, as given */
    const char *monitor;
    GPtrArray *devices;      /* const char * */
    GPtrArray *chardevs, *smbios; /* const char * */
    GArray *drives;          /* DriveOption */
    CpuTopologyRequest smp;
    uint64_t ram_bytes;      /* 0: the machine's default */
    bool nographic, no_reboot, no_shutdown, start_stopped, no_defaults, no_acpi, no_hpet;
    const char *log_items, *log_file, *log_filter;
    bool help, version;
} Options;

/* Parses argv. False: *error is the one line to print. */
bool options_parse(Options *o, int argc, char **argv, GError **error);
/* The text of -h; also what the man page is made of (tools/gen-man.py). */
void options_help(const char *program, FILE *out);

OptionList *option_list_parse(const char *text);
void option_list_free(OptionList *list);
/* Value of key, or NULL. */
const char *option_list_get(const OptionList *list, const char *key);
/* "on", "yes", "true" and so on; false: not a boolean. */
bool option_parse_bool(const char *text, bool *value);
/* AccelConfig from -accel. */
bool options_accel(const Options *o, AccelConfig *config, GError **error);

#endif
