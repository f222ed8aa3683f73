/* SPDX-License-Identifier: MIT */
/*
 * CPU models, and the parsing of -cpu.
 *
 * A model is an identity and a list of features; what is not built has no row in features.def and is in no list. Whatever a named model's
 * original had, all models here have the hypervisor bit, x2APIC where there is an APIC, a TSC that is invariant, since it is, and x87 pointers as recent processors keep them.
 *
 * "max" is everything but what would make a system slower or wrong here:
 * - It is Intel's, for the TSC: only of Intel's processors does Linux take the rates of TSC and APIC timer from CPUID (leaf 0x15), so nothing is
 *   calibrated at boot and nothing is watched later. With TSC-deadline mode the tick needs one MSR write.
 * - IA32_ARCH_CAPABILITIES says that none of the known leaks of speculation is there (there is no speculation), and that IBRS is always on: no page-table
 *   isolation, no retpolines, no buffer clearing; branch histories are guarded by a bit of IA32_SPEC_CTRL (bhi-ctrl) instead of loops at each system call. No list of affected ones names the family and model either:
 *   they are no processor's, since programs take instructions for granted by the model that they read (GCC's target_clones by "arch="; AVX-512 by that of
 *   a recent server), and fall back to the feature bits where they do not know it.
 * - MONITOR is left out: MWAIT sees a store late (mwait.c), and Linux sends no interrupt to a CPU that watches. LA57 is left out, since a fifth level makes each walk longer. AMD's own variants (fxsr-opt, xsaveerptr, auto-ibrs, topoext)
 *   do not go with the vendor. All of them can be asked for.
 * "x86-64-v2" and "x86-64-v3" are the same processor with the instructions of these levels of the psABI only.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/error.h"
#include "target/x86/models.h"

#define PHYS_BITS 40
#define TSC_HZ ((uint64_t)NS_PER_SEC)

#define F(f) X86_FEAT_##f
#define PENTIUM_PRO F(FPU), F(DE), F(PSE), F(TSC), F(MSR), F(PAE), F(MCE), F(CX8), F(APIC), F(SEP), F(MTRR), F(PGE), F(MCA), F(CMOV), F(PAT), F(PSE36), \
    F(CLFLUSH), F(MMX), F(FXSR), F(SSE), F(SSE2)
#define ANY_HERE F(HYPERVISOR), F(X2APIC), F(INVTSC), F(FDP_EXCPTN_ONLY), F(ZERO_FCS_FDS)
#define LONG_MODE F(LM), F(SYSCALL), F(NX)
#define X86_64_V2 F(VME), F(SSE3), F(SSSE3), F(SSE4_1), F(SSE4_2), F(CX16), F(POPCNT), F(LAHF_LM)
#define X86_64_V3 F(XSAVE), F(AVX), F(AVX2), F(BMI1), F(BMI2), F(F16C), F(FMA), F(ABM), F(MOVBE)
#define SANDY_BRIDGE F(AES), F(PCLMULQDQ), F(XSAVE), F(XSAVEOPT), F(AVX), F(TSC_DEADLINE), F(RDTSCP), F(ARAT)
#define ZEN F(AES), F(PCLMULQDQ), F(RDRAND), F(RDSEED), F(RDTSCP), F(PDPE1GB), F(FSGSBASE), F(SMEP), F(SMAP), F(ADX), F(CLFLUSHOPT), F(SHA_NI), F(FXSR_OPT), \
    F(PREFETCHW), F(TOPOEXT), F(XSAVEOPT), F(XSAVEC), F(XGETBV1), F(ARAT)
#define HASWELL F(AES), F(TSC_DEADLINE), F(PCLMULQDQ), F(PCID), F(RDRAND), F(RDTSCP), F(FSGSBASE), F(SMEP), F(ERMS), F(INVPCID), F(XSAVEOPT), F(ARAT)
#define SKYLAKE F(SMAP), F(RDSEED), F(ADX), F(PREFETCHW), F(XSAVEC), F(XGETBV1), F(XSAVES)
/* What a system wants, and programs do not see. */
#define FAST_SYSTEM F(TSC_DEADLINE), F(TSC_ADJUST), F(ARAT), F(RDTSCP), F(PDPE1GB), F(PCID), F(INVPCID), F(FSGSBASE), F(SMEP), F(SMAP), F(UMIP), F(ERMS), \
    F(FSRM), F(RDRAND), F(RDSEED), F(SPEC_CTRL), F(SSBD), F(BHI_CTRL), F(ARCH_CAPABILITIES)

