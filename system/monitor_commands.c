/* SPDX-License-Identifier: MIT */
/* The monitor's commands, one row each. */
#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "accel/mmu/mmu.h"
#include "accel/tb/tb.h"
#include "base/bits.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sync_profile.h"
#include "cpus/cpu.h"
#include "cpus/runstate.h"
#include "memory/memory.h"
#include "system/main_loop.h"
#include "system/monitor.h"
#include "system/screendump.h"
#include "target/api/target.h"

typedef struct Command {
    const char *name, *alias, *arguments, *help;
    void (*run)(char **argv, FILE *out); /* argv[0] is the first argument; NULL-ended */
} Command;

static const BoardClass *board;

void monitor_set_board(const BoardClass *b)
{
    board = b;
}

static void cmd_help(char **argv, FILE *out);
static void cmd_info(char **argv, FILE *out);

static void cmd_quit(char **argv, FILE *out)
{
    runstate_request_quit(0);
}

static void cmd_stop(char **argv, FILE *out)
{
    vm_stop();
}

static void cmd_cont(char **argv, FILE *out)
{
    vm_start();
}

static void cmd_reset(char **argv, FILE *out)
{
    runstate_request(RUN_REQ_RESET);
}

static void cmd_powerdown(char **argv, FILE *out)
{
    if (board && board->powerdown)
        board->powerdown();
    else
        fprintf(out, "this machine has no power button\n");
}

static void cmd_screendump(char **argv, FILE *out)
{
    g_autoptr(GError) error = NULL;
    if (!argv[0])
        fprintf(out, "screendump: to which file?\n");
    else if (!screendump(argv[0], argv[1], &error))
        fprintf(out, "%s\n", error->message);
}

static void cmd_log(char **argv, FILE *out)
{
    g_autoptr(GError) error = NULL;
    if (!argv[0])
        log_help(out);
    else if (!strcmp(argv[0], "none"))
        log_mask = 0;
    else if (!log_set_mask(argv[0], &error))
        fprintf(out, "%s\n", error->message);
}

static void cmd_sync_profile(char **argv, FILE *out)
{
    if (!argv[0])
        fprintf(out, "sync-profile is %s\n", sync_profiling() ? "on" : "off");
    else if (!strcmp(argv[0], "on") || !strcmp(argv[0], "off"))
        sync_profile_enable(!strcmp(argv[0], "on"));
    else if (!strcmp(argv[0], "reset"))
        sync_profile_reset();
    else
        fprintf(out, "sync-profile: '%s' is none of on, off, reset\n", argv[0]);
}

static const Command commands[] = {
    { "help", "?", "", "list the commands", cmd_help },
    { "info", NULL, "SUBJECT [ARGUMENT...]", "show something; 'info' alone lists the subjects", cmd_info },
    { "quit", "q", "", "end the emulator", cmd_quit },
    { "stop", "s", "", "stop the guest", cmd_stop },
    { "cont", "c", "", "let the guest go on", cmd_cont },
    { "system_reset", NULL, "", "reset the machine", cmd_reset },
    { "system_powerdown", NULL, "", "press the power button", cmd_powerdown },
    { "screendump", NULL, "FILE [ppm|png]", "write a picture of the screen (the format follows from the name)", cmd_screendump },
    { "log", NULL, "ITEM[,ITEM...]", "log these ('none': stop; alone: list them)", cmd_log },
    { "sync-profile", NULL, "[on|off|reset]", "count locks, exclusive sections, kicks and device accesses ('info sync-profile' shows them)", cmd_sync_profile },
};

static void cmd_help(char **argv, FILE *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        fprintf(out, "%s%s%s %s -- %s\n", commands[i].name, commands[i].alias ? "|" : "", commands[i].alias ? commands[i].alias : "",
                commands[i].arguments, commands[i].help);
}

/* ---- info ---- */

