/* SPDX-License-Identifier: MIT */
/*
 * A64 floating-point instructions end to end: decoded, translated, run by the interpreter, compared with recorded results
 * (a64_fp.cases, see make_cases.py): registers, NZCV, FPSR. Each case runs as translated for the FPCR that it has, again through
 * the optimiser, and again with inline floating point off. One test a handler. FPCR and FPSR themselves are tested here too.
 */
#include <stdlib.h>
#include <string.h>

#include "a64_decode.h"
#include "accel/host/host.h"
#include "accel/opt/opt.h"
#include "base/bits.h"
#include "target/arm/decode.h"
#include "target/arm/fp_status.h"

typedef struct Case {
    uint32_t insn, fpcr, nzcv, fpsr_after, nzcv_after;
    V128 v[4], v0_after;
    uint64_t x[2], x0_after;
    bool undefined;
} Case;

static ArmCPU *cpu;
static IRFunc *func;
static IRSlot slots[ARM_NB_SLOTS];
static unsigned harvests, reloads;
static bool optimise;

/* What translation and fp_state.c need of others. */
bool fp_access_check(DisasContext *s) { return true; }
void host_fp_harvest(CPUState *c) { harvests++; }
void host_fp_reload(CPUState *c) { reloads++; }

static bool jump_is_global(uint64_t va, uint64_t flags) { return true; }
static TargetOps target = { .name = "fp-test", .slots = slots, .n_slots = ARM_NB_SLOTS, .n_mmu_modes = 1, .pc_offset = ENV_OFFSET(pc), .fp = &arm_fp_ops, .jump_is_global = jump_is_global };

static void setup(void)
{
    for (unsigned i = 0; i < 31; i++)
        slots[SLOT_X0 + i] = (IRSlot){ "x", (uint32_t)ENV_OFFSET(x) + 8 * i, IR_I64, 0 };
    slots[SLOT_SP] = (IRSlot){ "sp", ENV_OFFSET(sp), IR_I64, 0 };
    slots[SLOT_NZCV] = (IRSlot){ "nzcv", ENV_OFFSET(nzcv), IR_I32, 0 };
    for (unsigned i = 0; i < 32; i++)
        slots[SLOT_V0 + i] = (IRSlot){ "v", (uint32_t)ENV_OFFSET(v) + 16 * i, IR_V128, 0 };
    cpu = aligned_alloc(64, ALIGN_UP(sizeof(ArmCPU), 64));
    func = malloc(sizeof(IRFunc));
    g_assert(cpu && func);
    memset(cpu, 0, sizeof(*cpu));
    cpu->features = ~0ull;
    cpu->parent.target = &target;
}

/* Translates c's instruction and runs it; false: UNDEFINED. */
static bool run(const Case *c, uint64_t flags)
{
    static uint8_t code[1 << 18];
    CPUARMState *env = &cpu->env;
    TransContext t = { .f = func, .cpu = &cpu->parent, .pc = 0x1000, .flags = flags };
    DisasContext s = { .t = &t, .f = func, .cpu = cpu, .flags = flags, .pc = 0x1000, .insn = c->insn };

    memset(env, 0, sizeof(*env));
    memcpy(env->v, c->v, sizeof(c->v));
    memcpy(env->x, c->x, sizeof(c->x));
    env->nzcv = arm_nzcv_from_arch(c->nzcv);
    arm_fpcr_set(&cpu->parent, c->fpcr);

    ir_reset(func, &target, 0x1000, flags);
    ir_insn_start(func, 0x1000, 0);
    if (!a64_decode(&s, c->insn))
        return false;
    ir_exit(func, ir_add_exit(func, (IRExit){ .kind = IR_EXIT_MAIN, .pc = 0x1004 }));
    char *error = ir_verify(func);
    if (error)
        g_error("%08x: %s", c->insn, error);
    if (optimise)
        ir_optimise(func);
    TBLink links[TB_MAX_LINKS];
    TranslationBlock tb = { .links = links };
    CodeBuf buf = { code, code + sizeof(code), 0 };
    g_assert(host_ops_interp.compile(func, &tb, &buf));
    host_ops_interp.enter(&cpu->parent, tb.code);
    return true;
}