static const X86Feature qemu64[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, F(SSE3), F(CX16), F(LAHF_LM), F(NONE) };
static const X86Feature v2[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, FAST_SYSTEM, F(NONE) };
static const X86Feature v3[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, FAST_SYSTEM, F(XSAVEOPT), F(XSAVEC), F(XGETBV1), F(XSAVES), F(NONE) };
static const X86Feature nehalem[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, F(NONE) };
static const X86Feature westmere[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, F(AES), F(PCLMULQDQ), F(ARAT), F(NONE) };
static const X86Feature sandy_bridge[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, SANDY_BRIDGE, F(NONE) };
static const X86Feature ivy_bridge[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, SANDY_BRIDGE, F(F16C), F(RDRAND), F(FSGSBASE), F(SMEP), F(ERMS), F(NONE) };
static const X86Feature haswell[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, HASWELL, F(NONE) };
static const X86Feature skylake[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, HASWELL, SKYLAKE, F(NONE) };
static const X86Feature broadwell[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, HASWELL, F(SMAP), F(RDSEED), F(ADX), F(PREFETCHW), F(NONE) };
static const X86Feature epyc[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, ZEN, F(NONE) };
static const X86Feature epyc_rome[] = { PENTIUM_PRO, LONG_MODE, ANY_HERE, X86_64_V2, X86_64_V3, ZEN, F(CLWB), F(CLZERO), F(XSAVEERPTR), F(XSAVES), F(RDPID), F(UMIP), F(NONE) };
static const X86Feature max_without[] = { F(HT), F(MONITOR), F(LA57), F(FXSR_OPT), F(XSAVEERPTR), F(AUTO_IBRS), F(TOPOEXT), F(NONE) };

typedef struct Model {
    const char *name, *description;
    X86Identity id;
    const X86Feature *features; /* up to NONE */
    bool all_but;               /* features are those that it lacks */
} Model;
#define INTEL(brand, family, model, stepping, level) { X86_VENDOR_INTEL, brand, family, model, stepping, level, 0x80000008 }
#define AMD(brand, family, model, stepping, xlevel) { X86_VENDOR_AMD, brand, family, model, stepping, 0xd, xlevel }
#define MODELS(X) \
    X("max",            "everything that calque offers", INTEL("calque max processor", 6, 255, 0, 0x1f), max_without, true) \
    X("qemu64",         "the least that 64-bit systems want", AMD("calque virtual CPU (qemu64)", 15, 107, 1, 0x8000000a), qemu64, false) \
    X("kvm64",          "qemu64 by another maker: Intel's vendor, family 15", INTEL("calque virtual CPU (kvm64)", 15, 6, 1, 0xd), qemu64, false) \
    X("x86-64-v2",      "instructions of the psABI's level 2", INTEL("calque x86-64-v2 processor", 6, 255, 0, 0x1f), v2, false) \
    X("x86-64-v3",      "instructions of the psABI's level 3", INTEL("calque x86-64-v3 processor", 6, 255, 0, 0x1f), v3, false) \
    X("Nehalem",        "Intel Core i7 9xx", INTEL("Intel Core i7 9xx (Nehalem Class Core i7)", 6, 26, 3, 0xb), nehalem, false) \
    X("Westmere",       "Intel Core, first generation with AES", INTEL("Westmere E56xx/L56xx/X56xx (Nehalem-C)", 6, 44, 1, 0xb), westmere, false) \
    X("SandyBridge",    "Intel Core, second generation", INTEL("Intel Xeon E312xx (Sandy Bridge)", 6, 42, 1, 0xd), sandy_bridge, false) \
    X("IvyBridge",      "Intel Core, third generation", INTEL("Intel Xeon E3-12xx v2 (Ivy Bridge)", 6, 58, 9, 0xd), ivy_bridge, false) \
    X("Haswell",        "Intel Core, fourth generation", INTEL("Intel Core Processor (Haswell)", 6, 60, 4, 0xd), haswell, false) \
    X("Broadwell",      "Intel Core, fifth generation", INTEL("Intel Core Processor (Broadwell)", 6, 61, 2, 0xd), broadwell, false) \
    X("Skylake-Client", "Intel Core, sixth generation", INTEL("Intel Core Processor (Skylake)", 6, 94, 3, 0xd), skylake, false) \
    X("EPYC",           "AMD EPYC, first generation", AMD("AMD EPYC Processor", 23, 1, 2, 0x8000001e), epyc, false) \
    X("EPYC-Rome",      "AMD EPYC, second generation", AMD("AMD EPYC-Rome Processor", 23, 49, 0, 0x8000001e), epyc_rome, false)
#define X(n, d, ...) { n, d, __VA_ARGS__ },
static const Model models[] = { MODELS(X) };
#undef X
#define X(n, d, ...) { n, d },
const CpuModel x86_models[X86_N_MODELS] = { MODELS(X) };
#undef X
static_assert(ARRAY_SIZE(models) == X86_N_MODELS, "cpu_arch_x86_64 lists them all");

