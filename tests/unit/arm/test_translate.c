/* SPDX-License-Identifier: MIT */
/*
 * Translation of A64 without accel: whatever the guest's words and the block flags are, the IR is well formed; and the shape of what
 * a few instructions become.
 */
#include "tests/unit/arm/sys_fakes.h"

#include "accel/ir/builder.h"
#include "base/bits.h"
#include "base/rcu.h"
#include "target/arm/decode.h"
#include "target/arm/helper_a64.h"

#define PC 0x40080000ull

static IRFunc func;
static uint32_t words[16];
static unsigned n_words;
static uint8_t page_bits;

/* ---- what accel would do ---- */
uint32_t trans_fetch32(TransContext *t, uint64_t pc) { return words[(pc - PC) / 4 % n_words]; }
unsigned trans_fetch_ahead(TransContext *t, uint64_t pc, uint8_t *out, unsigned max)
{
    unsigned first = (unsigned)(pc - PC) / 4, n = first < n_words ? MIN_OF(max, (n_words - first) * 4) : 0;
    memcpy(out, &words[first % n_words], n);
    return n;
}
bool trans_same_page(const TransContext *t, uint64_t pc) { return pc < PC + 4096; }
uint8_t mmu_code_target_bits(CPUState *cpu, uint64_t va, unsigned idx, uintptr_t ra) { return page_bits; }
void *mmu_probe_store(CPUState *cpu, uint64_t va, unsigned size, unsigned idx, uintptr_t ra) { return NULL; }
void mmu_st(CPUState *cpu, uint64_t va, uint64_t value, IRMemOp mo, uintptr_t ra) {}
bool mmu_ld_exclusive(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out) { return false; }
ExclusiveResult mmu_st_exclusive(CPUState *cpu, uint64_t va, const V128 *v, IRMemOp mo, uintptr_t ra) { return EXCLUSIVE_FAILED; }
static bool strict;
bool mmu_exclusive_is_strict(uint64_t pc) { return strict; }
void mmu_exclusive_make_strict(CPUState *cpu, uint64_t pc, unsigned idx) {}
void host_fp_harvest(CPUState *cpu) {}
void host_fp_reload(CPUState *cpu) {}

static TransContext translate(ArmCPU *cpu, uint64_t flags, unsigned n)
{
    TransContext t = { .f = &func, .cpu = &cpu->parent, .pc = PC, .flags = flags, .max_insns = n };

    ir_reset(&func, &target_aarch64, PC, flags);
    arm_trans_init(&t);
    while (!t.ended && t.n_insns < t.max_insns) {
        arm_trans_insn(&t);
        t.n_insns++;
        func.n_guest++;
    }
    if (!t.ended)
        arm_trans_end(&t);
    return t;
}

static void verify(uint32_t insn)
{
    char *why = func.overflow ? NULL : ir_verify(&func);
    if (why)
        g_error("%08x: %s", insn, why);
}

static unsigned count_op(IROp op)
{
    unsigned n = 0;
    for (uint32_t i = 1; i < func.n_insns; i++)
        n += func.insns[i].op == op;
    return n;
}

static TransContext translate_words(ArmCPU *cpu, uint64_t flags, const uint32_t *w, unsigned n)
{
    memcpy(words, w, n * 4);
    n_words = n;
    TransContext t = translate(cpu, flags, n);
    verify(w[0]);
    return t;
}

static bool calls(const char *helper)
{
    for (uint32_t i = 1; i < func.n_insns; i++) {
        const IRHelper *h = (const IRHelper *)(uintptr_t)func.insns[i].imm;
        if (func.insns[i].op == IR_call && g_str_equal(h->name, helper))
            return true;
    }
    return false;
}

/* ---- tests ---- */
static uint64_t random_flags(void)
{
    uint64_t flags = ((uint64_t)g_test_rand_int() << 4 | g_test_rand_int_range(0, 16)) & 0xfffffc0ull;
    unsigned el = g_test_rand_int_range(0, 2);
    unsigned idx = el ? g_test_rand_int_range(ARM_MMU_EL1, ARM_NB_MMU) : ARM_MMU_EL0;

    return (flags & ~(uint64_t)(BF_FP_TRAP | BF_IL)) | el << BF_EL_SHIFT | idx << BF_MMU_SHIFT;
}