static void check(const Case *c, uint64_t flags)
{
    const CPUARMState *env = &cpu->env;

    if (!run(c, flags)) {
        if (!c->undefined)
            g_error("%08x is UNDEFINED", c->insn);
        return;
    }
    if (c->undefined)
        g_error("%08x should be UNDEFINED", c->insn);
    uint32_t fpsr = arm_fpsr_get(&cpu->parent), nzcv = arm_nzcv_to_arch(env->nzcv);
    if (memcmp(&env->v[0], &c->v0_after, 16) || env->x[0] != c->x0_after || fpsr != c->fpsr_after || nzcv != c->nzcv_after)
        g_error("%08x with FPCR %#x%s: V0 %016lx%016lx X0 %lx FPSR %#x NZCV %#x, expected %016lx%016lx %lx %#x %#x", c->insn, c->fpcr,
            flags ? ", not inline" : "", env->v[0].u64[1], env->v[0].u64[0], env->x[0], fpsr, nzcv >> 28,
            c->v0_after.u64[1], c->v0_after.u64[0], c->x0_after, c->fpsr_after, c->nzcv_after >> 28);
}

static void test_cases(gconstpointer data)
{
    const GArray *cases = data;

    for (guint i = 0; i < cases->len; i++) {
        const Case *c = &g_array_index(cases, Case, i);
        for (unsigned pass = 0; pass < 2; pass++) {
            optimise = pass;
            if (!(c->fpcr & FPCR_FZ))
                check(c, 0);
            check(c, BF_FP_SLOW);
        }
    }
}

static uint64_t hex(const char *s) { return g_ascii_strtoull(s, NULL, 16); }

static V128 hex128(const char *s)
{
    V128 r = { .u64 = { 0, 0 } };
    size_t len = strlen(s);
    g_autofree char *high = len > 16 ? g_strndup(s, len - 16) : g_strdup("0");
    r.u64[0] = hex(len > 16 ? s + len - 16 : s);
    r.u64[1] = hex(high);
    return r;
}

/* HANDLER insn fpcr nzcv v0 v1 v2 v3 x0 x1 = v0 x0 fpsr nzcv */
static Case parse_case(char **w)
{
    Case c = { .insn = (uint32_t)hex(w[1]), .fpcr = (uint32_t)hex(w[2]), .nzcv = (uint32_t)hex(w[3]), .x = { hex(w[8]), hex(w[9]) } };

    for (unsigned i = 0; i < 4; i++)
        c.v[i] = hex128(w[4 + i]);
    c.undefined = g_str_equal(w[11], "UNDEFINED");
    if (!c.undefined) {
        c.v0_after = hex128(w[11]);
        c.x0_after = hex(w[12]);
        c.fpsr_after = (uint32_t)hex(w[13]);
        c.nzcv_after = (uint32_t)hex(w[14]);
    }
    return c;
}

static void add_cases(const char *path)
{
    g_autofree char *text = NULL;
    GError *error = NULL;
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);

    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (**line == '#' || !**line)
            continue;
        char **w = g_strsplit(*line, " ", -1);
        g_assert_cmpuint(g_strv_length(w), >=, 12);
        GArray *cases = g_hash_table_lookup(by_name, w[0]);
        if (!cases) {
            g_autofree char *name = g_strdup_printf("/fp/a64/%s", w[0]);
            cases = g_array_new(FALSE, FALSE, sizeof(Case));
            g_hash_table_insert(by_name, g_strdup(w[0]), cases);
            g_test_add_data_func(name, cases, test_cases);
        }
        Case c = parse_case(w);
        g_array_append_val(cases, c);
        g_strfreev(w);
    }
    g_strfreev(lines);
}

/* FPUnpack gives FPToFixedJS the value zero: nothing is lost, so Z is 1. */
static void test_fjcvtzs_flushed(void)
{
    Case c = { .insn = 0x1e7e0020, .fpcr = FPCR_FZ, .v[1].u64[0] = 0x000fffffffffffff };

    g_assert(run(&c, BF_FP_SLOW));
    g_assert_cmphex(arm_nzcv_to_arch(cpu->env.nzcv), ==, PSTATE_Z);
    g_assert_cmphex(arm_fpsr_get(&cpu->parent), ==, FPSR_IDC);
    g_assert_cmphex(cpu->env.x[0], ==, 0);
}

static void test_fcvtzs_half_fixed(void)
{
    Case c = { .insn = 0x5f1dfc20, .v[1].u64[0] = 0xc000 }; /* fcvtzs h0, h1, #3 of -2 */

    g_assert(run(&c, 0));
    g_assert_cmphex(cpu->env.v[0].u64[0], ==, 0xfff0);
    g_assert_cmphex(cpu->env.v[0].u64[1], ==, 0);
}

