/* SPDX-License-Identifier: MIT */
/* The protocol of exits: links and their patching, the jump cache, the return stack, polls, unwind entries. */
#include <capstone/capstone.h>
#include <glib.h>
#include <string.h>

#include "tests/unit/host/fake.h"

#define PC 0x400000ull
#define OTHER 0x412340ull

static IRFunc func;
static TranslationBlock tbs[4] __attribute__((aligned(64)));

static void start(uint64_t pc)
{
    ir_reset(&func, &fake_target, pc, 0);
    ir_insn_start(&func, pc, 0);
    memset(fake_cpu.parent.jump_cache, 0xff, sizeof(fake_cpu.parent.jump_cache));
    memset(fake_cpu.parent.return_stack, 0xff, sizeof(fake_cpu.parent.return_stack));
}

static void chain(uint64_t pc) { ir_exit(&func, ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = pc })); }
static void leave_main(uint64_t pc) { ir_exit(&func, ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_MAIN, .pc = pc })); }
static void cache(uint64_t pc, const TranslationBlock *tb)
{
    CPUJumpEntry *e = (CPUJumpEntry *)((char *)fake_cpu.parent.jump_cache + tb_jump_offset(pc));
    *e = (CPUJumpEntry){ tb_jump_tag(&fake_target, pc, 0, fake_cpu.parent.jump_context), tb->code };
}

/* tbs[3]: x10 += 1, then to the main loop. */
static void make_landing(void)
{
    start(OTHER);
    ir_put(&func, 10, ir_add(&func, ir_get(&func, IR_I64, 10), ir_i64(&func, 1)));
    leave_main(OTHER + 4);
    fake_compile(&func, &tbs[3]);
    fake_cpu.s.x[10] = 0;
}

static void test_patch(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    ir_put(&func, 0, ir_i64(&func, 77));
    chain(PC + 8);
    fake_compile(&func, &tbs[0]);
    g_assert_cmpuint(tbs[0].links[0].patch_offset % 8, <=, 4);
    for (unsigned round = 0; round < 2; round++) {
        g_assert_cmphex(fake_run(&tbs[0]), ==, (uintptr_t)&tbs[0]);
        g_assert_cmphex(fake_cpu.s.pc, ==, PC + 8);
        g_assert_cmpuint(fake_cpu.s.x[10], ==, round);
        fake_patch(&tbs[0], 0, &tbs[3]);
        g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_MAIN);
        g_assert_cmphex(fake_cpu.s.pc, ==, OTHER + 4);
        g_assert_cmpuint(fake_cpu.s.x[10], ==, round + 1);
        fake_patch(&tbs[0], 0, NULL);
    }
}

/* Each side of a conditional branch has its link. */
static void test_branch_links(void)
{
    fake_code_reset();
    start(PC);
    unsigned e = ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = PC + 64 });
    ir_br(&func, IR_LT, ir_get(&func, IR_I64, 0), ir_get(&func, IR_I64, 1), e);
    chain(PC + 4);
    fake_compile(&func, &tbs[0]);
    fake_cpu.s.x[0] = 1;
    fake_cpu.s.x[1] = 2;
    uint64_t taken = fake_run(&tbs[0]);
    g_assert_cmphex(fake_cpu.s.pc, ==, PC + 64);
    fake_cpu.s.x[0] = 2;
    uint64_t other = fake_run(&tbs[0]);
    g_assert_cmphex(fake_cpu.s.pc, ==, PC + 4);
    g_assert_cmphex(taken & ~(uint64_t)TB_EXIT_MASK, ==, (uintptr_t)&tbs[0]);
    g_assert_cmphex(taken ^ other, ==, 1);
}

static void test_many_exits(void)
{
    fake_code_reset();
    start(PC);
    for (unsigned i = 0; i < 20; i++)
        ir_br(&func, IR_EQ, ir_get(&func, IR_I64, 0), ir_i64(&func, i), ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_CHAIN,
            .pc = PC + 64 + 4 * i }));
    chain(PC + 4);
    fake_compile(&func, &tbs[0]);
    for (unsigned i = 0; i < 21; i++) {
        fake_cpu.s.x[0] = i;
        uint64_t r = fake_run(&tbs[0]);
        g_assert_cmphex(fake_cpu.s.pc, ==, i < 20 ? PC + 64 + 4 * i : PC + 4);
        g_assert_true(r == HOST_EXIT_LOOKUP || (r & ~7ull) == (uintptr_t)&tbs[0]);
    }
}

static void test_cross_page(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    chain(OTHER);
    fake_compile(&func, &tbs[0]);
    for (uint64_t context = 0; context < 2; context++) {
        fake_cpu.parent.jump_context = context << 59;
        g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_LOOKUP);
        g_assert_cmphex(fake_cpu.s.pc, ==, OTHER);
        cache(OTHER, &tbs[3]);
        g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_MAIN);
        g_assert_cmpuint(fake_cpu.s.x[10], ==, context + 1);
    }
    fake_cpu.parent.jump_context = 0;
}