static void test_random_words(void)
{
    ArmCPU *cpu = sys_cpu("max");

    for (unsigned i = 0; i < 60000; i++) {
        unsigned row = g_test_rand_int() % a64_nb_rows;
        uint32_t noise = g_test_rand_int();
        words[0] = i % 4 ? (noise & ~a64_rows[row].mask) | a64_rows[row].value : noise;
        n_words = 1;
        translate(cpu, i % 2 ? random_flags() : 1u << BF_EL_SHIFT | ARM_MMU_EL1 << BF_MMU_SHIFT, 1);
        verify(words[0]);
    }
}

#define EL1_FLAGS (1u << BF_EL_SHIFT | ARM_MMU_EL1 << BF_MMU_SHIFT)
#define BTYPE(n) ((uint64_t)(n) << BF_BTYPE_SHIFT)

static void test_bti(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t nop = 0xd503201f, bti_c = 0xd503245f, bti_j = 0xd503249f, paciasp = 0xd503233f;

    page_bits = ARM_PAGE_GUARDED;
    translate_words(cpu, EL1_FLAGS | BTYPE(2), &nop, 1);
    g_assert_true(calls("sync_exception"));
    translate_words(cpu, EL1_FLAGS | BTYPE(2), &bti_c, 1);
    g_assert_false(calls("sync_exception"));
    translate_words(cpu, EL1_FLAGS | BTYPE(2), &bti_j, 1);
    g_assert_true(calls("sync_exception"));
    translate_words(cpu, EL1_FLAGS | BTYPE(3), &paciasp, 1);
    g_assert_false(calls("sync_exception"));
    translate_words(cpu, EL1_FLAGS | BTYPE(3) | BF_BT, &paciasp, 1);
    g_assert_true(calls("sync_exception"));
    page_bits = 0;
    translate_words(cpu, EL1_FLAGS | BTYPE(2), &nop, 1);
    g_assert_false(calls("sync_exception"));
}

/* Under BF_BREAK each instruction tests the filter and leaves for its slow block, which asks the helper; otherwise nothing does. */
static void test_breakpoint_checks(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t nops[3] = { 0xd503201f, 0xd503201f, 0xd503201f };

    translate_words(cpu, EL1_FLAGS, nops, 3);
    g_assert_cmpuint(count_op(IR_br), ==, 0);
    translate_words(cpu, EL1_FLAGS | BF_BREAK | BTYPE(1), nops, 3);
    g_assert_cmpuint(count_op(IR_br), ==, 3);
    g_assert_false(calls("breakpoint_check"));
    g_assert_cmphex(func.exits[0].flags, ==, EL1_FLAGS | BF_BREAK | BF_SLOW | BTYPE(1));
    g_assert_cmphex(func.exits[1].flags, ==, EL1_FLAGS | BF_BREAK | BF_SLOW);
    g_assert_cmphex(func.exits[1].pc, ==, PC + 4);
    TransContext t = translate_words(cpu, EL1_FLAGS | BF_BREAK | BF_SLOW, nops, 3);
    g_assert_cmpint(t.n_insns, ==, 1);
    g_assert_cmpuint(count_op(IR_br), ==, 0);
    g_assert_true(calls("breakpoint_check"));
}

static void test_step(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t nops[2] = { 0xd503201f, 0xd503201f };

    TransContext t = translate_words(cpu, EL1_FLAGS | BF_SS | BF_SS_PSTATE, nops, 2);
    g_assert_cmpint(t.n_insns, ==, 1);
    g_assert_cmphex(func.exits[0].flags & BF_SS_PSTATE, ==, 0);
    g_assert_cmphex(func.exits[0].flags & BF_SS, !=, 0);
    translate_words(cpu, EL1_FLAGS | BF_SS, nops, 2);
    g_assert_true(calls("step_exception"));
}

static void test_sp_checked_once(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t push_pop[3] = { 0xa9bf7bfd /* stp x29, x30, [sp, #-16]! */, 0xf90003e0 /* str x0, [sp] */, 0xa8c17bfd /* ldp, [sp], #16 */ };
    const uint32_t moved[3] = { 0xf90003e0, 0x910023ff /* add sp, sp, #8 */, 0xf90003e0 };

    translate_words(cpu, EL1_FLAGS | BF_ALIGN_SP, push_pop, 3);
    g_assert_cmpint(count_op(IR_br), ==, 1);
    translate_words(cpu, EL1_FLAGS | BF_ALIGN_SP, moved, 3);
    g_assert_cmpint(count_op(IR_br), ==, 2);
    translate_words(cpu, EL1_FLAGS | BF_ALIGN_SP | BF_SLOW, push_pop, 3);
    g_assert_cmpint(count_op(IR_br), ==, 0);
    g_assert_true(calls("check_sp"));
}

