/* SPDX-License-Identifier: MIT */
/* What a guest brings to the stress test of random code. */
#ifndef TESTS_STRESS_RANDOM_CODE_H
#define TESTS_STRESS_RANDOM_CODE_H

#include <stdint.h>

#include "target/api/machine.h"

#define STRESS_IMAGE 4096

typedef struct StressGuest {
    const char *name, *board, *cpu;
    const CpuArch *arch;
    /* Makes an image; shaped: like instructions. */
    void (*fill)(uint8_t *image, bool shaped);
    /* Places the image and sets registers; the CPU is as after reset. On its thread. */
    void (*load)(CPUState *cpu, const uint8_t *image);
} StressGuest;

extern const StressGuest stress_virt, stress_real, stress_protected, stress_long;

uint64_t stress_rnd(void);
/* Noise, or one of n addresses with a small offset. */
uint64_t stress_interesting(const uint64_t *bases, unsigned n);

#endif
