/* SPDX-License-Identifier: MIT */
/*
 * Translation of x86 without accel: whatever the guest's bytes and the block flags are, the IR is well formed; and the shape of what a
 * few instructions become.
 */
#include <glib.h>
#include <string.h>

#include "accel/ir/builder.h"
#include "target/x86/cc.h"
#include "target/x86/translate.h"

#define PC 0x401000ull

static IRFunc func;
static X86CPU *cpu;
static uint8_t code[64];
static unsigned n_code;

/* ---- what accel would do ---- */
uint8_t trans_fetch8(TransContext *t, uint64_t pc) { return pc - PC < n_code ? code[pc - PC] : 0x90; }
uint32_t trans_fetch32(TransContext *t, uint64_t pc) { return 0; }
unsigned trans_fetch_ahead(TransContext *t, uint64_t pc, uint8_t *out, unsigned max) { return 0; }
void trans_fetched(TransContext *t, uint64_t pc, unsigned len) {}
bool trans_same_page(const TransContext *t, uint64_t pc) { return pc >> 12 == PC >> 12; }

static TransContext translate(uint64_t flags, unsigned n)
{
    TransContext t = { .f = &func, .cpu = &cpu->parent, .pc = PC, .flags = flags, .max_insns = n };

    ir_reset(&func, &target_x86_64, PC, flags);
    x86_trans_init(&t);
    while (!t.ended && !func.overflow && t.n_insns < t.max_insns && trans_same_page(&t, t.pc)) {
        x86_trans_insn(&t);
        t.n_insns++;
    }
    func.n_guest = t.n_insns;
    if (!t.ended)
        x86_trans_end(&t);
    return t;
}

static void verify(void)
{
    char *why = func.overflow ? NULL : ir_verify(&func);
    if (!why)
        return;
    GString *s = g_string_new(NULL);
    for (unsigned k = 0; k < n_code; k++)
        g_string_append_printf(s, "%02x ", code[k]);
    ir_dump(&func, stderr);
    g_error("%s: flags %llx: %s", s->str, (unsigned long long)func.flags, why);
}

#define USER64 (BF_CS64 | BF_LMA | BF_PE | BF_OSFXSR | BF_AVX | 3u << BF_CPL_SHIFT)
#define FLAT32 (BF_CS32 | BF_SS32 | BF_PE | BF_OSFXSR | BF_IOPL_OK | X86_MMU_KERNEL << BF_MMU_SHIFT)
#define REAL16 (BF_SEGMENTED | BF_IOPL_OK | X86_MMU_KERNEL << BF_MMU_SHIFT)

static TransContext translate_bytes(uint64_t flags, const char *bytes, unsigned n, unsigned max_insns)
{
    memcpy(code, bytes, n);
    n_code = n;
    TransContext t = translate(flags, max_insns);
    verify();
    return t;
}
#define TRANSLATE(flags, bytes, insns) translate_bytes(flags, bytes, sizeof(bytes) - 1, insns)

static unsigned count_op(IROp op)
{
    unsigned n = 0;
    for (uint32_t i = 1; i < func.n_insns; i++)
        n += func.insns[i].op == op;
    return n;
}

static const IRInsn *find_op(IROp op)
{
    for (uint32_t i = 1; i < func.n_insns; i++) {
        if (func.insns[i].op == op)
            return &func.insns[i];
    }
    return NULL;
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
    static const uint64_t bases[] = { USER64, FLAT32, REAL16, BF_CS64 | BF_LMA | BF_PE | BF_OSFXSR | BF_AVX | BF_IOPL_OK | X86_MMU_KERNEL << BF_MMU_SHIFT,
                                      BF_PE | BF_VM | BF_SEGMENTED | 3u << BF_CPL_SHIFT };
    static const uint32_t extras[] = { BF_TF, BF_INHIBIT, BF_EM, BF_TS, BF_FP_SLOW, BF_ALIGN, BF_BREAK, BF_SLOW, BF_LA57, BF_SMM, BF_RF | BF_BREAK, BF_IOBREAK, BF_AVX };
    uint64_t flags = bases[g_test_rand_int_range(0, G_N_ELEMENTS(bases))];

    while (g_test_rand_bit())
        flags ^= extras[g_test_rand_int_range(0, G_N_ELEMENTS(extras))];
    return flags & BF_CS64 ? flags : flags | (uint64_t)(g_test_rand_bit() ? 0 : 0x12340) << 32;
}