static void test_bl_is_call(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t bl = 0x94000004;

    translate_words(cpu, EL1_FLAGS, &bl, 1);
    g_assert_true(func.exits[0].is_call);
    g_assert_cmphex(func.exits[0].pc, ==, PC + 16);
    g_assert_cmphex(func.exits[0].ret_pc, ==, PC + 4);
}

static void test_page_ends_block(void)
{
    ArmCPU *cpu = sys_cpu("max");
    TransContext t;

    words[0] = 0xd503201f;
    n_words = 1;
    t = translate(cpu, EL1_FLAGS, 4000);
    g_assert_cmpint(t.n_insns, ==, 1024);
    g_assert_cmphex(func.exits[0].pc, ==, PC + 4096);
}

static void test_eret_illegal(void)
{
    ArmCPU *cpu = sys_cpu("max");
    CPUARMState *env = &cpu->env;

    env->pstate = 1u << PSTATE_EL_SHIFT | PSTATE_SP;
    env->spsr_el1 = 2u << PSTATE_EL_SHIFT | PSTATE_N; /* EL2: does not exist */
    helper_eret(&cpu->parent, 0x1234);
    g_assert_cmphex(env->pc, ==, 0x1234);
    g_assert_cmphex(env->pstate & PSTATE_IL, !=, 0);
    g_assert_cmpint(arm_el(env), ==, 1);
    g_assert_cmphex(arm_get_spsr(env) & PSTATE_N, !=, 0);
    env->spsr_el1 = 0;
    env->sp_el[0] = 0x77;
    helper_eret(&cpu->parent, 0x4000);
    g_assert_cmpint(arm_el(env), ==, 0);
    g_assert_cmphex(env->sp, ==, 0x77);
    g_assert_cmphex(env->pstate & PSTATE_IL, ==, 0);
}

/* ---- exclusive pairs: a compare-and-swap, or helpers ---- */
enum { LDXR = 0xc85f7c01, ADD = 0x91000421, STXR = 0xc8027c01, LDR = 0xf9400083, B_NE = 0x54000061, ADD_BASE = 0x91002000, CBZ = 0xb4000061,
       CBZ_BACK = 0xb4ffffa1, LDAXP = 0xc87f8801, STLXP = 0xc8258801, STXR_W = 0x88027c01, LDXR_BASE = 0xc85f7c00, MRS = 0xd53be043,
       CLREX = 0xd5033f5f, STXR_X6 = 0xc8027cc1, NOP = 0xd503201f };

static const struct { const char *name; unsigned n; uint32_t w[6]; bool strict_load, light_store; } pairs[] = {
    { "at once", 2, { LDXR, STXR }, false, true },
    { "arithmetic and a branch out", 5, { LDXR, ADD, B_NE, NOP, STXR }, false, true },
    { "two branches out", 5, { LDXR, CBZ, ADD, CBZ, STXR }, false, true },
    { "pairs", 2, { LDAXP, STLXP }, false, true },
    { "a load between", 3, { LDXR, LDR, STXR }, true, false },
    { "a system register between", 3, { LDXR, MRS, STXR }, true, false },
    { "the base changes", 3, { LDXR, ADD_BASE, STXR }, true, false },
    { "the load writes its base", 2, { LDXR_BASE, STXR }, false, false },
    { "another size", 2, { LDXR, STXR_W }, false, false },
    { "another base", 2, { LDXR, STXR_X6 }, false, false },
    { "clrex", 3, { LDXR, CLREX, STXR }, true, false },
    { "two stores", 3, { LDXR, STXR, STXR }, false, true },
    { "no load", 1, { STXR }, false, false },
    { "no store", 3, { LDXR, ADD, LDR }, false, false },
};

static void test_exclusive_pairs(void)
{
    ArmCPU *cpu = sys_cpu("max");

    for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
        g_test_message("%s", pairs[i].name);
        translate_words(cpu, EL1_FLAGS, pairs[i].w, pairs[i].n);
        g_assert_cmpint(calls("ld_exclusive"), ==, pairs[i].strict_load);
        g_assert_cmpuint(count_op(IR_atom_cas), ==, pairs[i].light_store);
    }
    translate_words(cpu, EL1_FLAGS, pairs[11].w, 3);
    g_assert_true(calls("st_exclusive"));
}