static void info_version(char **argv, FILE *out)
{
    fprintf(out, "calque %s\n", CALQUE_VERSION);
}

static void info_status(char **argv, FILE *out)
{
    fprintf(out, "VM status: %s\n", vm_running() ? "running" : "paused");
}

static void info_cpus(char **argv, FILE *out)
{
    CPU_FOREACH (cpu)
        fprintf(out, "CPU #%d%s\n", cpu->index, cpu->halted ? " (halted)" : "");
}

static void dump_one(CPUState *cpu, void *out)
{
    fprintf(out, "CPU #%d\n", cpu->index);
    cpu->target->dump(cpu, out);
}

static void info_registers(char **argv, FILE *out)
{
    CPU_FOREACH (cpu) {
        if (vm_running())
            run_on_cpu(cpu, dump_one, out);
        else
            dump_one(cpu, out);
    }
}

static void info_mtree(char **argv, FILE *out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    memory_dump(text, false);
    memory_dump(text, true);
    fputs(text->str, out);
}

static void info_jit(char **argv, FILE *out)
{
    TBStats s;
    tb_get_stats(&s);
    fprintf(out, "blocks %" PRIu64 ", code %" PRIu64 " of %" PRIu64 " KiB, translated %" PRIu64 ", invalidated %" PRIu64
            ", parts dropped for room %" PRIu64 ", stops for room %" PRIu64
            ", pages watched for exclusives %" PRIu64 " times\n", s.blocks, s.code_bytes >> 10, s.buffer_bytes >> 10, s.translated,
            s.invalidations, s.retired, s.stops, mmu_pages_watched());
}

/* [-m] [MAX]: by mean wait; so many rows of each table. */
static void info_sync_profile(char **argv, FILE *out)
{
    bool by_mean = argv[0] && !strcmp(argv[0], "-m");
    const char *max = argv[by_mean];
    sync_profile_report(out, max ? (unsigned)g_ascii_strtoull(max, NULL, 0) : 15, by_mean);
}

static const struct { const char *name, *help; void (*run)(char **argv, FILE *out); } subjects[] = {
    { "version", "the version", info_version },
    { "status", "running or paused", info_status },
    { "cpus", "the vCPUs", info_cpus },
    { "registers", "every vCPU's registers", info_registers },
    { "mtree", "memory regions and the flat view", info_mtree },
    { "jit", "the translator's counters", info_jit },
    { "sync-profile", "what sync-profile has counted; [-m] [MAX]: the longest wait on average first, MAX rows of a table (0: all)", info_sync_profile },
};

static void cmd_info(char **argv, FILE *out)
{
    const char *names[ARRAY_SIZE(subjects)];
    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
        names[i] = subjects[i].name;
        if (argv[0] && !strcmp(argv[0], subjects[i].name)) {
            subjects[i].run(argv + 1, out);
            return;
        }
    }
    const char *near = argv[0] ? error_nearest(argv[0], names, ARRAY_SIZE(names)) : NULL;
    if (argv[0])
        fprintf(out, "no subject '%s'%s%s%s\n", argv[0], near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++)
        fprintf(out, "info %s -- %s\n", subjects[i].name, subjects[i].help);
}

void monitor_run(const char *line, FILE *out)
{
    g_auto(GStrv) words = NULL;
    g_autofree char *stripped = g_strstrip(g_strdup(line));
    if (!*stripped)
        return;
    words = g_strsplit_set(stripped, " \t", -1);
    const char *names[ARRAY_SIZE(commands)];
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        names[i] = commands[i].name;
        if (!strcmp(words[0], commands[i].name) || (commands[i].alias && !strcmp(words[0], commands[i].alias))) {
            commands[i].run(words + 1, out);
            return;
        }
    }
    const char *near = error_nearest(words[0], names, ARRAY_SIZE(names));
    fprintf(out, "no command '%s'%s%s%s; 'help' lists them\n", words[0], near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}
