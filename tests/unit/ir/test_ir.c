/* SPDX-License-Identifier: MIT */
/* Builder, dumper and verifier. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "accel/ir/builder.h"
#include "accel/ir/helper.h"
#include "tests/unit/ir/random_ir.h"

static IRFunc func;

static IRFunc *new_func(void)
{
    ir_reset(&func, &random_ir_target, 0x1000, 5);
    ir_insn_start(&func, 0x1000, 0);
    return &func;
}

static void finish(IRFunc *f) { ir_exit(f, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = 0x2000 })); }

static void assert_ok(IRFunc *f)
{
    char *error = ir_verify(f);
    g_assert_cmpstr(error, ==, NULL);
}

static void assert_error(IRFunc *f, const char *part)
{
    char *error = ir_verify(f);
    g_assert_nonnull(error);
    if (!strstr(error, part))
        g_error("\"%s\" does not say \"%s\"", error, part);
    free(error);
}

static void test_types(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I32, 0), b = ir_i32(f, 7), w = ir_zext(f, IR_I64, 2, ir_add(f, a, b));
    g_assert_cmpint(ir_type(f, ir_add(f, a, b)), ==, IR_I32);
    g_assert_cmpint(ir_type(f, w), ==, IR_I64);
    g_assert_cmpint(ir_type(f, ir_fbits(f, ir_get(f, IR_F32, RANDOM_SLOT_V))), ==, IR_I32);
    g_assert_cmpint(ir_type(f, ir_setcc(f, IR_I64, IR_LT, a, b)), ==, IR_I64);
    finish(f);
    assert_ok(f);
}

static void test_overflow(void)
{
    IRFunc *f = new_func();
    while (!f->overflow)
        ir_i32(f, 1);
    g_assert_cmpuint(f->n_insns, ==, IR_MAX_INSNS);
    g_assert_cmpuint(ir_i64(f, 2), ==, IR_NONE);
    new_func();
    g_assert_false(f->overflow);
    for (unsigned i = 0; i < IR_MAX_EXITS; i++)
        g_assert_cmpuint(ir_add_exit(f, (IRExit){ 0 }), ==, i);
    g_assert_false(f->overflow);
    ir_add_exit(f, (IRExit){ 0 });
    g_assert_true(f->overflow);
}

static uint32_t helper_probe(uint64_t a, const V128 *v) { return (uint32_t)a; }
#define PROBE(H) H(probe, 0, IR_I32, 2, IR_I64, IR_V128)
#define DEFINE(...) static IR_HELPER_DEFINE(__VA_ARGS__)
PROBE(DEFINE)

static void test_dump(void)
{
    IRFunc *f = new_func();
    char *text = NULL;
    size_t size;
    IRRef a = ir_get(f, IR_I64, 3), v = ir_ld(f, IR_I32, a, -16, MO_8 | MO_SIGN | 2 << MO_ALIGN_SHIFT | MO_ACQ), w = ir_get(f, IR_V128, RANDOM_SLOT_V + 1);
    ir_put(f, 4, ir_shl(f, v, ir_i32(f, 0x30)));
    ir_call(f, &ir_helper_probe, a, w);
    ir_put(f, RANDOM_SLOT_V, ir_vadd(f, 1, w, w));
    ir_put(f, 5, ir_extract(f, a, 4, 12));
    ir_put(f, RANDOM_SLOT_FLAGS, ir_fl_sub(f, a, a, IR_FL_INVC));
    ir_br(f, IR_GEU, a, a, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = 0x1010 }));
    ir_exit_jump(f, a, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CALL, .ret_pc = 0x1004 }));
    assert_ok(f);
    FILE *out = open_memstream(&text, &size);
    ir_dump(f, out);
    fclose(out);
    g_assert_cmpstr(text, ==,
                    "block 0x1000 flags 0x5\n"
                    "   insn_start 0x1000 extra 0x0\n"
                    "  v2 = get.i64 x3\n"
                    "  v3 = ld.i32 v2 -16 [8s idx0 align4 acq]\n"
                    "  v4 = get.v128 v1\n"
                    "  v5 = const.i32 0x30\n"
                    "  v6 = shl.i32 v3, v5\n"
                    "  put v6 -> x4\n"
                    "  v8 = call.i32 probe(v2, v4)\n"
                    "  v9 = vadd.16 v4, v4\n"
                    "  put v9 -> v0\n"
                    "  v11 = extract.i64 v2 lsb 4 len 12\n"
                    "  put v11 -> x5\n"
                    "  v13 = fl_sub v2, v2 invc\n"
                    "  put v13 -> flags\n"
                    "  br v2, v2 geu exit0(chain 0x1010)\n"
                    "  exit_jump v2 exit1(call ret 0x1004)\n");
    free(text);
}

static void test_verify_types(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_i64(f, 1), b = ir_i32(f, 1);
    ir_add(f, a, b);
    finish(f);
    assert_error(f, "argument 2 has the wrong type");

    f = new_func();
    a = ir_i64(f, 1), b = ir_i32(f, 1);
    ir_setcc(f, IR_I32, IR_EQ, a, b);
    finish(f);
    assert_error(f, "two types");

    f = new_func();
    ir_ld(f, IR_I32, ir_i64(f, 0), 0, MO_64);
    finish(f);
    assert_error(f, "loads more than its type holds");

    f = new_func();
    ir_put(f, 0, ir_vconst(f, 0));
    finish(f);
    assert_error(f, "wider than the slot");

    f = new_func();
    ir_vdup(f, 3, ir_i32(f, 0));
    finish(f);
    assert_error(f, "lane wider than the integer");

    f = new_func();
    ir_call(f, &ir_helper_probe, ir_i32(f, 0), ir_vconst(f, 0));
    finish(f);
    assert_error(f, "argument 1 of probe");
}

static void test_verify_order(void)
{
    IRFunc *f = new_func();
    ir_emit(f, IR_not, IR_I64, f->n_insns + 1, 0, 0, 0, 0, 0, 0);
    ir_i64(f, 1);
    finish(f);
    assert_error(f, "used before it is made");

    f = new_func();
    ir_emit(f, IR_not, IR_I64, 0, 0, 0, 0, 0, 0, 0);
    finish(f);
    assert_error(f, "argument 1 is missing");

    f = new_func();
    ir_put(f, 0, ir_i64(f, 1));
    ir_emit(f, IR_not, IR_I64, f->n_insns - 1, 0, 0, 0, 0, 0, 0);
    finish(f);
    assert_error(f, "is not a value");
}

static void test_verify_ranges(void)
{
    static const struct { IROp op; IRType type; unsigned sz; uint32_t aux; uint64_t imm; const char *says; } rows[] = {
        { IR_extract, IR_I64, 0, 0, 60 | 5 << 8, "field outside" },
        { IR_sextract, IR_I64, 0, 0, 3, "field outside" },
        { IR_bswap, IR_I64, 0, 0, 0, "bad size" },
        { IR_sext, IR_I64, 3, 0, 0, "bad size" },
        { IR_vmul, IR_V128, 3, 0, 0, "bad lane size" },
        { IR_vfadd, IR_V128, 1, 0, 0, "bad lane size" },
        { IR_vshli, IR_V128, 1, 0, 16, "shift out of range" },
        { IR_vgetl, IR_I64, 3, 0, 2, "no such lane" },
        { IR_vgetl, IR_I32, 3, 0, 0, "lane wider" },
        { IR_vduplane, IR_V128, 3, 0, 2, "no such lane" },
        { IR_vrev, IR_V128, 2, 0, 2, "bad container" },
        { IR_setcc, IR_I32, 0, IR_VS, 0, "condition of flags" },
        { IR_fl_cc, IR_I32, 0, IR_TSTEQ, 0, "condition of pairs" },
        { IR_get, IR_I64, 0, 1000, 0, "no such slot" },
        { IR_const, IR_I32, 0, 0, 1ull << 32, "above 31" },
        { IR_ldptr, IR_PTR, 0, 7, 0, "64 bytes" },
        { IR_ld, IR_I64, 0, 3 << MO_IDX_SHIFT, 0, "MMU index" },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        IRFunc *f = new_func();
        const char *args = ir_op_info[rows[i].op].args;
        IRRef refs[4] = { 0 };
        for (unsigned k = 0; args[k]; k++)
            refs[k] = args[k] == 'v' ? ir_vconst(f, 0) : args[k] == 'i' ? ir_i32(f, 0) : ir_i64(f, 0);
        ir_emit(f, rows[i].op, rows[i].type, refs[0], refs[1], refs[2], refs[3], rows[i].sz, rows[i].aux, rows[i].imm);
        finish(f);
        assert_error(f, rows[i].says);
    }
}

static void test_verify_shape(void)
{
    IRFunc *f = new_func();
    assert_error(f, "does not end with an exit");
    finish(f);
    ir_i64(f, 1);
    finish(f);
    assert_error(f, "follow the end");

    f = new_func();
    ir_exit_jump(f, ir_i64(f, 0), ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN }));
    assert_error(f, "takes no address");

    f = new_func();
    ir_exit(f, 3);
    assert_error(f, "no such exit");

    f = new_func();
    IRRef a = ir_i64(f, 0);
    ir_br(f, IR_EQ, a, a, ir_add_exit(f, (IRExit){ .kind = IR_EXIT_MAIN }));
    finish(f);
    assert_error(f, "needs a chain exit");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/builder/types-follow-arguments", test_types);
    g_test_add_func("/ir/builder/overflow", test_overflow);
    g_test_add_func("/ir/dump/text", test_dump);
    g_test_add_func("/ir/verify/types", test_verify_types);
    g_test_add_func("/ir/verify/order", test_verify_order);
    g_test_add_func("/ir/verify/ranges", test_verify_ranges);
    g_test_add_func("/ir/verify/shape", test_verify_shape);
    return g_test_run();
}