static void random_code(void)
{
    static const uint8_t prefix[] = { 0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x64, 0xf0, 0x48, 0x41, 0x44, 0x4f };
    unsigned n = 0;

    n_code = 48;
    for (unsigned k = 0; k < n_code; k++)
        code[k] = (uint8_t)g_test_rand_int_range(0, 256);
    while (n < 3 && g_test_rand_int_range(0, 3) == 0)
        code[n++] = prefix[g_test_rand_int_range(0, sizeof prefix)];
    switch (g_test_rand_int_range(0, 5)) {
    case 0: case 1: code[n] = 0x0f; break;
    case 2: code[n++] = 0x0f; code[n] = g_test_rand_bit() ? 0x38 : 0x3a; break;
    case 3: code[n] = g_test_rand_bit() ? 0xc4 : 0xc5; code[n + 1] = (code[n + 1] & 0xe0) | 1; break;
    default: break;
    }
}

static void test_random(void)
{
    for (unsigned k = 0; k < 200000; k++) {
        random_code();
        translate(random_flags(), 8);
        verify();
    }
}

/* CMP and a condition become one comparison, and a forward branch does not end the block. */
static void test_compare_and_branch(void)
{
    TransContext t = TRANSLATE(USER64, "\x48\x39\xd8\x72\x10\x90", 3); /* cmp rax, rbx; jb +16; nop */
    const IRInsn *br = find_op(IR_br);
    g_assert_cmpuint(t.n_insns, ==, 3);
    g_assert_nonnull(br);
    g_assert_cmpuint(br->sz, ==, IR_LTU);
    g_assert_cmpuint(count_op(IR_fl_sub), ==, 0);
    g_assert_cmphex(func.exits[0].pc, ==, PC + 5 + 0x10);
    t = TRANSLATE(USER64, "\x48\x39\xd8\x72\xf0\x90", 3);
    g_assert_cmpuint(t.n_insns, ==, 2);
}

static void test_flags_of_earlier_block(void)
{
    TRANSLATE(USER64, "\x72\x10", 1);
    g_assert_true(calls("flags_of"));
    TRANSLATE(USER64, "\x01\xc0\x72\x10", 2);
    g_assert_false(calls("flags_of"));
}

/* INC at a block's start leaves the carry where it is: neither a call nor another block. */
static void test_inc_over_unknown_flags(void)
{
    TRANSLATE(USER64, "\xff\xc0\x74\x10", 2); /* inc eax; je */
    g_assert_false(calls("flags_of"));
    g_assert_cmpuint(count_op(IR_br), ==, 1);
    TRANSLATE(USER64, "\xff\xc8\x72\x10", 2); /* dec eax; jb */
    g_assert_true(calls("flags_of"));
}

/* cc_op at an instruction's start travels in its word; SS operands are marked. */
static void test_extra_word(void)
{
    uint32_t extra[4];
    unsigned n = 0;
    TRANSLATE(USER64, "\x48\x01\xc8\x8b\x04\x24\x50\x8b\x03", 4); /* add rax, rcx; mov eax, [rsp]; push rax; mov eax, [rbx] */
    for (uint32_t i = 1; i < func.n_insns; i++) {
        if (func.insns[i].op == IR_insn_start)
            extra[n++] = func.insns[i].aux;
    }
    g_assert_cmpuint(n, ==, 4);
    g_assert_cmphex(extra[0], ==, CC_OP_DYNAMIC);
    g_assert_cmphex(extra[1], ==, (CC_OP_ADD + 3) | EXTRA_STACK);
    g_assert_cmphex(extra[2], ==, (CC_OP_ADD + 3) | EXTRA_STACK);
    g_assert_cmphex(extra[3], ==, CC_OP_ADD + 3);
}

