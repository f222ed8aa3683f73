/* SPDX-License-Identifier: MIT */
/*
 * Translates one block of guest code and prints its three forms: guest instructions, optimised IR, host instructions.
 *
 *   calque-golden BLOCK.bin [BLOCK.bin...]
 *
 * The machine is RAM and one vCPU at EL1 with its MMU off. Nothing runs. The host's features are given, whatever this host has,
 * so that the text is the same everywhere. The text goes to standard error, as any log; standard output has what golden.py needs
 * to take the addresses of this process out of it: for each block its code, then all mappings.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "accel/exec/exec.h"
#include "accel/host/host.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/rcu.h"
#include "memory/memory.h"
#include "target/arm/cpu.h"

#define RAM_BASE 0x40000000ull
#define RAM_SIZE (4ull << 20)
#define BLOCK_PC 0x40001000ull

static MemoryRegion ram;

static CPUState *create_cpu(void)
{
    GError *error = NULL;
    CPUState *cs = cpu_arch_aarch64.create("max", NULL, 0, false, &error);
    if (!cs)
        g_error("%s", error->message);
    accel_init_cpu(cs);
    current_cpu = cs;
    arm_env(cs)->cpacr_el1 = 3u << 20;
    arm_set_pstate(arm_cpu(cs), arm_env(cs)->pstate);
    arm_env(cs)->pc = BLOCK_PC;
    return cs;
}

static void render(CPUState *cs, const char *path)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t pc, flags;
    gsize len;
    if (!g_file_get_contents(path, &bytes, &len, &error))
        g_error("%s", error->message);
    if (len > 4096)
        g_error("%s: longer than a page", path);
    uint8_t *to = (uint8_t *)memory_region_ram_ptr(&ram) + (BLOCK_PC - RAM_BASE);
    memset(to, 0, 4096);
    memcpy(to, bytes, len);
    ram_notify_write(ram.ram, ram.ram->offset + (BLOCK_PC - RAM_BASE), 4096);
    cs->target->get_block_state(cs, &pc, &flags);
    const TranslationBlock *tb = tb_find(cs, pc, flags);
    printf("code %p %u\n", (const void *)tb->code, tb->code_size);
}

static void print_mappings(void)
{
    g_autofree char *maps = NULL;
    if (!g_file_get_contents("/proc/self/maps", &maps, NULL, NULL))
        g_error("no /proc/self/maps");
    fputs(maps, stdout);
}

int main(int argc, char **argv)
{
    const AccelConfig accel = { .tb_size = 2 << 20 };
    GError *error = NULL;
    rcu_register_thread();
    bql_lock();
    if (!accel_init(&accel, cpu_arch_aarch64.ops, &error) || !log_set_mask("in_asm,op_opt,out_asm", &error))
        g_error("%s", error->message);
    host_features = (HostFeatures){ .avx = true, .avx2 = true, .fma = true, .bmi1 = true, .bmi2 = true, .lzcnt = true, .popcnt = true,
                                    .f16c = true, .movbe = true };
    memory_init();
    if (!memory_region_init_ram(&ram, "ram", RAM_SIZE, &error))
        g_error("%s", error->message);
    memory_region_add_subregion(memory_system_root(), RAM_BASE, &ram);
    CPUState *cs = create_cpu();
    bql_unlock();
    rcu_read_lock();
    for (int i = 1; i < argc; i++)
        render(cs, argv[i]);
    rcu_read_unlock();
    print_mappings();
    rcu_unregister_thread();
    return 0;
}