static const char *const number_props[] = { "family", "model", "stepping", "level", "xlevel", "phys-bits", "tsc-frequency" };
static const char *const text_props[] = { "vendor", "model-id" };

/* ---- names ---- */
static bool unknown(const char *spec, const char *what, const char *name, const char *const *names, size_t n, GError **error)
{
    const char *near = error_nearest(name, names, n);
    return error_set(error, "-cpu %s: no %s '%s'%s%s%s; '-cpu help' lists them", spec, what, name, near ? " (did you mean '" : "", near ? near : "",
                     near ? "'?)" : "");
}

static const Model *find_model(const char *spec, const char *name, GError **error)
{
    const char *names[ARRAY_SIZE(models)];

    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        if (!strcmp(models[i].name, name))
            return &models[i];
        names[i] = models[i].name;
    }
    unknown(spec, "CPU model", name, names, ARRAY_SIZE(names), error);
    return NULL;
}

static bool unknown_property(const char *spec, const char *name, GError **error)
{
    const char *names[X86_NB_FEATURES + ARRAY_SIZE(number_props) + ARRAY_SIZE(text_props)];
    size_t n = 0;

    for (unsigned f = 0; f < X86_NB_FEATURES; f++)
        if (x86_feature_info[f].name)
            names[n++] = x86_feature_info[f].name;
    for (size_t i = 0; i < ARRAY_SIZE(number_props); i++)
        names[n++] = number_props[i];
    for (size_t i = 0; i < ARRAY_SIZE(text_props); i++)
        names[n++] = text_props[i];
    return unknown(spec, "feature or property", name, names, n, error);
}

/* ---- properties ---- */
static bool parse_number(const char *spec, const char *name, const char *value, uint64_t min, uint64_t max, uint64_t *out, GError **error)
{
    char *end;

    *out = g_ascii_strtoull(value, &end, 0);
    if (!g_ascii_isdigit(*value) || *end || *out < min || *out > max)
        return error_set(error, "-cpu %s: property '%s' takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", spec, name, min, max, value);
    return true;
}

static bool set_number(const char *spec, X86ModelConfig *m, unsigned which, const char *value, GError **error)
{
    static const struct { uint64_t min, max; } limits[] = { { 0, 270 }, { 0, 255 }, { 0, 15 }, { 1, 0xff }, { 0x80000000, 0x800000ff }, { 36, 52 }, { 1000000, 100000000000 } };
    uint64_t n;

    static_assert(ARRAY_SIZE(limits) == ARRAY_SIZE(number_props), "one each");
    if (!parse_number(spec, number_props[which], value, limits[which].min, limits[which].max, &n, error))
        return false;
    switch (which) {
    case 0: m->id.family = (unsigned)n; break;
    case 1: m->id.model = (unsigned)n; break;
    case 2: m->id.stepping = (unsigned)n; break;
    case 3: m->id.level = (uint32_t)n; break;
    case 4: m->id.xlevel = (uint32_t)n; break;
    case 5: m->phys_bits = (uint8_t)n; break;
    default: m->tsc_hz = n; break;
    }
    return true;
}

static bool set_text(const char *spec, X86ModelConfig *m, const char *name, const char *value, GError **error)
{
    if (!strcmp(name, "vendor")) {
        if (strlen(value) != 12)
            return error_set(error, "-cpu %s: property 'vendor' takes 12 characters, as 'GenuineIntel' or 'AuthenticAMD', not '%s'", spec, value);
        g_strlcpy(m->id.vendor, value, sizeof(m->id.vendor));
        return true;
    }
    if (strlen(value) >= sizeof(m->id.brand))
        return error_set(error, "-cpu %s: property 'model-id' takes at most 47 characters", spec);
    memset(m->id.brand, 0, sizeof(m->id.brand));
    g_strlcpy(m->id.brand, value, sizeof(m->id.brand));
    return true;
}

static bool set_feature(const char *spec, X86ModelConfig *m, const char *name, const char *value, GError **error)
{
    static const char *const on[] = { "on", "yes", "true", "y" }, *const off[] = { "off", "no", "false", "n" };
    X86Feature f = x86_feature_by_name(name);

    if (f == X86_FEAT_NEVER)
        return unknown_property(spec, name, error);
    for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
        if (!strcmp(value, on[i]) || !strcmp(value, off[i])) {
            x86_feature_set(&m->features, f, !strcmp(value, on[i]));
            return true;
        }
    }
    return error_set(error, "-cpu %s: feature '%s' takes on or off, not '%s'", spec, name, value);
}

