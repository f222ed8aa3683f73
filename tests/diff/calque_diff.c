/* SPDX-License-Identifier: MIT */
/*
 * calque's side of the differential tests: DiffCases on standard input, DiffResults on standard output.
 *
 * Each case runs at EL0 on one vCPU of a machine that is nothing but RAM, with page tables that map what runner.c maps:
 *
 *   0x40000000  2 MiB, EL1 only: page tables; vectors, whose entry for exceptions from EL0 is WFI
 *   DIFF_DATA_MAP, DIFF_CODE_MAP   pages for EL0, data not executable
 *
 * So a case ends with the vCPU halted at EL1, and the system registers tell why. Code is rewritten between cases as another
 * agent would write it: that exercises invalidation as well.
 *
 *   calque-diff [--interp] [--no-opt]
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "accel/exec/exec.h"
#include "base/bits.h"
#include "base/lock.h"
#include "base/rcu.h"
#include "memory/memory.h"
#include "target/arm/cpu.h"
#include "tests/diff/diff_case.h"

#define RAM_BASE 0x40000000ull
#define RAM_SIZE (64ull << 20)
#define TABLES 0x40010000ull /* level 1, level 2, level 3 of data, level 3 of code */
#define VECTORS 0x40020000ull
#define VECTOR_LOWER_SYNC 0x400
#define WFI 0xd503207fu
#define BRK 0xd4200000u

/* Descriptors (D8.3): valid, access flag, inner shareable, attribute 0. */
#define DESC_TABLE 3ull
#define DESC_PAGE (3ull | 3ull << 8 | 1ull << 10)
#define DESC_BLOCK (1ull | 3ull << 8 | 1ull << 10)
#define DESC_EL0 (1ull << 6)
#define DESC_UXN (1ull << 54)
#define DESC_PXN (1ull << 53)

#define TCR_VALUE (25ull | 1ull << 8 | 1ull << 10 | 3ull << 12 | 1ull << 23 | 2ull << 32 | 1ull << 37) /* 39 bits, 4 KiB, EPD1, TBI0 */
#define SCTLR_VALUE (0x30d00800ull | 1 | 1 << 2 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 26)                /* M C I DZE UCT UCI */
#define CPACR_VALUE (3ull << 20)

static MemoryRegion ram;

static void *ram_at(uint64_t pa) { return (uint8_t *)memory_region_ram_ptr(&ram) + (pa - RAM_BASE); }

static void write_ram(uint64_t pa, const void *p, size_t n)
{
    memcpy(ram_at(pa), p, n);
    ram_notify_write(ram.ram, ram.ram->offset + (pa - RAM_BASE), n);
}

static void map_pages(uint64_t *level2, unsigned table, uint64_t va, unsigned pages, uint64_t attrs)
{
    uint64_t *level3 = ram_at(TABLES + 4096 * table);
    level2[va >> 21 & 511] = (TABLES + 4096 * table) | DESC_TABLE;
    for (unsigned i = 0; i < pages; i++)
        level3[(va >> 12 & 511) + i] = (va + 4096 * i) | DESC_PAGE | DESC_EL0 | attrs;
}

static void build_tables(void)
{
    uint64_t *level1 = ram_at(TABLES), *level2 = ram_at(TABLES + 4096);
    level1[RAM_BASE >> 30] = (TABLES + 4096) | DESC_TABLE;
    level2[0] = RAM_BASE | DESC_BLOCK | DESC_UXN;
    map_pages(level2, 2, DIFF_DATA_MAP, DIFF_DATA_PAGES, DESC_UXN | DESC_PXN);
    map_pages(level2, 3, DIFF_CODE_MAP, 2, DESC_PXN);
    uint32_t *code = ram_at(DIFF_CODE_MAP), *vector = ram_at(VECTORS + VECTOR_LOWER_SYNC);
    for (unsigned i = 0; i < 2048; i++)
        code[i] = BRK;
    vector[0] = WFI;
}

static ArmCPU *create_cpu(void)
{
    GError *error = NULL;
    CPUState *cs = cpu_arch_aarch64.create("max", NULL, 0, false, &error);
    if (!cs)
        g_error("%s", error->message);
    accel_init_cpu(cs);
    current_cpu = cs;
    CPUARMState *env = arm_env(cs);
    env->ttbr0_el1 = TABLES;
    env->tcr_el1 = TCR_VALUE;
    env->mair_el1 = 0xff;
    env->vbar_el1 = VECTORS;
    env->cpacr_el1 = CPACR_VALUE;
    env->sctlr_el1 = SCTLR_VALUE;
    return arm_cpu(cs);
}