/* Whatever comes together, the IR is well formed. */
static void test_exclusive_sequences(void)
{
    ArmCPU *cpu = sys_cpu("max");

    for (unsigned i = 0; i < 20000; i++) {
        for (unsigned k = 0; k < ARRAY_SIZE(words); k++) {
            unsigned row = g_test_rand_int() % a64_nb_rows;
            uint32_t noise = g_test_rand_int();
            /* loads and stores, single and of pairs; or anything */
            words[k] = noise % 3 ? 0x08000000u | (noise & 0xc07fffffu) : (noise & ~a64_rows[row].mask) | a64_rows[row].value;
        }
        n_words = ARRAY_SIZE(words);
        strict = i % 7 == 0;
        translate(cpu, i % 2 ? random_flags() : EL1_FLAGS, n_words);
        verify(words[0]);
    }
    strict = false;
}

/* A load whose store was seen to come another way watches; so does one whose store is in another block. */
static void test_exclusive_divided(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t w[] = { LDXR, ADD, STXR };

    strict = true;
    translate_words(cpu, EL1_FLAGS, w, 3);
    g_assert_true(calls("ld_exclusive"));
    g_assert_true(calls("st_exclusive"));
    strict = false;
    translate(cpu, EL1_FLAGS, 2);
    g_assert_true(calls("ld_exclusive"));
    const uint32_t back[] = { LDXR, CBZ_BACK, STXR };
    translate_words(cpu, EL1_FLAGS, back, 3);
    g_assert_cmpuint(count_op(IR_atom_cas), ==, 0);
}

/* The words that are translated decide, not those that a look ahead has seen before. */
static void test_exclusive_rewritten(void)
{
    ArmCPU *cpu = sys_cpu("max");
    TransContext t = { .f = &func, .cpu = &cpu->parent, .pc = PC, .flags = EL1_FLAGS, .max_insns = 3 };
    const uint32_t w[] = { LDXR, ADD, STXR };

    memcpy(words, w, sizeof w);
    n_words = 3;
    ir_reset(&func, &target_aarch64, PC, EL1_FLAGS);
    arm_trans_init(&t);
    for (; t.n_insns < 3; t.n_insns++) {
        arm_trans_insn(&t);
        words[1] = LDR;
    }
    g_assert_cmpuint(count_op(IR_atom_cas), ==, 0);
}

/* A load-exclusive far down in a block begins the next one. */
static void test_exclusive_begins_block(void)
{
    ArmCPU *cpu = sys_cpu("max");
    const uint32_t w[] = { NOP, NOP, LDXR, ADD, STXR };

    TransContext t = translate_words(cpu, EL1_FLAGS, w, 5);
    g_assert_cmphex(t.pc, ==, PC + 12);
    g_assert_true(t.ended);
    g_assert_cmphex(func.exits[0].pc, ==, PC + 8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rcu_register_thread();
    memory_init();
    g_assert_cmpint(arm_slots[SLOT_SP].type, ==, IR_I64); /* links the real target_aarch64 instead of the fake */
    g_test_add_func("/arm/translate/random-words-verify", test_random_words);
    g_test_add_func("/arm/translate/bti-guards-landing", test_bti);
    g_test_add_func("/arm/translate/exclusive-pairs", test_exclusive_pairs);
    g_test_add_func("/arm/translate/exclusive-sequences", test_exclusive_sequences);
    g_test_add_func("/arm/translate/exclusive-divided", test_exclusive_divided);
    g_test_add_func("/arm/translate/exclusive-rewritten", test_exclusive_rewritten);
    g_test_add_func("/arm/translate/exclusive-begins-block", test_exclusive_begins_block);
    g_test_add_func("/arm/translate/software-step-is-alone", test_step);
    g_test_add_func("/arm/translate/breakpoint-checks", test_breakpoint_checks);
    g_test_add_func("/arm/translate/sp-alignment-checked-once", test_sp_checked_once);
    g_test_add_func("/arm/translate/bl-is-call", test_bl_is_call);
    g_test_add_func("/arm/translate/page-ends-block", test_page_ends_block);
    g_test_add_func("/arm/translate/eret-illegal-sets-il", test_eret_illegal);
    return g_test_run();
}