/* One item of the list: +feature, -feature, feature[=on|off], property=value. */
static bool apply(const char *spec, X86ModelConfig *m, char *item, GError **error)
{
    char *value = strchr(item, '=');

    if (*item == '+' || *item == '-')
        return set_feature(spec, m, item + 1, *item == '+' ? "on" : "off", error);
    if (value)
        *value++ = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(number_props); i++)
        if (!strcmp(item, number_props[i]))
            return set_number(spec, m, i, value ? value : "", error);
    for (unsigned i = 0; i < ARRAY_SIZE(text_props); i++)
        if (!strcmp(item, text_props[i]))
            return set_text(spec, m, item, value ? value : "", error);
    return set_feature(spec, m, item, value ? value : "on", error);
}

/* ---- what goes with what ---- */
/* Takes out of set what cannot be without one of the features that it lacks; gives the first such lack, or NONE. */
static X86Feature drop_unsupported(X86Features *set)
{
    X86Feature first = X86_FEAT_NONE;

    for (bool again = true; again;) {
        again = false;
        for (unsigned f = 1; f < X86_FEAT_NEVER; f++) {
            X86Feature need;
            for (unsigned i = 0; x86_has(set, f) && (need = x86_feature_need(f, i)) != X86_FEAT_NONE; i++) {
                if (x86_has(set, need))
                    continue;
                first = first == X86_FEAT_NONE ? need : first;
                x86_feature_set(set, f, false);
                again = true;
            }
        }
    }
    return first;
}

static bool check_needs(const char *spec, const X86ModelConfig *m, GError **error)
{
    X86Features left = m->features;
    X86Feature lack = drop_unsupported(&left);
    g_autoptr(GString) names = g_string_new(NULL), remedy = g_string_new(NULL);

    if (lack == X86_FEAT_NONE)
        return true;
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++) {
        if (x86_has(&m->features, f) && !x86_has(&left, f)) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", x86_feature_info[f].name);
            g_string_append_printf(remedy, ",-%s", x86_feature_info[f].name);
        }
    }
    return error_set(error, "-cpu %s: '%s' is off, and cannot be while these are on: %s; add '+%s' or '%s'", spec, x86_feature_info[lack].name, names->str,
                     x86_feature_info[lack].name, remedy->str + 1);
}

/* CPUID reaches at least as far as the features' leaves. */
static void raise_levels(X86ModelConfig *m)
{
    if (x86_has(&m->features, X86_FEAT_XSAVE))
        m->id.level = MAX_OF(m->id.level, 0xdu);
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++) {
        uint32_t leaf = x86_feature_info[f].leaf;
        if (!x86_has(&m->features, f))
            continue;
        if (leaf >> 31)
            m->id.xlevel = MAX_OF(m->id.xlevel, leaf);
        else
            m->id.level = MAX_OF(m->id.level, leaf);
    }
}

bool x86_model_parse(const char *spec, X86ModelConfig *out, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(spec, ",", -1);
    const Model *model = find_model(spec, parts[0] ? parts[0] : "", error);

    if (!model)
        return false;
    *out = (X86ModelConfig){ .id = model->id, .phys_bits = PHYS_BITS, .tsc_hz = TSC_HZ };
    for (unsigned f = 1; model->all_but && f < X86_FEAT_NEVER; f++)
        x86_feature_set(&out->features, f, true);
    for (const X86Feature *f = model->features; *f != X86_FEAT_NONE; f++)
        x86_feature_set(&out->features, *f, !model->all_but);
    for (char **p = parts + 1; *p; p++)
        if (!apply(spec, out, *p, error))
            return false;
    if (!check_needs(spec, out, error))
        return false;
    raise_levels(out);
    return true;
}

void x86_model_help(GString *out)
{
    unsigned column = 0;

    g_string_append(out, "CPU models:\n");
    for (size_t i = 0; i < ARRAY_SIZE(models); i++)
        g_string_append_printf(out, "  %-15s %s\n", models[i].name, models[i].description);
    g_string_append(out, "Features (+name, -name or name=on|off), as in \"-cpu max,-avx2,+la57\":");
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++)
        g_string_append_printf(out, "%s%s", column++ % 10 == 0 ? "\n  " : " ", x86_feature_info[f].name);
    g_string_append(out, "\nProperties (name=value):\n ");
    for (size_t i = 0; i < ARRAY_SIZE(text_props); i++)
        g_string_append_printf(out, " %s", text_props[i]);
    for (size_t i = 0; i < ARRAY_SIZE(number_props); i++)
        g_string_append_printf(out, " %s", number_props[i]);
    g_string_append(out, "\n");
}
