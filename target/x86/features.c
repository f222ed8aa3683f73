/* SPDX-License-Identifier: MIT */
/*
 * CPU features by name, and what each cannot be without.
 *
 * Names follow features.def; '_' and '.' count as '-', and a few other spellings that users bring along are known. The needs are those
 * that software takes for granted (SDM vol. 1 ch. 5, 13, 14): a set of features that breaks one describes no processor.
 */
#include <string.h>

#include "base/bits.h"
#include "target/x86/features.h"

const X86FeatureInfo x86_feature_info[X86_NB_FEATURES] = {
#define FEATURE(id, name, leaf, subleaf, reg, bit) [X86_FEAT_##id] = { name, leaf, subleaf, X86_CPUID_##reg, bit },
#include "target/x86/features.def"
#undef FEATURE
};

static const struct { const char *name; X86Feature feature; } other_names[] = {
    { "pni", X86_FEAT_SSE3 },        { "lzcnt", X86_FEAT_ABM },          { "i64", X86_FEAT_LM },          { "xd", X86_FEAT_NX },
    { "ffxsr", X86_FEAT_FXSR_OPT },  { "pclmuldq", X86_FEAT_PCLMULQDQ }, { "sha", X86_FEAT_SHA_NI },      { "prefetchw", X86_FEAT_PREFETCHW },
    { "clfsh", X86_FEAT_CLFLUSH },   { "sse41", X86_FEAT_SSE4_1 },       { "sse42", X86_FEAT_SSE4_2 },    { "cmpxchg16b", X86_FEAT_CX16 },
    { "cmpxchg8b", X86_FEAT_CX8 },   { "tsc-deadline-timer", X86_FEAT_TSC_DEADLINE },
};

/* The same name but for '_', '.' and '-'. */
static bool same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        char x = *a == '_' || *a == '.' ? '-' : *a, y = *b == '_' || *b == '.' ? '-' : *b;
        if (x != y)
            return false;
        if (!x)
            return true;
    }
}

X86Feature x86_feature_by_name(const char *name)
{
    for (unsigned f = 0; f < X86_NB_FEATURES; f++)
        if (x86_feature_info[f].name && same_name(x86_feature_info[f].name, name))
            return f;
    for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
        if (same_name(other_names[i].name, name))
            return other_names[i].feature;
    return X86_FEAT_NEVER;
}

#define NEEDS(f, ...) { X86_FEAT_##f, { __VA_ARGS__ } }
#define F(f) X86_FEAT_##f
static const struct { X86Feature feature, needs[3]; } needs[] = {
    NEEDS(PSE36, F(PSE)),            NEEDS(MCA, F(MCE)),                NEEDS(MMX, F(FPU)),          NEEDS(FXSR, F(FPU)),
    NEEDS(SSE, F(FXSR), F(MMX)),     NEEDS(SSE2, F(SSE)),               NEEDS(SSE3, F(SSE2)),        NEEDS(SSSE3, F(SSE3)),
    NEEDS(SSE4_1, F(SSSE3)),         NEEDS(SSE4_2, F(SSE4_1)),          NEEDS(AES, F(SSE2)),
    NEEDS(PCLMULQDQ, F(SSE2)),       NEEDS(SHA_NI, F(SSE2)),            NEEDS(GFNI, F(SSE2)),        NEEDS(XSAVE, F(FXSR)),
    NEEDS(AVX, F(XSAVE), F(SSE4_2)), NEEDS(AVX2, F(AVX)),               NEEDS(FMA, F(AVX)),          NEEDS(F16C, F(AVX)),
    NEEDS(VAES, F(AVX), F(AES)),     NEEDS(VPCLMULQDQ, F(AVX), F(PCLMULQDQ)), NEEDS(XSAVEOPT, F(XSAVE)), NEEDS(XSAVEC, F(XSAVE)),
    NEEDS(XGETBV1, F(XSAVE)),        NEEDS(XSAVES, F(XSAVEC)),          NEEDS(XSAVEERPTR, F(XSAVE)), NEEDS(PKU, F(XSAVE), F(LM)),
    NEEDS(LM, F(PAE), F(SSE2), F(MSR)), NEEDS(SYSCALL, F(MSR)),         NEEDS(LAHF_LM, F(LM)),       NEEDS(CX16, F(LM)),
    NEEDS(PDPE1GB, F(LM)),           NEEDS(LA57, F(LM)),                NEEDS(PCID, F(LM), F(PGE)),  NEEDS(INVPCID, F(PCID)),
    NEEDS(FSGSBASE, F(LM)),          NEEDS(NX, F(PAE)),                 NEEDS(X2APIC, F(APIC)),      NEEDS(TSC_DEADLINE, F(APIC), F(TSC)),
    NEEDS(ARAT, F(APIC)),            NEEDS(TSC_ADJUST, F(TSC)),         NEEDS(RDTSCP, F(TSC)),       NEEDS(INVTSC, F(TSC)),
    NEEDS(SSBD, F(SPEC_CTRL)),       NEEDS(BHI_CTRL, F(SPEC_CTRL)),  NEEDS(FXSR_OPT, F(FXSR)),          NEEDS(CLFLUSHOPT, F(CLFLUSH)),
};

X86Feature x86_feature_need(X86Feature feature, unsigned n)
{
    for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
        if (needs[i].feature == feature && n < ARRAY_SIZE(needs[i].needs))
            return needs[i].needs[n];
    return X86_FEAT_NONE;
}
