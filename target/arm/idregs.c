/* SPDX-License-Identifier: MIT */
/*
 * CPU models: their ID registers, the features that follow from them, and properties that change them.
 *
 * The ID registers are the truth: an ARMFeature is on when its field has reached a value, and a property moves the field. The
 * named models have their real identification, restricted to what is built: no EL2 and EL3, no AArch32, no SVE, SME or MTE.
 * PMUVer is 1 everywhere, since later versions promise events that are not counted.
 */
#include <string.h>

#include "base/bits.h"
#include "base/error.h"
#include "target/arm/internals.h"

#define OFF(field) offsetof(ARMIdRegs, field)

typedef struct IdField {
    ARMFeature feature;
    const char *prop;   /* name of the property, NULL: always there */
    size_t reg;
    uint8_t shift, min; /* the feature is on from this value up; "off" lowers the field to min - 1 */
} IdField;

static const IdField fields[] = {
    { ARM_FEAT_aes,     "aes",     OFF(aa64isar0),  4, 1 }, { ARM_FEAT_pmull,  "pmull",  OFF(aa64isar0),  4, 2 },
    { ARM_FEAT_sha1,    "sha1",    OFF(aa64isar0),  8, 1 }, { ARM_FEAT_sha256, "sha256", OFF(aa64isar0), 12, 1 },
    { ARM_FEAT_sha512,  "sha512",  OFF(aa64isar0), 12, 2 }, { ARM_FEAT_crc32,  "crc32",  OFF(aa64isar0), 16, 1 },
    { ARM_FEAT_lse,     "lse",     OFF(aa64isar0), 20, 2 }, { ARM_FEAT_rdm,    "rdm",    OFF(aa64isar0), 28, 1 },
    { ARM_FEAT_sha3,    "sha3",    OFF(aa64isar0), 32, 1 }, { ARM_FEAT_dotprod,"dotprod",OFF(aa64isar0), 44, 1 },
    { ARM_FEAT_fhm,     "fhm",     OFF(aa64isar0), 48, 1 }, { ARM_FEAT_flagm,  "flagm",  OFF(aa64isar0), 52, 1 },
    { ARM_FEAT_flagm2,  "flagm2",  OFF(aa64isar0), 52, 2 }, { ARM_FEAT_rng,    "rng",    OFF(aa64isar0), 60, 1 },
    { ARM_FEAT_dpb,     "dpb",     OFF(aa64isar1),  0, 1 }, { ARM_FEAT_dpb2,   "dpb2",   OFF(aa64isar1),  0, 2 },
    { ARM_FEAT_jscvt,   "jscvt",   OFF(aa64isar1), 12, 1 }, { ARM_FEAT_fcma,   "fcma",   OFF(aa64isar1), 16, 1 },
    { ARM_FEAT_lrcpc,   "lrcpc",   OFF(aa64isar1), 20, 1 }, { ARM_FEAT_lrcpc2, "lrcpc2", OFF(aa64isar1), 20, 2 },
    { ARM_FEAT_frintts, "frintts", OFF(aa64isar1), 32, 1 }, { ARM_FEAT_sb,     "sb",     OFF(aa64isar1), 36, 1 },
    { ARM_FEAT_bf16,    "bf16",    OFF(aa64isar1), 44, 1 }, { ARM_FEAT_i8mm,   "i8mm",   OFF(aa64isar1), 52, 1 },
    { ARM_FEAT_fp16,    "fp16",    OFF(aa64pfr0),  16, 1 }, { ARM_FEAT_ras,    "ras",    OFF(aa64pfr0),  28, 1 },
    { ARM_FEAT_dit,     "dit",     OFF(aa64pfr0),  48, 1 }, { ARM_FEAT_bti,    "bti",    OFF(aa64pfr1),   0, 1 },
    { ARM_FEAT_ssbs,    "ssbs",    OFF(aa64pfr1),   4, 2 }, { ARM_FEAT_lor,    "lor",    OFF(aa64mmfr1), 16, 1 },
    { ARM_FEAT_pan,     "pan",     OFF(aa64mmfr1), 20, 1 }, { ARM_FEAT_pan2,   "pan2",   OFF(aa64mmfr1), 20, 2 },
    { ARM_FEAT_uao,     "uao",     OFF(aa64mmfr2),  4, 1 },
};