/* FCCMP whose condition fails does not look at its operands: a signalling NaN raises nothing. */
static void test_fccmp_not_compared(void)
{
    Case c = { .insn = 0x1e620425, .v[1].u64[0] = 0x7ff0000000000001 }; /* fccmp d1, d2, #5, eq */

    c.nzcv = 0;
    g_assert(run(&c, 0));
    g_assert_cmphex(arm_nzcv_to_arch(cpu->env.nzcv), ==, PSTATE_Z | PSTATE_V);
    g_assert_cmphex(arm_fpsr_get(&cpu->parent), ==, 0);
    c.nzcv = PSTATE_Z;
    g_assert(run(&c, 0));
    g_assert_cmphex(arm_nzcv_to_arch(cpu->env.nzcv), ==, PSTATE_C | PSTATE_V);
    g_assert_cmphex(arm_fpsr_get(&cpu->parent), ==, FPSR_IOC);
}

/* Lanes beyond a 64-bit vector hold signalling NaNs and zero divisors here: no flags. */
static void test_upper_half_is_silent(void)
{
    static const uint32_t insns[] = {
        0x0e22d420, /* fadd v0.2s, v1.2s, v2.2s */ 0x2e22fc20, /* fdiv */ 0x0e22cc20, /* fmla */ 0x0ea2cc20, /* fmls */
        0x2e22d420, /* faddp */ 0x0e22f420, /* fmax */ 0x2ea1f820, /* fsqrt v0.2s, v1.2s */ 0x0ea1b820, /* fcvtzs */
    };
    for (unsigned i = 0; i < ARRAY_SIZE(insns); i++) {
        Case c = { .insn = insns[i] };
        for (unsigned r = 0; r < 3; r++)
            c.v[r] = (V128){ .u64 = { 0x3f8000003f800000, r == 2 ? 0 : 0x7f8000017f800001 } };
        g_assert(run(&c, 0));
        g_assert_cmphex(arm_fpsr_get(&cpu->parent), ==, 0);
        g_assert_cmphex(cpu->env.v[0].u64[1], ==, 0);
    }
}

static void test_fpcr(void)
{
    CPUState *c = &cpu->parent;
    static const uint32_t mxcsr_rc[4] = { 0x0000, 0x4000, 0x2000, 0x6000 };

    memset(&cpu->env, 0, sizeof(cpu->env));
    for (uint32_t rmode = 0; rmode < 4; rmode++) {
        cpu->env.mxcsr = 0x20;
        reloads = 0;
        arm_fpcr_set(c, rmode << 22);
        g_assert_cmphex(cpu->env.mxcsr, ==, 0x1f80 | mxcsr_rc[rmode] | 0x20);
        g_assert_cmpuint(reloads, ==, 1);
    }
    arm_fpcr_set(c, 0xffffffff);
    g_assert_cmphex(arm_fpcr_get(c), ==, 0x07c80000);
    cpu->features &= ~(1ull << ARM_FEAT_fp16);
    arm_fpcr_set(c, 0xffffffff);
    g_assert_cmphex(arm_fpcr_get(c), ==, 0x07c00000);
    cpu->features = ~0ull;
}

static void test_fpsr(void)
{
    CPUState *c = &cpu->parent;

    memset(&cpu->env, 0, sizeof(cpu->env));
    arm_fpcr_set(c, 3u << 22);
    cpu->env.fpsr = FPSR_IDC;
    cpu->env.qc = 1;
    cpu->env.mxcsr |= 0x3d;
    harvests = 0;
    g_assert_cmphex(arm_fpsr_get(c), ==, FPSR_QC | FPSR_IDC | FPSR_IXC | FPSR_UFC | FPSR_OFC | FPSR_DZC | FPSR_IOC);
    g_assert_cmpuint(harvests, ==, 1);
    arm_fpsr_set(c, FPSR_QC | FPSR_OFC | 0x60);
    g_assert_cmphex(cpu->env.mxcsr, ==, 0x1f80 | 0x6000);
    g_assert_cmphex(arm_fpsr_get(c), ==, FPSR_QC | FPSR_OFC);
    cpu->env.mxcsr |= 2; /* x86's denormal operand is no flag of Arm's */
    g_assert_cmphex(arm_fpsr_get(c), ==, FPSR_QC | FPSR_OFC);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    setup();
    add_cases(g_getenv("A64_FP_CASES"));
    g_test_add_func("/fp/a64/FJCVTZS/flushed-is-exact", test_fjcvtzs_flushed);
    g_test_add_func("/fp/a64/FCVTZS_sx/half-zero-extends", test_fcvtzs_half_fixed);
    g_test_add_func("/fp/a64/FCCMP_f/no-compare-no-flags", test_fccmp_not_compared);
    g_test_add_func("/fp/a64/upper-half-raises-nothing", test_upper_half_is_silent);
    g_test_add_func("/fp/state/fpcr-mirrored-and-res0", test_fpcr);
    g_test_add_func("/fp/state/fpsr-gathered-and-cleared", test_fpsr);
    return g_test_run();
}
