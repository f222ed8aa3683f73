/* SPDX-License-Identifier: MIT */
/*
 * Invariant: whatever a guest's code runs, the emulator goes on. Forbidden: a crash, a hang, a sanitizer report.
 *
 * Random 4 KiB images run as privileged code on a whole machine for a moment each: pure noise, and noise shaped like valid
 * instructions. Registers start with addresses of devices, RAM, holes and noise; vectors point into the image, so that faults lead to
 * more of it. Two vCPUs, so that one writes what the other runs. What is a guest's own is in random_arm.c and random_x86.c.
 *
 * Image I of seed S is always the same, so that a failure, which is reported with both, can be run alone:
 *
 *   random_code [--guest virt|real|protected|long] [--images N] [--first I] [--seed S] [--interp] [--no-opt] [--single]
 */
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "accel/exec/exec.h"
#include "accel/tb/tb.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "cpus/cpu.h"
#include "cpus/runstate.h"
#include "hw/core/board.h"
#include "tests/stress/random_code.h"

#define RUN_US 600
#define HANG_S 30 /* an image that takes so long will never end */

static const StressGuest *const guests[] = { &stress_virt, &stress_real, &stress_protected, &stress_long };
static const StressGuest *guest = &stress_virt;
static uint64_t rng_state;

uint64_t stress_rnd(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

uint64_t stress_interesting(const uint64_t *bases, unsigned n)
{
    uint64_t r = stress_rnd();
    return r & 1 ? stress_rnd() >> (r >> 1 & 63) : bases[(r >> 8) % n] + (r >> 16 & 0x3f8);
}

static void load(CPUState *cpu, void *data)
{
    cpu->target->reset(cpu);
    guest->load(cpu, data);
    cpu->halted = false;
    cpu->exception_index = -1;
}

static gint images = 2000, first, seed = 1;
static gboolean interp, no_opt, single;
static char *guest_name;
static volatile sig_atomic_t current;

/* Says which image it was; a fatal signal then ends the program, and so does the alarm. */
static void report(int sig)
{
    char text[128];
    int n = snprintf(text, sizeof text, "not ok 1 - image %d of seed %d: %s\n", (int)current, seed, sig == SIGALRM ? "hangs" : "fatal signal");
    if (write(STDOUT_FILENO, text, (size_t)n) < 0)
        _exit(2);
    signal(sig, SIG_DFL);
    raise(sig == SIGALRM ? SIGABRT : sig);
}

static void parse(int argc, char **argv)
{
    GOptionEntry entries[] = { { "guest", 0, 0, G_OPTION_ARG_STRING, &guest_name, "whose code", "virt|real|protected|long" },
                               { "images", 0, 0, G_OPTION_ARG_INT, &images, "how many", "N" },
                               { "first", 0, 0, G_OPTION_ARG_INT, &first, "the first one's number", "I" },
                               { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "of the random numbers", "S" },
                               { "interp", 0, 0, G_OPTION_ARG_NONE, &interp, "interpret the IR", NULL },
                               { "no-opt", 0, 0, G_OPTION_ARG_NONE, &no_opt, "no optimiser", NULL },
                               { "single", 0, 0, G_OPTION_ARG_NONE, &single, "one thread for both vCPUs", NULL },
                               { NULL } };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error))
        g_error("%s", error->message);
    for (size_t i = 0; guest_name && i < G_N_ELEMENTS(guests); i++) {
        if (!strcmp(guest_name, guests[i]->name))
            guest = guests[i];
    }
}

static void start(void)
{
    AccelConfig accel = { .interp = interp, .no_opt = no_opt, .single_thread = single, .tb_size = 8 << 20 };
    MachineConfig machine = { .smp = cpu_topology_flat(2), .ram_bytes = 64 << 20, .cpu = guest->cpu, .no_defaults = true };
    g_autoptr(GError) error = NULL;
    if (!accel_init(&accel, guest->arch->ops, &error))
        g_error("%s", error->message);
    memory_init();
    if (!board_find(guest->board)->init(&machine, &error))
        g_error("%s", error->message);
    cpus_start(single);
    clock_virtual_set_running(true);
    resume_all_vcpus();
}

static void run_image(uint8_t *image)
{
    int status;
    rng_state = 0x9e3779b97f4a7c15ull * ((uint64_t)seed << 32 | (uint32_t)(current + 1));
    for (unsigned i = 0; i < 8; i++)
        stress_rnd();
    guest->fill(image, stress_rnd() & 3);
    alarm(HANG_S);
    CPU_FOREACH (cpu)
        run_on_cpu(cpu, load, image);
    bql_unlock();
    g_usleep(RUN_US);
    bql_lock();
    /* Whether it asked for power-off or reset does not matter: the next image starts from reset. */
    while (runstate_take_request(&status) != RUN_REQ_NONE)
        continue;
}

int main(int argc, char **argv)
{
    static const int reported[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM };
    parse(argc, argv);
    printf("1..1\n");
    fflush(stdout);
    for (size_t i = 0; i < G_N_ELEMENTS(reported); i++)
        signal(reported[i], report);
    rcu_register_thread();
    bql_lock();
    start();
    uint8_t *image = g_malloc0(STRESS_IMAGE);
    for (current = first; current < first + images; current++)
        run_image(image);
    alarm(HANG_S);
    cpus_shutdown();
    bql_unlock();
    rcu_unregister_thread();
    g_free(image);
    TBStats stats;
    tb_get_stats(&stats);
    printf("# %" PRIu64 " blocks translated, %" PRIu64 " dropped by stores\n", stats.translated, stats.invalidations);
    printf("ok 1 - %d random images, seed %d\n", images, seed);
    return 0;
}
