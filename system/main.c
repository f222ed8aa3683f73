/* SPDX-License-Identifier: MIT */
/*
 * The program: options, then the accelerator, memory, character devices, the machine, vCPU threads, and the main loop.
 *
 * Everything that the command line can get wrong is checked before anything is created, as far as it can be; every error is
 * one line on standard error and exit status 1.
 */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "accel/exec/exec.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/sync_profile.h"
#include "base/rcu.h"
#include "cpus/cpu.h"
#include "cpus/runstate.h"
#include "hw/core/board.h"
#include "hw/core/device.h"
#include "memory/memory.h"
#include "system/block.h"
#include "system/char.h"
#include "system/machine_config.h"
#include "system/drive.h"
#include "system/main_loop.h"
#include "system/monitor.h"
#include "system/options.h"
#include "system/terminal.h"

static const char *pidfile;

static void remove_pidfile(void)
{
    unlink(pidfile);
}

static bool write_pidfile(const char *path, GError **error)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return error_set(error, "-pidfile %s: %s", path, strerror(errno));
    fprintf(f, "%ld\n", (long)getpid());
    fclose(f);
    pidfile = path;
    atexit(remove_pidfile);
    return true;
}

/* The boards of this program's guest architecture are those that the user sees. */
static const BoardClass *find_board(const Options *o, GError **error)
{
    const char *name = o->machine ? o->machine->name : NULL;
    if (!name)
        name = option_list_get(o->machine, "type");
    if (!name) {
        error_set(error, "no machine was chosen: add '-M NAME'; '-M help' lists them");
        return NULL;
    }
    const char *names[64];
    size_t n = 0;
    for (const BoardClass *const *b = boards; *b && n + 2 < G_N_ELEMENTS(names); b++) {
        if (strcmp((*b)->arch->name, o->arch))
            continue;
        names[n++] = (*b)->name;
        if (!strcmp(name, (*b)->name) || ((*b)->alias && !strcmp(name, (*b)->alias)))
            return *b;
    }
    const char *near = error_nearest(name, names, n);
    error_set(error, "-M %s: no such machine for %s guests%s%s%s; '-M help' lists them", name, o->arch, near ? ", did you mean '" : "", near ? near : "",
              near ? "'?" : "");
    return NULL;
}

static bool is_help(const char *text)
{
    return text && (!strcmp(text, "help") || !strcmp(text, "?"));
}

static void accel_help(FILE *out)
{
    fprintf(out, "-accel tcg options:\n"
                 "  thread=multi|single   a thread for each vCPU, or one for all (default multi)\n"
                 "  tb-size=MIB           room for translated code (default: an eighth of the memory that may be used, at most 256)\n"
                 "  host=native|interp    run host code, or interpret the IR\n"
                 "  opt=on|off            the optimiser\n"
                 "  max-insns=N           guest instructions in a block, at most\n"
                 "  host-features=LIST    host CPU features to leave unused: -avx2,-bmi2,..., or none (x86-64-v2 only)\n"
                 "  atomics=auto|locked   atomic operations are locked ones always, or where several threads run guest code (auto)\n");
}

/* -device help, -device NAME,help. */
static bool device_help(const Options *o, GString *text)
{
    OptionList *list = o->devices->len ? option_list_parse(o->devices->pdata[0]) : NULL;
    const DeviceClass *class = list && list->name && option_list_get(list, "help") ? device_class_find(list->name) : NULL;
    bool all = list && is_help(list->name);
    option_list_free(list);
    if (all)
        device_list_help(text);
    else if (class)
        device_class_help(class, text);
    return all || class;
}

/* "help" as an argument. True: it was answered. */
static bool answer_help(const Options *o)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const BoardClass *board = o->machine && o->machine->name ? board_find(o->machine->name) : NULL;
    if (o->help)
        options_help(o->program, stdout);
    else if (o->version)
        printf("calque %s\n", CALQUE_VERSION);
    else if (o->machine && is_help(o->machine->name))
        board_list_help(o->arch, text);
    else if (board && !strcmp(board->arch->name, o->arch) && option_list_get(o->machine, "help"))
        board_help(board, text);
    else if (is_help(o->cpu))
        (strcmp(o->arch, cpu_arch_x86_64.name) ? &cpu_arch_aarch64 : &cpu_arch_x86_64)->help(text);
    else if (o->accel && is_help(o->accel->name))
        accel_help(stdout);
    else if (o->log_items && is_help(o->log_items))
        log_help(stdout);
    else if (!device_help(o, text))
        return false;
    fputs(text->str, stdout);
    return true;
}

