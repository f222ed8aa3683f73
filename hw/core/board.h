/* SPDX-License-Identifier: MIT */
/*
 * Machines as data: what -M selects, and what the command line tells it.
 */
#ifndef HW_CORE_BOARD_H
#define HW_CORE_BOARD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/core/block.h"
#include "hw/core/chardev.h"
#include "target/api/machine.h"

#define BOARD_MAX_SERIAL 4

typedef struct MachineOption { const char *key, *value; } MachineOption;

/* What the user asked for. Strings live as long as the machine. */
typedef struct MachineConfig {
    const char *cpu;                   /* -cpu; NULL: the board's default */
    CpuTopology smp;                   /* vCPUs; cpus 0: one */
    uint64_t ram_bytes;                /* -m; 0: the board's default */
    const char *kernel, *initrd, *append, *dtb; /* each may be NULL */
    const char *dumpdtb;               /* write the device tree there and ask for an end (runstate_request_quit); NULL: no */
    Chardev *serial[BOARD_MAX_SERIAL]; /* NULL: nothing connected */
    const char *bios;                  /* -bios FILE; NULL: the board's default, when it starts firmware at all */
    const Drive *drives;               /* -drive, -hda .., -cdrom, -pflash */
    unsigned n_drives;
    const char *boot_order;            /* -boot order=; NULL: the board's */
    bool boot_menu;                    /* -boot menu=on */
    const char *vga;                   /* -vga: "none" or "std"; NULL: the board's default */
    const char *rtc_base;              /* -rtc base=: "utc", "localtime" or a date; NULL: utc */
    GPtrArray *smbios;                 /* (char *) texts of -smbios, or NULL */
    bool nographic;                    /* -nographic: firmware may use the serial port as its console */
    bool no_defaults;                  /* -nodefaults */
    bool no_acpi;                      /* -no-acpi */
    GPtrArray *devices;                /* (char *) texts of -device for boards to create once buses exist, or NULL */
    const MachineOption *options;      /* -M name,key=value,... without those of all machines */
    unsigned n_options;
} MachineConfig;

/* A row of a board's options, for "-M NAME,help". */
typedef struct BoardOption { const char *name, *values, *help; } BoardOption;

typedef struct BoardClass {
    const char *name, *alias, *description; /* alias may be NULL */
    const CpuArch *arch;
    const char *default_cpu;
    unsigned max_cpus;
    bool has_dies, has_clusters;       /* levels that -smp may have more than one of */
    bool has_drives;                   /* builds devices for drives with if=ide and if=pflash; without: only if=none is accepted */
    uint64_t default_ram;              /* bytes */
    const BoardOption *options;        /* ends with a NULL name */
    /* Builds the machine: CPUs, RAM, devices, boot state. memory_init has run. Big lock held. */
    bool (*init)(const MachineConfig *config, GError **error);
    /* Presses the power button (system_powerdown). Big lock held. May be NULL. */
    void (*powerdown)(void);
} BoardClass;

extern const BoardClass *const boards[]; /* NULL-ended */
/* By name or alias; NULL when there is none. */
const BoardClass *board_find(const char *name);
/* Whether every option is one that the board has; the message names what is accepted. Boards check values. */
bool board_check_options(const BoardClass *board, const MachineConfig *config, GError **error);
/* Text for "-M help", of the boards for guests of arch, and "-M NAME,help". */
void board_list_help(const char *arch, GString *out);
void board_help(const BoardClass *board, GString *out);

#endif