static void start_case(ArmCPU *cpu, const DiffCase *c)
{
    CPUARMState *env = &cpu->env;
    uint32_t code[DIFF_MAX_INSNS + 1];
    for (unsigned i = 0; i <= DIFF_MAX_INSNS; i++)
        code[i] = i < c->n_insns ? c->insns[i] : BRK;
    write_ram(DIFF_CODE, code, sizeof(code));
    memset(ram_at(DIFF_DATA_MAP), 0, DIFF_DATA_PAGES * 4096);
    write_ram(DIFF_DATA, c->in.mem, sizeof(c->in.mem));
    arm_set_pstate(cpu, (uint32_t)c->in.nzcv); /* EL0, nothing masked */
    memcpy(env->x, c->in.x, sizeof(env->x));
    env->sp = c->in.sp;
    env->pc = DIFF_CODE;
    env->exclusive = EXCLUSIVE_OPEN;
    memcpy(env->v, c->in.v, sizeof(env->v));
    arm_fpcr_set(&cpu->parent, (uint32_t)c->in.fpcr);
    arm_fpsr_set(&cpu->parent, (uint32_t)c->in.fpsr);
    cpu->parent.halted = false;
}

static uint64_t end_of(uint64_t esr)
{
    switch (esr >> 26 & 0x3f) {
    case EC_BRK: return DIFF_BRK;
    case EC_UNKNOWN: return DIFF_UNDEFINED;
    default: return DIFF_FAULT;
    }
}

static void take_result(ArmCPU *cpu, DiffResult *r)
{
    CPUARMState *env = &cpu->env;
    r->end = end_of(env->esr_el1);
    memcpy(r->out.x, env->x, sizeof(env->x));
    r->out.sp = env->sp_el[0];
    r->out.pc = env->elr_el1;
    r->out.nzcv = env->spsr_el1 & 0xf0000000;
    r->out.fpcr = arm_fpcr_get(&cpu->parent);
    r->out.fpsr = arm_fpsr_get(&cpu->parent);
    memcpy(r->out.v, env->v, sizeof(env->v));
    memcpy(r->out.mem, ram_at(DIFF_DATA), sizeof(r->out.mem));
}

static void run_cases(ArmCPU *cpu)
{
    DiffCase c;
    while (fread(&c, sizeof(c), 1, stdin) == 1) {
        DiffResult r = { 0 };
        if (c.n_insns > DIFF_MAX_INSNS)
            g_error("a case of %u instructions", c.n_insns);
        start_case(cpu, &c);
        alarm(10); /* a case that loops ends the program */
        while (!cpu->parent.halted) {
            cpu_exec(&cpu->parent);
            __atomic_store_n(&cpu->parent.exit_request, 0, __ATOMIC_RELEASE);
            cpu_process_work(&cpu->parent); /* a full code buffer is emptied there */
        }
        alarm(0);
        take_result(cpu, &r);
        fwrite(&r, sizeof(r), 1, stdout);
    }
}

int main(int argc, char **argv)
{
    gboolean interp = FALSE, no_opt = FALSE;
    GOptionEntry entries[] = { { "interp", 0, 0, G_OPTION_ARG_NONE, &interp, "interpret the IR", NULL },
                               { "no-opt", 0, 0, G_OPTION_ARG_NONE, &no_opt, "no optimiser", NULL },
                               { NULL } };
    g_autoptr(GOptionContext) options = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error))
        g_error("%s", error->message);
    AccelConfig accel = { .interp = interp, .no_opt = no_opt, .tb_size = 16 << 20 };
    rcu_register_thread();
    bql_lock();
    if (!accel_init(&accel, cpu_arch_aarch64.ops, &error))
        g_error("%s", error->message);
    memory_init();
    if (!memory_region_init_ram(&ram, "ram", RAM_SIZE, &error))
        g_error("%s", error->message);
    memory_region_add_subregion(memory_system_root(), RAM_BASE, &ram);
    build_tables();
    ArmCPU *cpu = create_cpu();
    bql_unlock();
    run_cases(cpu);
    rcu_unregister_thread();
    return 0;
}
