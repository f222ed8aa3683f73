/* SPDX-License-Identifier: MIT */
/* EL1 code on the virt machine. */
#include "memory/memory.h"
#include "target/arm/cpu.h"
#include "target/arm/decode.h"
#include "tests/stress/random_code.h"

#define RAM_BASE 0x40000000ull
#define IMAGE_AT (RAM_BASE + 0x100000)

static uint64_t interesting(void)
{
    static const uint64_t bases[] = { 0x08000000, 0x08010000, 0x080a0000, 0x080c0000, 0x09000000, 0x09010000, 0x09020000, 0x09030000,
                                      0x0a000000, IMAGE_AT, IMAGE_AT, IMAGE_AT + 0xff0, RAM_BASE, RAM_BASE + (64 << 20) - 8, 0, ~0ull, 1ull << 47,
                                      0xffff000000000000ull };
    return stress_interesting(bases, G_N_ELEMENTS(bases));
}

/* Shaped: rows of the decode table with random fields. */
static void fill(uint8_t *image, bool shaped)
{
    for (unsigned i = 0; i < STRESS_IMAGE; i += 4) {
        const A64Row *row = &a64_rows[stress_rnd() % a64_nb_rows];
        uint32_t noise = (uint32_t)stress_rnd(), word = shaped ? (noise & ~row->mask) | row->value : noise;
        __builtin_memcpy(image + i, &word, 4);
    }
}

static void load(CPUState *cpu, const uint8_t *image)
{
    CPUARMState *env = arm_env(cpu);
    address_space_write(&address_space_memory, IMAGE_AT, MEMTXATTRS_NONE, image, STRESS_IMAGE);
    arm_cpu_set_boot(cpu, IMAGE_AT + (stress_rnd() & 0xffc), 0);
    for (unsigned i = 0; i < 31; i++)
        env->x[i] = interesting();
    env->sp = IMAGE_AT + 0x8000;
    env->vbar_el1 = IMAGE_AT;
    env->cpacr_el1 = stress_rnd() & 3 ? 3 << 20 : 0;
    for (unsigned i = 0; i < 32; i++)
        env->v[i] = (V128){ .u64 = { stress_rnd(), stress_rnd() } };
    arm_cpu(cpu)->power = ARM_POWER_ON;
}

const StressGuest stress_virt = { "virt", "virt", NULL, &cpu_arch_aarch64, fill, load };