/* Names that QEMU's command lines carry and that are always off here: "off" is accepted, "on" is refused. */
static const char *const not_built[] = { "sve", "sme", "mte", "lpa2", "aarch32", "has_el2", "has_el3" };
static const char *const other_props[] = { "pauth", "pauth-impdef", "pauth-qarma5", "pmu", "aarch64" };

static const ARMIdRegs cortex_a53 = {
    .midr = 0x410fd034, .ctr = 0x84448004, .dczid = 4, .clidr = 0x0a200023, .ccsidr = { 0x700fe01a, 0x201fe00a, 0x707fe07a },
    .aa64pfr0 = 0x11, .aa64isar0 = 0x00011120, .aa64mmfr0 = 0x00001122, .aa64dfr0 = 0x10305106, .n_pmu_counters = 6,
};
static const ARMIdRegs cortex_a57 = {
    .midr = 0x411fd070, .ctr = 0x8444c004, .dczid = 4, .clidr = 0x0a200023, .ccsidr = { 0x701fe00a, 0x201fe012, 0x70ffe07a },
    .aa64pfr0 = 0x11, .aa64isar0 = 0x00011120, .aa64mmfr0 = 0x00001124, .aa64dfr0 = 0x10305106, .n_pmu_counters = 6,
};
static const ARMIdRegs cortex_a72 = {
    .midr = 0x410fd083, .ctr = 0x8444c004, .dczid = 4, .clidr = 0x0a200023, .ccsidr = { 0x701fe00a, 0x201fe012, 0x707fe07a },
    .aa64pfr0 = 0x11, .aa64isar0 = 0x00011120, .aa64mmfr0 = 0x00001124, .aa64dfr0 = 0x10305106, .n_pmu_counters = 6,
};
/* PFR0: CSV3, CSV2, RAS, half precision. The real one has SSBS without its MSR form, which is left out. */
static const ARMIdRegs cortex_a76 = {
    .midr = 0x414fd0b1, .ctr = 0x8444c004, .dczid = 4, .clidr = 0x82000023, .ccsidr = { 0x701fe01a, 0x201fe01a, 0x707fe03a },
    .aa64pfr0 = 0x1100000010110011, .aa64isar0 = 0x0000100010211120, .aa64isar1 = 0x00100001,
    .aa64mmfr0 = 0x00101122, .aa64mmfr1 = 0x00211002, .aa64mmfr2 = 0x1011, .aa64dfr0 = 0x10305108, .n_pmu_counters = 6,
};
static const ARMIdRegs neoverse_n1 = {
    .midr = 0x414fd0c1, .ctr = 0x8444c004, .dczid = 4, .clidr = 0x82000023, .ccsidr = { 0x701fe01a, 0x201fe01a, 0x70ffe03a },
    .aa64pfr0 = 0x1100000010110011, .aa64pfr1 = 0x20, .aa64isar0 = 0x0000100010211120, .aa64isar1 = 0x00100001,
    .aa64mmfr0 = 0x00101125, .aa64mmfr1 = 0x00211002, .aa64mmfr2 = 0x1011, .aa64dfr0 = 0x10305108, .n_pmu_counters = 6,
};
/*
 * Everything that is built. CTR: DIC and IDC, caches need no maintenance for instruction fetch. MMFR0: 52-bit physical
 * addresses (64K pages), mixed endian, 16-bit ASIDs, all granules. MMFR1: hardware access flag and dirty state, HPD. MMFR2: CnP,
 * UAO, LVA, small translation tables, IDST, TTL, BBM 2, E0PD. MIDR is that of QEMU's max, so that guests find nothing to work around.
 */
static const ARMIdRegs max = {
    .midr = 0x000f0510, .ctr = 0xb444c004, .dczid = 4, .clidr = 0x0a200023, .ccsidr = { 0x701fe00a, 0x201fe012, 0x70ffe07a },
    .aa64pfr0 = 0x1101000010110011, .aa64pfr1 = 0x21, .aa64isar0 = 0x1221100110212120, .aa64isar1 = 0x0010101100211002,
    .aa64mmfr0 = 0x00101126, .aa64mmfr1 = 0x00211002, .aa64mmfr2 = 0x1021001010010011,
    .aa64dfr0 = 0x10305106, .n_pmu_counters = 6,
};

