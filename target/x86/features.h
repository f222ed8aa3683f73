/* SPDX-License-Identifier: MIT */
/* CPU features: the rows of features.def as numbers, and a set of them. */
#ifndef TARGET_X86_FEATURES_H
#define TARGET_X86_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum X86Feature {
    X86_FEAT_NONE, /* always there: "-" in a row */
#define FEATURE(id, ...) X86_FEAT_##id,
#include "target/x86/features.def"
#undef FEATURE
    X86_FEAT_NEVER,
    X86_NB_FEATURES
} X86Feature;

typedef struct X86Features { uint64_t bits[(X86_NB_FEATURES + 63) / 64]; } X86Features;

static inline bool x86_has(const X86Features *set, unsigned f) { return f == X86_FEAT_NONE || (set->bits[f / 64] >> f % 64 & 1); }
static inline void x86_feature_set(X86Features *set, unsigned f, bool on)
{
    if (on)
        set->bits[f / 64] |= 1ull << f % 64;
    else
        set->bits[f / 64] &= ~(1ull << f % 64);
}

enum { X86_CPUID_EAX, X86_CPUID_EBX, X86_CPUID_ECX, X86_CPUID_EDX };
typedef struct X86FeatureInfo { const char *name; uint32_t leaf, subleaf; uint8_t reg, bit; } X86FeatureInfo;
extern const X86FeatureInfo x86_feature_info[X86_NB_FEATURES]; /* name NULL: NONE and NEVER */
/* By name, in this project's spelling or another usual one ("sse4_1", "pni"); X86_FEAT_NEVER: none such. */
X86Feature x86_feature_by_name(const char *name);
/* What feature cannot be without, or X86_FEAT_NONE when n is past the last. */
X86Feature x86_feature_need(X86Feature feature, unsigned n);

#endif
