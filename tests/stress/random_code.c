/* SPDX-License-Identifier: MIT */
/*
 * Invariant: whatever EL1 code runs, the emulator goes on. Forbidden: a crash, a hang, a sanitizer report.
 *
 * Random 4 KiB images run as EL1 code on the whole virt machine for a moment each: pure noise, and noise shaped like valid
 * instructions (rows of the decode table with random fields). Registers start with addresses of devices, RAM, holes and noise;
 * vectors point into the image, so that faults lead to more of it. Two vCPUs, so that one writes what the other runs.
 *
 * Image I of seed S is always the same, so that a failure, which is reported with both, can be run alone:
 *
 *   random_code [--images N] [--first I] [--seed S] [--interp] [--no-opt] [--single]
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
#include "memory/memory.h"
#include "target/arm/cpu.h"
#include "target/arm/decode.h"

#define RAM_BASE 0x40000000ull
#define IMAGE_AT (RAM_BASE + 0x100000)
#define IMAGE_SIZE 4096
#define RUN_US 600
#define HANG_S 30 /* an image that takes so long will never end */

static uint64_t rng_state;

static uint64_t rnd(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state * 0x2545f4914f6cdd1dull;
}

static uint64_t interesting(void)
{
    static const uint64_t bases[] = { 0x08000000, 0x08010000, 0x080a0000, 0x080c0000, 0x09000000, 0x09010000, 0x09020000, 0x09030000,
                                      0x0a000000, IMAGE_AT, IMAGE_AT, IMAGE_AT + 0xff0, RAM_BASE, RAM_BASE + (64 << 20) - 8, 0, ~0ull, 1ull << 47,
                                      0xffff000000000000ull };
    uint64_t r = rnd();
    return r & 1 ? rnd() >> (r >> 1 & 63) : bases[(r >> 8) % G_N_ELEMENTS(bases)] + (r >> 16 & 0x3f8);
}

static void fill_image(uint32_t *words, unsigned kind)
{
    for (unsigned i = 0; i < IMAGE_SIZE / 4; i++) {
        const A64Row *row = &a64_rows[rnd() % a64_nb_rows];
        uint32_t noise = (uint32_t)rnd();
        words[i] = kind ? (noise & ~row->mask) | row->value : noise;
    }
}

typedef struct Image { uint32_t words[IMAGE_SIZE / 4]; } Image;

static void load(CPUState *cpu, void *data)
{
    Image *image = data;
    CPUARMState *env = arm_env(cpu);
    address_space_write(&address_space_memory, IMAGE_AT, MEMTXATTRS_NONE, image->words, IMAGE_SIZE);
    cpu->target->reset(cpu);
    arm_cpu_set_boot(cpu, IMAGE_AT + (rnd() & 0xffc), 0);
    for (unsigned i = 0; i < 31; i++)
        env->x[i] = interesting();
    env->sp = IMAGE_AT + 0x8000;
    env->vbar_el1 = IMAGE_AT;
    env->cpacr_el1 = rnd() & 3 ? 3 << 20 : 0;
    for (unsigned i = 0; i < 32; i++)
        env->v[i] = (V128){ .u64 = { rnd(), rnd() } };
    cpu->halted = false;
    arm_cpu(cpu)->powered_off = false;
    cpu->exception_index = -1;
}

static gint images = 2000, first, seed = 1;
static gboolean interp, no_opt, single;
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
    GOptionEntry entries[] = { { "images", 0, 0, G_OPTION_ARG_INT, &images, "how many", "N" },
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
}

static void start(void)
{
    AccelConfig accel = { .interp = interp, .no_opt = no_opt, .single_thread = single, .tb_size = 8 << 20 };
    MachineConfig machine = { .smp = 2, .ram_bytes = 64 << 20 };
    g_autoptr(GError) error = NULL;
    if (!accel_init(&accel, cpu_arch_aarch64.ops, &error))
        g_error("%s", error->message);
    memory_init();
    if (!board_find("virt")->init(&machine, &error))
        g_error("%s", error->message);
    cpus_start(single);
    clock_virtual_set_running(true);
    resume_all_vcpus();
}

static void run_image(Image *image)
{
    int status;
    rng_state = 0x9e3779b97f4a7c15ull * ((uint64_t)seed << 32 | (uint32_t)(current + 1));
    for (unsigned i = 0; i < 8; i++)
        rnd();
    fill_image(image->words, rnd() & 3);
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
    Image *image = g_new0(Image, 1);
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