static bool check_devices(const Options *o, GError **error)
{
    for (unsigned i = 0; i < o->devices->len; i++) {
        OptionList *list = option_list_parse(o->devices->pdata[i]);
        g_autofree char *name = g_strdup(list->name ? list->name : "");
        option_list_free(list);
        Device *dev = device_new(name, error);
        if (!dev)
            return false;
        bool ok = dev->class->user_creatable;
        device_free(dev);
        if (!ok)
            return error_set(error, "-device %s: this device belongs to its machine and cannot be added; '-device help' lists those that can", name);
    }
    return true;
}

static bool open_serials(const Options *o, MachineConfig *config, GError **error)
{
    const char *first = o->nographic ? "mon:stdio" : "null";
    if (o->serials->len > BOARD_MAX_SERIAL)
        return error_set(error, "-serial: at most %d serial ports", BOARD_MAX_SERIAL);
    for (unsigned i = 0; i < o->serials->len; i++) {
        g_autofree char *label = g_strdup_printf("serial%u", i);
        if (!char_open(o->serials->pdata[i], label, &config->serial[i], error))
            return false;
    }
    if (!o->serials->len && !o->no_defaults && !char_open(first, "serial0", &config->serial[0], error))
        return false;
    if (o->monitor && strcmp(o->monitor, "none")) {
        Chardev *chr;
        if (!char_open(o->monitor, "monitor", &chr, error))
            return false;
        if (chr)
            monitor_new(chr);
    }
    return true;
}

static gboolean quit_signal(gpointer opaque)
{
    runstate_request_quit(0);
    return G_SOURCE_CONTINUE;
}

/* Until now a signal ends the program as ever: what is opened may wait. From now on there is something to put away. */
static void catch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        g_unix_signal_add(signals[i], quit_signal, NULL);
}

static bool check_log(const Options *o, GError **error)
{
    return (!o->log_items || log_set_mask(o->log_items, error)) && (!o->log_filter || log_set_filter(o->log_filter, error));
}

static bool check_kernel_options(const Options *o, GError **error)
{
    if (!o->kernel && (o->initrd || o->append))
        return error_set(error, "%s is for a kernel, and there is no -kernel FILE", o->initrd ? "-initrd" : "-append");
    return true;
}

/* The last step, so that a mistake anywhere leaves nothing behind. */
static bool create_files(const Options *o, GError **error)
{
    return (!o->log_file || log_set_file(o->log_file, error)) && char_open_files(error) && (!o->pidfile || write_pidfile(o->pidfile, error));
}

static bool start(const Options *o, GError **error)
{
    AccelConfig accel;
    const BoardClass *board = find_board(o, error);
    MachineConfig config;
    if (!board || !options_accel(o, &accel, error) || !machine_config(o, board, &config, error) || !check_devices(o, error) ||
        !check_kernel_options(o, error) || !check_log(o, error))
        return false;
    accel.max_vcpus = config.smp.cpus; /* no machine can be given more later */
    if (!accel_init(&accel, board->arch->ops, error))
        return false;
    memory_init();
    Drive *drives = NULL;
    if (o->drives->len && !board->has_drives)
        return error_set(error, "-%s: machine '%s' has no place for drives yet", g_array_index(o->drives, DriveOption, 0).option, board->name);
    if (!drives_open((const DriveOption *)(void *)o->drives->data, o->drives->len, &drives, error))
        return false;
    config.drives = drives;
    config.n_drives = o->drives->len;
    if (!machine_open_chardevs(o, error) || !open_serials(o, &config, error) || !board->init(&config, error))
        return false;
    catch_signals();
    if (!create_files(o, error))
        return false;
    monitor_set_board(board);
    cpus_start(accel.single_thread);
    return true;
}

/* What "-d sync" promises. */
static void report_sync(void)
{
    FILE *out = log_begin(LOG_SYNC);
    if (out)
        sync_profile_report(out, 0, false);
    log_end(out);
}

int main(int argc, char **argv)
{
    Options o;
    g_autoptr(GError) error = NULL;
    if (!options_parse(&o, argc, argv, &error)) {
        fprintf(stderr, "%s: %s\n", o.program, error->message);
        return 1;
    }
    if (answer_help(&o))
        return 0;
    if (o.name)
        prctl(PR_SET_NAME, o.name);
    rcu_register_thread();
    terminal_install_handlers();
    bql_lock();
    if (!start(&o, &error)) {
        terminal_restore();
        fprintf(stderr, "%s: %s\n", o.program, error->message);
        return 1;
    }
    MainLoopConfig loop = { .no_reboot = o.no_reboot, .no_shutdown = o.no_shutdown };
    if (!o.start_stopped)
        vm_start();
    int status = main_loop_run(&loop);
    cpus_shutdown();
    report_sync();
    block_close_all();
    char_flush_all();
    bql_unlock();
    return status;
}