static void test_privilege_and_lock(void)
{
    TRANSLATE(USER64, "\xf0\x01\xc8", 1); /* lock add eax, ecx */
    g_assert_true(calls("exception"));
    TRANSLATE(USER64, "\xf0\x39\x08", 1); /* lock cmp [rax], ecx */
    g_assert_true(calls("exception"));
    TRANSLATE(USER64, "\xf0\x01\x08", 1);
    g_assert_false(calls("exception"));
    g_assert_cmpuint(count_op(IR_atom_rmw), ==, 1);
}

static void test_single_step(void)
{
    TransContext t = TRANSLATE(USER64 | BF_TF, "\x90\x90", 2);
    g_assert_cmpuint(t.n_insns, ==, 1);
    g_assert_true(calls("single_step"));
    TRANSLATE(USER64, "\x90\x90", 2);
    g_assert_false(calls("single_step"));
}

/* After the shadow of STI the loop looks at interrupts, branch or not. */
static void test_shadow_leaves(void)
{
    TransContext t = TRANSLATE(USER64 | BF_INHIBIT, "\x75\x10", 2);
    g_assert_cmpuint(t.n_insns, ==, 1);
    g_assert_cmpuint(func.n_exits, ==, 1);
    g_assert_cmpuint(func.exits[0].kind, ==, IR_EXIT_MAIN);
    g_assert_true(func.exits[0].dynamic_pc);
}

static void test_call_is_predicted(void)
{
    TRANSLATE(USER64, "\xe8\x10\x00\x00\x00", 1);
    g_assert_true(func.exits[0].is_call);
    g_assert_cmphex(func.exits[0].ret_pc, ==, PC + 5);
    TRANSLATE(USER64, "\xe8\x00\x00\x00\x00", 1); /* call to the next instruction, which pops */
    g_assert_false(func.exits[0].is_call);
    TRANSLATE(USER64, "\xc3", 2);
    g_assert_cmpuint(func.exits[func.n_exits - 1].kind, ==, IR_EXIT_RET);
    g_assert_cmphex(func.exits[0].flags & BF_SLOW, ==, BF_SLOW);
}

/* In flat code neither bases nor limits cost anything. */
static void test_flat_is_free(void)
{
    TRANSLATE(FLAT32, "\x8b\x03\xeb\x10", 2); /* mov eax, [ebx]; jmp */
    g_assert_cmpuint(count_op(IR_call), ==, 0);
    TRANSLATE(REAL16, "\x8b\x07\xeb\x10", 2);
    g_assert_true(calls("seg_linear"));
    g_assert_true(calls("check_limit"));
}

static void test_page_ends_block(void)
{
    n_code = 0;
    TransContext t = translate(USER64, 5000);
    verify();
    g_assert_cmpuint(t.n_insns, ==, 4096);
    g_assert_cmphex(func.exits[0].pc, ==, PC + 4096);
}

/* ---- cc.c against the host ---- */
#define HOST_FLAGS(insn, a, b, fl) \
    __asm__ volatile("bt $0, %k3\n\t" insn "\n\tpushfq\n\tpopq %1" : "+r"(a), "=r"(fl) : "r"(b), "r"((unsigned long)carry) : "cc")

static uint64_t corner(void)
{
    static const uint64_t v[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000, ~0ull, 0xf, 0x10 };
    uint64_t r = (uint64_t)g_test_rand_int() << 32 | (uint32_t)g_test_rand_int();
    return g_test_rand_bit() ? v[g_test_rand_int_range(0, G_N_ELEMENTS(v))] : r;
}

static void check_fl(unsigned op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t host)
{
    CPUX86State *env = &cpu->env;
    env->cc_op = op;
    env->cc_dst = dst;
    env->cc_src = src;
    env->cc_src2 = src2;
    g_assert_cmphex(x86_get_eflags(env) & EF_ARITH, ==, host & EF_ARITH);
}

