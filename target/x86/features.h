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

#endif