typedef struct Model { const char *name, *description; const ARMIdRegs *id; const char *compatible; bool pauth; } Model;
#define MODELS(X) \
    X("max",         "everything that calque offers", max,         "arm,armv8",       true) \
    X("cortex-a53",  "Arm Cortex-A53",                cortex_a53,  "arm,cortex-a53",  false) \
    X("cortex-a57",  "Arm Cortex-A57",                cortex_a57,  "arm,cortex-a57",  false) \
    X("cortex-a72",  "Arm Cortex-A72",                cortex_a72,  "arm,cortex-a72",  false) \
    X("cortex-a76",  "Arm Cortex-A76",                cortex_a76,  "arm,cortex-a76",  false) \
    X("neoverse-n1", "Arm Neoverse N1",               neoverse_n1, "arm,neoverse-n1", false)
#define X(n, d, i, c, p) { n, d, &i, c, p },
static const Model models[] = { MODELS(X) };
#undef X
#define X(n, d, i, c, p) { n, d },
const CpuModel arm_models[ARM_N_MODELS] = { MODELS(X) };
#undef X
static_assert(ARRAY_SIZE(models) == ARM_N_MODELS, "cpu_arch_aarch64 lists them all");

static uint64_t *id_reg(ARMIdRegs *id, size_t offset)
{
    return (uint64_t *)((char *)id + offset);
}

static unsigned field_value(const ARMIdRegs *id, const IdField *f)
{
    return extract64(*(const uint64_t *)((const char *)id + f->reg), f->shift, 4);
}

uint64_t arm_features_of(const ARMIdRegs *id)
{
    unsigned api = MAX_OF(extract64(id->aa64isar1, 4, 4), extract64(id->aa64isar1, 8, 4));
    uint64_t features = BIT(ARM_FEAT_base) | BIT(ARM_FEAT_fp) | BIT(ARM_FEAT_simd);

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++)
        if (field_value(id, &fields[i]) >= fields[i].min)
            features |= BIT(fields[i].feature);
    features |= api >= 1 ? BIT(ARM_FEAT_pauth) : 0;
    features |= api >= 3 ? BIT(ARM_FEAT_pauth2) : 0;
    return features;
}

/* APA and GPA name QARMA5, API and GPI the implementation's own. The level is FPACCOMBINE. */
static void set_pauth(ARMIdRegs *id, PauthAlgorithm algorithm)
{
    id->aa64isar1 = deposit64(id->aa64isar1, 4, 4, algorithm == PAUTH_QARMA5 ? 5 : 0);
    id->aa64isar1 = deposit64(id->aa64isar1, 8, 4, algorithm == PAUTH_IMPDEF ? 5 : 0);
    id->aa64isar1 = deposit64(id->aa64isar1, 24, 4, algorithm == PAUTH_QARMA5 ? 1 : 0);
    id->aa64isar1 = deposit64(id->aa64isar1, 28, 4, algorithm == PAUTH_IMPDEF ? 1 : 0);
}

static void set_field(ARMIdRegs *id, const IdField *f, bool on)
{
    unsigned value = field_value(id, f);

    value = on ? MAX_OF(value, f->min) : MIN_OF(value, f->min - 1u);
    *id_reg(id, f->reg) = deposit64(*id_reg(id, f->reg), f->shift, 4, value);
    if (f->feature == ARM_FEAT_fp16) /* AdvSIMD says the same as FP */
        id->aa64pfr0 = deposit64(id->aa64pfr0, 20, 4, value);
}

static bool parse_on_off(const char *spec, const char *name, const char *value, bool *on, GError **error)
{
    *on = !strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "true") || !strcmp(value, "y");
    if (*on || !strcmp(value, "off") || !strcmp(value, "no") || !strcmp(value, "false") || !strcmp(value, "n"))
        return true;
    return error_set(error, "-cpu %s: property '%s' takes on or off, not '%s'", spec, name, value);
}

typedef struct PropState { bool pauth, impdef; } PropState;

static bool apply_other(const char *spec, ArmModelConfig *m, PropState *s, const char *name, bool on, GError **error)
{
    if (!strcmp(name, "pauth")) {
        s->pauth = on;
    } else if (!strcmp(name, "pauth-impdef")) {
        s->impdef = on;
    } else if (!strcmp(name, "pauth-qarma5")) {
        s->impdef = !on;
    } else if (!strcmp(name, "pmu")) {
        m->id.aa64dfr0 = deposit64(m->id.aa64dfr0, 8, 4, on ? 1 : 0);
    } else if (!on) { /* aarch64 */
        return error_set(error, "-cpu %s: '%s=off' is not supported: only AArch64 state is built", spec, name);
    }
    return true;
}