static void test_jump(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    ir_exit_jump(&func, ir_get(&func, IR_I64, 3), ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_JUMP }));
    fake_compile(&func, &tbs[0]);
    static const uint64_t pcs[] = { OTHER, OTHER | 0xfff0000000000000ull, ~0ull, 0, 3ull << 52 | OTHER };
    for (unsigned i = 0; i < G_N_ELEMENTS(pcs); i++) {
        fake_cpu.s.x[3] = pcs[i];
        g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_LOOKUP);
        g_assert_cmphex(fake_cpu.s.pc, ==, pcs[i]);
    }
    fake_cpu.s.x[3] = OTHER;
    cache(OTHER, &tbs[3]);
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_MAIN);
    /* The global half is found whatever the context is; the other only in its own. */
    fake_cpu.parent.jump_context = 5ull << 59;
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_LOOKUP);
    fake_cpu.s.x[3] = OTHER | 0xfff0000000000000ull;
    cache(fake_cpu.s.x[3], &tbs[3]);
    fake_cpu.parent.jump_context = 6ull << 59;
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_MAIN);
    fake_cpu.parent.jump_context = 0;
}

/* A non-canonical pc whose tag is that of a block with other flags must not reach that block. */
static void test_forged_tag(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    ir_exit_jump(&func, ir_get(&func, IR_I64, 3), ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_JUMP, .flags = 0 }));
    fake_compile(&func, &tbs[0]);
    CPUJumpEntry *e = (CPUJumpEntry *)((char *)fake_cpu.parent.jump_cache + tb_jump_offset(OTHER));
    *e = (CPUJumpEntry){ tb_jump_tag(&fake_target, OTHER, 6, 0), tbs[3].code };
    fake_cpu.s.x[3] = OTHER ^ tb_jump_tag(&fake_target, 0, 6, 0) ^ tb_jump_tag(&fake_target, 0, 0, 0);
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_LOOKUP);
    g_assert_cmpuint(fake_cpu.s.x[10], ==, 0);
}

/* A call pushes what the jump cache holds for the return address; the return takes it even when the cache has lost it. */
static void test_return_stack(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    ir_put(&func, 30, ir_i64(&func, OTHER));
    ir_exit(&func, ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = PC + 0x100, .is_call = true, .ret_pc = OTHER }));
    fake_compile(&func, &tbs[0]);
    start(PC + 0x100);
    ir_exit_jump(&func, ir_get(&func, IR_I64, 30), ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_RET }));
    fake_compile(&func, &tbs[1]);
    fake_patch(&tbs[0], 0, &tbs[1]);
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_LOOKUP);
    g_assert_cmphex(fake_cpu.s.pc, ==, OTHER);
    cache(OTHER, &tbs[3]);
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_MAIN);
    g_assert_cmpuint(fake_cpu.s.x[10], ==, 1);
    /* Only on the return stack now. */
    fake_patch(&tbs[0], 0, NULL);
    cache(OTHER, &tbs[3]);
    uint32_t top = fake_cpu.parent.return_top;
    fake_run(&tbs[0]);
    g_assert_cmpuint(fake_cpu.parent.return_top, ==, (top + 16) % 256);
    memset(fake_cpu.parent.jump_cache, 0xff, sizeof(fake_cpu.parent.jump_cache));
    g_assert_cmphex(fake_run(&tbs[1]), ==, HOST_EXIT_MAIN);
    g_assert_cmpuint(fake_cpu.s.x[10], ==, 2);
    g_assert_cmpuint(fake_cpu.parent.return_top, ==, top);
    /* Popped: a second return misses. */
    g_assert_cmphex(fake_run(&tbs[1]), ==, HOST_EXIT_LOOKUP);
}

static void test_poll(void)
{
    fake_code_reset();
    start(PC);
    ir_put(&func, 1, ir_add(&func, ir_get(&func, IR_I64, 1), ir_i64(&func, 1)));
    chain(PC);
    fake_compile(&func, &tbs[0]);
    fake_patch(&tbs[0], 0, &tbs[0]); /* an endless loop */
    fake_cpu.s.x[1] = 0;
    fake_cpu.parent.exit_request = 1;
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_POLL);
    g_assert_cmphex(fake_cpu.s.pc, ==, PC);
    g_assert_cmpuint(fake_cpu.s.x[1], ==, 1);
    start(PC);
    ir_exit_jump(&func, ir_get(&func, IR_I64, 3), ir_add_exit(&func, (IRExit){ .kind = IR_EXIT_RET }));
    fake_compile(&func, &tbs[0]);
    fake_cpu.s.x[3] = OTHER;
    g_assert_cmphex(fake_run(&tbs[0]), ==, HOST_EXIT_POLL);
    g_assert_cmphex(fake_cpu.s.pc, ==, OTHER);
    fake_cpu.parent.exit_request = 0;
}