static void test_flags_against_host(void)
{
    cpu->env.df = 1;
    for (unsigned k = 0; k < 20000; k++) {
        uint64_t a = corner(), b = corner(), r, fl, carry = g_test_rand_bit();
        r = a; HOST_FLAGS("addb %b2, %b0", r, b, fl); check_fl(CC_OP_ADD, r, b, 0, fl);
        r = a; HOST_FLAGS("adcw %w2, %w0", r, b, fl); check_fl(CC_OP_ADC + 1, r, b, carry, fl);
        r = a; HOST_FLAGS("adcl %k2, %k0", r, b, fl); check_fl(CC_OP_ADC + 2, r, b, carry, fl);
        r = a; HOST_FLAGS("addq %2, %0", r, b, fl); check_fl(CC_OP_ADD + 3, r, b, 0, fl);
        r = a; HOST_FLAGS("subb %b2, %b0", r, b, fl); check_fl(CC_OP_SUB, r, b, 0, fl);
        r = a; HOST_FLAGS("sbbw %w2, %w0", r, b, fl); check_fl(CC_OP_SBB + 1, r, b, carry, fl);
        r = a; HOST_FLAGS("sbbq %2, %0", r, b, fl); check_fl(CC_OP_SBB + 3, r, b, carry, fl);
        r = a; HOST_FLAGS("cmpl %k2, %k0", r, b, fl); check_fl(CC_OP_CMP + 2, a, b, 0, fl);
        r = a; HOST_FLAGS("andw %w2, %w0", r, b, fl); check_fl(CC_OP_LOGIC + 1, r, 0, 0, fl & ~(uint64_t)EF_AF);
        r = a; HOST_FLAGS("incb %b0", r, b, fl); check_fl(CC_OP_INC, r, carry, 0, fl);
        r = a; HOST_FLAGS("decq %0", r, b, fl); check_fl(CC_OP_DEC + 3, r, carry, 0, fl);
    }
}

/* An INC over other flags has their carry. */
static void test_inc_over(void)
{
    CPUX86State *env = &cpu->env;

    for (unsigned k = 0; k < 5000; k++) {
        uint64_t a = corner(), b = corner(), r = b, fl;
        __asm__ volatile("cmpw %w3, %w2\n\tdecl %k0\n\tpushfq\n\tpopq %1" : "+r"(r), "=r"(fl) : "r"(a), "r"(b) : "cc");
        env->cc_inc = r;
        check_fl((CC_OP_CMP + 1) | CC_INC_OVER | CC_INC_DEC | 2 << CC_INC_SIZE_SHIFT, a, b, 0, fl);
    }
}

static void test_set_eflags(void)
{
    CPUX86State *env = &cpu->env;

    env->cr0 = CR0_PE;
    x86_set_eflags(env, EF_CF | EF_ZF | EF_IF | EF_DF, ~0u);
    g_assert_cmphex(x86_get_eflags(env), ==, EF_CF | EF_ZF | EF_IF | EF_DF | EF_1);
    g_assert_cmpint(env->df, ==, -1);
    x86_set_eflags(env, EF_OF, EF_OF | EF_CF);
    g_assert_cmphex(x86_get_eflags(env), ==, EF_OF | EF_ZF | EF_IF | EF_DF | EF_1);
    x86_set_eflags(env, EF_TF, EF_TF);
    g_assert_cmphex(env->hflags & BF_TF, ==, BF_TF);
    x86_set_eflags(env, 0, ~0u);
    env->cr0 = 0;
}

/* ---- SSE and AVX ---- */
static unsigned puts_to(unsigned first, unsigned last)
{
    unsigned n = 0;
    for (uint32_t i = 1; i < func.n_insns; i++)
        n += func.insns[i].op == IR_put && func.insns[i].aux >= first && func.insns[i].aux <= last;
    return n;
}

/* A legacy instruction leaves the upper half alone, VEX.128 clears it, VEX.256 does the same twice. */
static void test_vector_halves(void)
{
    TRANSLATE(USER64, "\x0f\x58\xca", 1); /* addps xmm1, xmm2 */
    g_assert_cmpuint(count_op(IR_vxf), ==, 1);
    g_assert_cmpuint(puts_to(SLOT_YMMH0, SLOT_YMMH0 + 15), ==, 0);
    TRANSLATE(USER64, "\xc5\xf0\x58\xca", 1); /* vaddps xmm1, xmm1, xmm2 */
    g_assert_cmpuint(count_op(IR_vxf), ==, 1);
    g_assert_cmpuint(puts_to(SLOT_YMMH0 + 1, SLOT_YMMH0 + 1), ==, 1);
    TRANSLATE(USER64, "\xc5\xf4\x58\x08", 1); /* vaddps ymm1, ymm1, [rax] */
    g_assert_cmpuint(count_op(IR_vxf), ==, 2);
    g_assert_cmpuint(count_op(IR_ld), ==, 2);
    g_assert_cmpuint(puts_to(SLOT_YMMH0 + 1, SLOT_YMMH0 + 1), ==, 1);
}