static bool name_in(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, list[i]))
            return true;
    return false;
}

static bool unknown_property(const char *spec, const char *name, GError **error)
{
    const char *names[ARRAY_SIZE(fields) + ARRAY_SIZE(other_props)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        names[i] = fields[i].prop;
    memcpy(names + ARRAY_SIZE(fields), other_props, sizeof(other_props));
    near = error_nearest(name, names, ARRAY_SIZE(names));
    return error_set(error, "-cpu %s: no property '%s'%s%s%s; '-cpu help' lists them", spec, name, near ? " (did you mean '" : "",
                     near ? near : "", near ? "'?)" : "");
}

static bool apply(const char *spec, ArmModelConfig *m, PropState *s, const char *name, const char *value, GError **error)
{
    bool on;

    if (!name_in(name, other_props, ARRAY_SIZE(other_props)) && !name_in(name, not_built, ARRAY_SIZE(not_built))) {
        const IdField *f = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
            if (!strcmp(name, fields[i].prop))
                f = &fields[i];
        if (!f)
            return unknown_property(spec, name, error);
        if (!parse_on_off(spec, name, value, &on, error))
            return false;
        set_field(&m->id, f, on);
        return true;
    }
    if (!parse_on_off(spec, name, value, &on, error))
        return false;
    if (name_in(name, not_built, ARRAY_SIZE(not_built)))
        return on ? error_set(error, "-cpu %s: '%s=on' is not supported: '%s' is not built", spec, name, name) : true;
    return apply_other(spec, m, s, name, on, error);
}

static const Model *find_model(const char *spec, const char *name, GError **error)
{
    const char *names[ARRAY_SIZE(models)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        if (!strcmp(models[i].name, name))
            return &models[i];
        names[i] = models[i].name;
    }
    near = error_nearest(name, names, ARRAY_SIZE(names));
    error_set(error, "-cpu %s: no CPU model '%s'%s%s%s; '-cpu help' lists them", spec, name, near ? " (did you mean '" : "", near ? near : "",
              near ? "'?)" : "");
    return NULL;
}

bool arm_model_parse(const char *spec, ArmModelConfig *out, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(spec, ",", -1);
    const Model *model = find_model(spec, parts[0] ? parts[0] : "", error);
    PropState state = { .impdef = true };

    if (!model)
        return false;
    *out = (ArmModelConfig){ .id = *model->id, .dt_compatible = model->compatible };
    state.pauth = model->pauth;
    out->id.aa64dfr0 = deposit64(out->id.aa64dfr0, 8, 4, 1);
    for (char **p = parts + 1; *p; p++) {
        char *eq = strchr(*p, '=');
        if (eq)
            *eq = 0;
        if (!apply(spec, out, &state, *p, eq ? eq + 1 : "on", error))
            return false;
    }
    out->pauth = !state.pauth ? PAUTH_NONE : state.impdef ? PAUTH_IMPDEF : PAUTH_QARMA5;
    set_pauth(&out->id, out->pauth);
    /* SW_INCR (0x00) and CPU_CYCLES (0x11) are what the counters can count. */
    out->id.pmceid0 = BIT(0x00) | BIT(0x11);
    if (extract64(out->id.aa64dfr0, 8, 4) == 0)
        out->id.n_pmu_counters = 0;
    return true;
}

void arm_model_help(GString *out)
{
    g_string_append(out, "CPU models:\n");
    for (size_t i = 0; i < ARRAY_SIZE(models); i++)
        g_string_append_printf(out, "  %-12s %s\n", models[i].name, models[i].description);
    g_string_append(out, "Properties (on or off), as in \"-cpu max,lse=off\":\n ");
    for (size_t i = 0; i < ARRAY_SIZE(other_props); i++)
        g_string_append_printf(out, " %s", other_props[i]);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        g_string_append_printf(out, "%s%s", i % 16 == 0 ? "\n  " : " ", fields[i].prop);
    g_string_append(out, "\n");
}
