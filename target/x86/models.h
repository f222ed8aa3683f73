/* SPDX-License-Identifier: MIT */
/* CPU models by name: what "-cpu model,+feature,property=value" describes. */
#ifndef TARGET_X86_MODELS_H
#define TARGET_X86_MODELS_H

#include "target/x86/cpu.h"

#define X86_VENDOR_INTEL "GenuineIntel"
#define X86_VENDOR_AMD "AuthenticAMD"
#define X86_N_MODELS 14

typedef struct X86ModelConfig {
    X86Features features;
    X86Identity id;
    uint8_t phys_bits;
    uint64_t tsc_hz;
} X86ModelConfig;

extern const CpuModel x86_models[X86_N_MODELS];
bool x86_model_parse(const char *spec, X86ModelConfig *out, GError **error);
void x86_model_help(GString *out);

#endif