/* With an exception unmasked floating point goes through the helper that may raise it, and integers do not. */
static void test_vector_unmasked(void)
{
    TRANSLATE(USER64 | BF_FP_SLOW, "\x0f\x58\xca", 1); /* addps xmm1, xmm2 */
    g_assert_true(calls("fp_checked"));
    g_assert_cmpuint(count_op(IR_vxf), ==, 0);
    TRANSLATE(USER64 | BF_FP_SLOW, "\x66\x0f\xf5\xca", 1); /* pmaddwd xmm1, xmm2 */
    g_assert_false(calls("fp_checked"));
    g_assert_cmpuint(count_op(IR_vx), ==, 1);
}

static unsigned load_alignment(void) { return MO_ALIGN(find_op(IR_ld)->aux); }
static bool raises_gp_misaligned(void) { return find_op(IR_insn_start)->aux & EXTRA_ALIGN; }

/* Legacy 16-byte operands are aligned, or #GP; #AC is for smaller ones. */
static void test_vector_alignment(void)
{
    TRANSLATE(USER64 | BF_ALIGN, "\x0f\x58\x08", 1); /* addps xmm1, [rax] */
    g_assert_cmpuint(load_alignment(), ==, 4);
    g_assert_true(raises_gp_misaligned());
    TRANSLATE(USER64 | BF_ALIGN, "\xc5\xf0\x58\x08", 1); /* vaddps xmm1, xmm1, [rax] */
    g_assert_cmpuint(load_alignment(), ==, 0);
    TRANSLATE(USER64 | BF_ALIGN, "\x0f\x10\x08", 1); /* movups xmm1, [rax] */
    g_assert_cmpuint(load_alignment(), ==, 0);
    TRANSLATE(USER64 | BF_ALIGN, "\xf2\x0f\x10\x08", 1); /* movsd xmm1, [rax] */
    g_assert_cmpuint(load_alignment(), ==, 3);
    g_assert_false(raises_gp_misaligned());
    TRANSLATE(USER64, "\xc5\xfc\x28\x08", 1); /* vmovaps ymm1, [rax] */
    g_assert_cmpuint(load_alignment(), ==, 5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cpu = aligned_alloc(64, (sizeof *cpu + 63) / 64 * 64);
    memset(cpu, 0, sizeof *cpu);
    for (unsigned f = 1; f < X86_FEAT_NEVER; f++)
        x86_feature_set(&cpu->features, f, true);
    g_test_add_func("/x86/translate/random-code-verifies", test_random);
    g_test_add_func("/x86/translate/compare-and-branch", test_compare_and_branch);
    g_test_add_func("/x86/translate/flags-of-earlier-block", test_flags_of_earlier_block);
    g_test_add_func("/x86/translate/inc-over-unknown-flags", test_inc_over_unknown_flags);
    g_test_add_func("/x86/translate/extra-word", test_extra_word);
    g_test_add_func("/x86/translate/lock", test_privilege_and_lock);
    g_test_add_func("/x86/translate/single-step", test_single_step);
    g_test_add_func("/x86/translate/shadow-leaves", test_shadow_leaves);
    g_test_add_func("/x86/translate/call-is-predicted", test_call_is_predicted);
    g_test_add_func("/x86/translate/flat-is-free", test_flat_is_free);
    g_test_add_func("/x86/translate/page-ends-block", test_page_ends_block);
    g_test_add_func("/x86/cc/flags-of-host", test_flags_against_host);
    g_test_add_func("/x86/cc/inc-over", test_inc_over);
    g_test_add_func("/x86/cc/set-eflags", test_set_eflags);
    g_test_add_func("/x86/translate/vector-halves", test_vector_halves);
    g_test_add_func("/x86/translate/vector-unmasked-exceptions", test_vector_unmasked);
    g_test_add_func("/x86/translate/vector-alignment", test_vector_alignment);
    return g_test_run();
}