static void fake_kill(TranslationBlock *tb)
{
    host_ops_x86_64.kill(tb, (uint8_t *)(uintptr_t)tb->code - fake_code.rx_delta);
}

/* Entered by whatever way, a killed block leaves at once, and nothing of it has run. */
static void check_killed(const TranslationBlock *from)
{
    fake_cpu.s.x[10] = 5;
    g_assert_cmphex(fake_run(from), ==, (uintptr_t)&tbs[3] | TB_EXIT_STALE);
    g_assert_cmpuint(fake_cpu.s.x[10], ==, 5);
}

static void test_kill(void)
{
    fake_code_reset();
    make_landing();
    start(PC);
    chain(PC + 8);
    fake_compile(&func, &tbs[0]);
    fake_patch(&tbs[0], 0, &tbs[3]);
    start(PC);
    chain(OTHER);
    fake_compile(&func, &tbs[1]);
    cache(OTHER, &tbs[3]);
    for (unsigned twice = 0; twice < 2; twice++) {
        fake_kill(&tbs[3]);
        check_killed(&tbs[3]);
        check_killed(&tbs[0]);
        check_killed(&tbs[1]);
    }
}

/* Undoing links after the kill does not bring the block back, though it be nothing but a link. */
static void test_kill_then_unpatch(void)
{
    fake_code_reset();
    start(PC);
    chain(PC + 8);
    fake_compile(&func, &tbs[0]);
    fake_patch(&tbs[0], 0, &tbs[0]);
    fake_kill(&tbs[0]);
    fake_patch(&tbs[0], 0, NULL);
    g_assert_cmphex(fake_run(&tbs[0]), ==, (uintptr_t)&tbs[0] | TB_EXIT_STALE);
}

/* The first two bytes of a block are of one instruction, and of no link: else a thread could find half of the jump that kills. */
static void test_beginnings(void)
{
    csh handle;
    g_assert_cmpint(cs_open(CS_ARCH_X86, CS_MODE_64, &handle), ==, CS_ERR_OK);
    for (uint64_t seed = 0; seed < 2000; seed++) {
        cs_insn *insn;
        fake_code_reset();
        random_ir(&func, seed);
        fake_compile(&func, &tbs[0]);
        g_assert_cmpuint((uintptr_t)tbs[0].code % 16, ==, 0);
        g_assert_cmpuint(cs_disasm(handle, tbs[0].code, 16, 0, 1, &insn), ==, 1);
        g_assert_cmpuint(insn->size, >=, 2);
        cs_free(insn, 1);
        for (unsigned n = 0; n < TB_MAX_LINKS; n++)
            g_assert_true(!tbs[0].links[n].patch_offset || tbs[0].links[n].patch_offset >= 2);
    }
    cs_close(&handle);
}

/* No room: nothing changes and compile says so. */
static void test_no_room(void)
{
    fake_code_reset();
    start(PC);
    chain(PC + 4);
    uint8_t *end = fake_code.end, *rw = fake_code.rw;
    fake_code.end = rw + 512;
    g_assert_false(host_ops_x86_64.compile(&func, &tbs[0], &fake_code));
    g_assert_true(fake_code.rw == rw);
    fake_code.end = end;
    g_assert_true(host_ops_x86_64.compile(&func, &tbs[0], &fake_code));
}

static void test_features(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(host_features_init("-avx2,-bmi2", NULL));
    g_assert_false(host_features.avx2 || host_features.bmi2);
    g_assert_true(host_features_init("-avx", NULL));
    g_assert_false(host_features.fma || host_features.avx2);
    g_assert_false(host_features_init("-bmi3", &error));
    g_assert_nonnull(strstr(error->message, "bmi"));
    g_assert_true(host_features_init(NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    host_features_init(NULL, NULL);
    fake_init();
    g_test_add_func("/host/exits/patch-and-unpatch", test_patch);
    g_test_add_func("/host/exits/branch-has-two-links", test_branch_links);
    g_test_add_func("/host/exits/more-than-links", test_many_exits);
    g_test_add_func("/host/exits/cross-page-by-context", test_cross_page);
    g_test_add_func("/host/exits/indirect-jump", test_jump);
    g_test_add_func("/host/exits/forged-tag-misses", test_forged_tag);
    g_test_add_func("/host/exits/return-stack", test_return_stack);
    g_test_add_func("/host/exits/poll", test_poll);
    g_test_add_func("/host/exits/no-room", test_no_room);
    g_test_add_func("/host/exits/killed-block-is-not-entered", test_kill);
    g_test_add_func("/host/exits/killed-block-is-unlinked", test_kill_then_unpatch);
    g_test_add_func("/host/exits/block-can-be-killed", test_beginnings);
    g_test_add_func("/host/features/removal", test_features);
    return g_test_run();
}
