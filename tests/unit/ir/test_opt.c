/* SPDX-License-Identifier: MIT */
/* What each rule of the optimiser makes of a small block, as text. */
#include <glib.h>
#include <stdlib.h>

#include "accel/ir/builder.h"
#include "accel/ir/helper.h"
#include "accel/opt/opt.h"
#include "tests/unit/ir/random_ir.h"

#define V0 RANDOM_SLOT_V
#define FLAGS RANDOM_SLOT_FLAGS

static IRFunc func;

static IRFunc *new_func(void)
{
    ir_reset(&func, &random_ir_target, 0x1000, 0);
    return &func;
}

static unsigned chain(IRFunc *f) { return ir_add_exit(f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = 0x2000 }); }

/* Optimises and compares with expected, which leaves the block's first and last lines out. */
static void expect_as(const char *file, int line, IRFunc *f, const char *expected)
{
    char *text = NULL;
    size_t size;
    ir_exit(f, chain(f));
    char *before = ir_verify(f);
    g_assert_cmpstr(before, ==, NULL);
    ir_optimise(f);
    char *after = ir_verify(f);
    g_assert_cmpstr(after, ==, NULL);
    FILE *out = open_memstream(&text, &size);
    ir_dump(f, out);
    fclose(out);
    char *body = strchr(text, '\n') + 1;
    *strstr(body, "  exit exit") = 0;
    if (strcmp(body, expected))
        g_error("%s:%d: got\n%swant\n%s", file, line, body, expected);
    free(text);
}
#define EXPECT(f, expected) expect_as(__FILE__, __LINE__, f, expected)

static void test_put_get(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 1);
    ir_put(f, 2, a);
    ir_put(f, 3, ir_get(f, IR_I64, 2));
    ir_put(f, 1, ir_get(f, IR_I64, 1)); /* holds it already */
    EXPECT(f, "  v1 = get.i64 x1\n  put v1 -> x2\n  put v1 -> x3\n");

    f = new_func(); /* an I32 put zero-extends; narrower gets truncate */
    ir_put(f, 1, ir_get(f, IR_I32, 0));
    ir_put(f, 2, ir_add(f, ir_get(f, IR_I64, 1), ir_get(f, IR_I64, 1)));
    EXPECT(f, "  v1 = get.i32 x0\n  put v1 -> x1\n  v3 = zext.i64.32 v1\n  v4 = add.i64 v3, v3\n  put v4 -> x2\n");

    f = new_func(); /* the upper half of x0 is not known after a get of the lower */
    ir_put(f, 1, ir_get(f, IR_I32, 0));
    ir_put(f, 2, ir_get(f, IR_I64, 0));
    ir_put(f, 3, ir_get(f, IR_I32, 0));
    EXPECT(f, "  v1 = get.i32 x0\n  put v1 -> x1\n  v3 = get.i64 x0\n  put v3 -> x2\n  v5 = trunc v3\n  put v5 -> x3\n");
}

static void test_slot_vectors(void)
{
    IRFunc *f = new_func();
    IRRef d = ir_get(f, IR_F64, V0);
    ir_put(f, V0 + 1, d);
    ir_put(f, V0 + 2, ir_vzlow(f, ir_get(f, IR_V128, V0 + 1)));
    ir_put(f, V0 + 3, ir_get(f, IR_F64, V0 + 2));
    EXPECT(f, "  v1 = get.f64 v0\n  put v1 -> v1\n  v3 = vfromf v1\n  put v3 -> v2\n  put v1 -> v3\n");

    f = new_func();
    IRRef v = ir_get(f, IR_V128, V0);
    IRRef low = ir_vzlow(f, v), narrow = ir_vxtn(f, 1, v);
    ir_put(f, V0 + 1, ir_vzlow(f, ir_vadd(f, 2, low, narrow)));
    EXPECT(f, "  v1 = get.v128 v0\n  v2 = vzlow v1\n  v3 = vxtn.16 v1\n  v4 = vadd.32 v2, v3\n  put v4 -> v1\n");

    f = new_func();
    ir_put(f, V0, ir_bitsf(f, ir_get(f, IR_I64, 1)));
    ir_put(f, 2, ir_fbits(f, ir_get(f, IR_F64, V0)));
    EXPECT(f, "  v1 = get.i64 x1\n  v2 = bitsf.f64 v1\n  put v2 -> v0\n  put v1 -> x2\n");
}

static void test_dead_put(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0);
    ir_put(f, 1, a);
    ir_put(f, 1, ir_add(f, a, a));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = add.i64 v1, v1\n  put v2 -> x1\n");

    f = new_func(); /* a load may fault: what was put before is seen */
    a = ir_get(f, IR_I64, 0);
    ir_put(f, 1, a);
    ir_put(f, 1, ir_ld(f, IR_I64, a, 0, MO_64));
    EXPECT(f, "  v1 = get.i64 x0\n  put v1 -> x1\n  v3 = ld.i64 v1 [64 idx0]\n  put v3 -> x1\n");

    f = new_func(); /* so it is by a side exit */
    a = ir_get(f, IR_I64, 0);
    ir_put(f, 1, a);
    ir_br(f, IR_EQ, a, ir_get(f, IR_I64, 2), chain(f));
    ir_put(f, 1, ir_i64(f, 1));
    EXPECT(f, "  v1 = get.i64 x0\n  put v1 -> x1\n  v3 = get.i64 x2\n  br v1, v3 eq exit0(chain 0x2000)\n  v5 = const.i64 0x1\n  put v5 -> x1\n");
}

static void helper_writes(CPUState *cpu) { }
static uint64_t helper_pure(uint64_t a) { return a; }
#define HELPERS(H) H(writes, IR_CALL_ENV | IR_CALL_WRITES, IR_VOID, 0, 0) H(pure, IR_CALL_PURE, IR_I64, 1, IR_I64)
#define DEFINE(...) static IR_HELPER_DEFINE(__VA_ARGS__)
HELPERS(DEFINE)

static void test_calls(void)
{
    IRFunc *f = new_func();
    ir_put(f, 1, ir_i64(f, 5));
    ir_call(f, &ir_helper_writes);
    ir_put(f, 2, ir_get(f, IR_I64, 1));
    ir_put(f, 1, ir_i64(f, 6));
    EXPECT(f, "  v1 = const.i64 0x5\n  put v1 -> x1\n  call writes()\n  v4 = get.i64 x1\n  put v4 -> x2\n  v6 = const.i64 0x6\n  put v6 -> x1\n");

    f = new_func(); /* a pure helper is no observer, and goes when nobody needs it */
    ir_put(f, 1, ir_i64(f, 5));
    ir_call(f, &ir_helper_pure, ir_i64(f, 1));
    ir_put(f, 1, ir_call(f, &ir_helper_pure, ir_mov(f, ir_get(f, IR_I64, 3))));
    EXPECT(f, "  v1 = get.i64 x3\n  v2 = call.i64 pure(v1)\n  put v2 -> x1\n");
}

static void test_fold(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0), zero = ir_i64(f, 0);
    IRRef three = ir_i64(f, 3), four = ir_i64(f, 4), seven = ir_add(f, three, four);
    ir_put(f, 1, ir_shl(f, seven, ir_i32(f, 4)));
    ir_put(f, 2, ir_add(f, zero, ir_or(f, ir_and(f, a, ir_i64(f, -1)), zero)));
    ir_put(f, 3, ir_orn(f, zero, a));
    IRRef sum = ir_add(f, a, ir_i64(f, 16));
    ir_put(f, 4, ir_sub(f, sum, four));
    ir_put(f, 5, ir_mul(f, a, ir_i64(f, 8)));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = const.i64 0x3\n  v3 = const.i64 0x70\n  put v3 -> x1\n  put v1 -> x2\n  v6 = not.i64 v1\n  put v6 -> x3\n"
              "  v8 = const.i64 0xc\n  v9 = add.i64 v1, v8\n  put v9 -> x4\n  v11 = shl.i64 v1, v2\n  put v11 -> x5\n");
}

static void test_narrow(void)
{
    IRFunc *f = new_func();
    IRRef b = ir_ld(f, IR_I32, ir_get(f, IR_I64, 0), 0, MO_8);
    ir_put(f, 1, ir_zext(f, IR_I32, 0, b));
    ir_put(f, 2, ir_and(f, b, ir_i32(f, 0xfff)));
    ir_put(f, 3, ir_sext(f, IR_I32, 1, b));
    ir_put(f, 4, ir_extract(f, b, 0, 16));
    IRRef w = ir_get(f, IR_I32, 5);
    ir_put(f, 5, ir_and(f, w, ir_i32(f, 0xff)));
    ir_put(f, 6, ir_trunc(f, ir_zext(f, IR_I64, 2, b)));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = ld.i32 v1 [8 idx0]\n  put v2 -> x1\n  put v2 -> x2\n  put v2 -> x3\n  put v2 -> x4\n"
              "  v7 = get.i32 x5\n  v8 = zext.i32.8 v7\n  put v8 -> x5\n  put v2 -> x6\n");
}

static void test_address(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0);
    ir_put(f, 1, ir_ld(f, IR_I64, ir_add(f, a, ir_i64(f, 0x20)), -8, MO_64));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = ld.i64 v1 +24 [64 idx0]\n  put v2 -> x1\n");

    f = new_func(); /* written back: the sum has a register */
    a = ir_get(f, IR_I64, 0);
    a = ir_add(f, a, ir_i64(f, 0x20));
    ir_put(f, 0, a);
    ir_put(f, 1, ir_ld(f, IR_I64, a, 0, MO_64));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = const.i64 0x20\n  v3 = add.i64 v1, v2\n  put v3 -> x0\n  v5 = ld.i64 v3 [64 idx0]\n  put v5 -> x1\n");

    f = new_func(); /* beyond 32 bits */
    a = ir_get(f, IR_I64, 0);
    ir_put(f, 1, ir_ld(f, IR_I64, ir_add(f, a, ir_i64(f, 0x7fffffff)), 1, MO_64));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = const.i64 0x7fffffff\n  v3 = add.i64 v1, v2\n  v4 = ld.i64 v3 +1 [64 idx0]\n  put v4 -> x1\n");
}

/* cc on flags fl, through the flags slot, into x3. */
static IRFunc *flags_func(IROp op, IRCond cc, bool constant, uint64_t k, unsigned aux)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0), b = constant ? ir_i64(f, k) : ir_get(f, IR_I64, 1);
    ir_put(f, FLAGS, ir_emit(f, op, IR_I32, a, b, 0, 0, 0, aux, 0));
    ir_put(f, 3, ir_fl_cc(f, IR_I64, cc, ir_get(f, IR_I32, FLAGS)));
    ir_put(f, FLAGS, ir_i32(f, 0)); /* the flags die */
    return f;
}

#define TAIL(n, m) "  put v" n " -> x3\n  v" m " = const.i32 0x0\n  put v" m " -> flags\n"

static void test_flags(void)
{
    EXPECT(flags_func(IR_fl_sub, IR_LT, false, 0, 0), "  v1 = get.i64 x0\n  v2 = get.i64 x1\n  v3 = setcc.i64 v1, v2 lt\n" TAIL("3", "5"));
    EXPECT(flags_func(IR_fl_sub, IR_LTU, false, 0, IR_FL_INVC), "  v1 = get.i64 x0\n  v2 = get.i64 x1\n  v3 = setcc.i64 v1, v2 geu\n" TAIL("3", "5"));
    EXPECT(flags_func(IR_fl_add, IR_GTU, true, 5, IR_FL_INVC), "  v1 = get.i64 x0\n  v2 = const.i64 0xfffffffffffffffb\n  v3 = setcc.i64 v1, v2 gtu\n" TAIL("3", "5"));
    EXPECT(flags_func(IR_fl_add, IR_LT, true, 1ull << 63, IR_FL_INVC),
           "  v1 = get.i64 x0\n  v2 = const.i64 0x8000000000000000\n  v3 = fl_add v1, v2 invc\n  v4 = fl_cc.i64 v3 lt\n" TAIL("4", "6"));
    EXPECT(flags_func(IR_fl_and, IR_NE, false, 0, IR_FL_INVC), "  v1 = get.i64 x0\n  v2 = get.i64 x1\n  v3 = setcc.i64 v1, v2 tstne\n" TAIL("3", "5"));
    EXPECT(flags_func(IR_fl_and, IR_VC, false, 0, IR_FL_INVC), "  v1 = const.i64 0x1\n" TAIL("1", "3"));
    EXPECT(flags_func(IR_fl_sub, IR_VS, false, 0, 0), "  v1 = get.i64 x0\n  v2 = get.i64 x1\n  v3 = fl_sub v1, v2\n  v4 = fl_cc.i64 v3 vs\n" TAIL("4", "6"));
}

static void test_branches(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I32, 0), b = ir_get(f, IR_I32, 1);
    ir_fl_br(f, IR_GE, ir_fl_sub(f, a, b, 0), chain(f));
    IRRef below = ir_setcc(f, IR_I32, IR_LTU, a, b), zero = ir_i32(f, 0), one = ir_i32(f, 1);
    ir_br(f, IR_EQ, below, zero, chain(f));
    ir_br(f, IR_NE, one, one, chain(f)); /* never */
    ir_br(f, IR_LT, one, a, chain(f));
    EXPECT(f, "  v1 = get.i32 x0\n  v2 = get.i32 x1\n  br v1, v2 ge exit0(chain 0x2000)\n"
              "  v4 = const.i32 0x1\n  br v1, v2 geu exit1(chain 0x2000)\n  br v1, v4 gt exit3(chain 0x2000)\n");
}

static void test_cse(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0), b = ir_get(f, IR_I64, 1);
    ir_put(f, 2, ir_add(f, a, b));
    ir_put(f, 3, ir_add(f, b, a));
    ir_put(f, 4, ir_sub(f, a, b));
    ir_put(f, 5, ir_sub(f, b, a));
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = get.i64 x1\n  v3 = add.i64 v1, v2\n  put v3 -> x2\n  put v3 -> x3\n"
              "  v6 = sub.i64 v1, v2\n  put v6 -> x4\n  v8 = sub.i64 v2, v1\n  put v8 -> x5\n");
}

static void test_dead(void)
{
    IRFunc *f = new_func();
    IRRef a = ir_get(f, IR_I64, 0);
    ir_not(f, ir_add(f, a, a));
    ir_ld(f, IR_I64, a, 0, MO_64); /* may fault: stays */
    EXPECT(f, "  v1 = get.i64 x0\n  v2 = ld.i64 v1 [64 idx0]\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/opt/slots/put-then-get", test_put_get);
    g_test_add_func("/opt/slots/vectors-and-scalars", test_slot_vectors);
    g_test_add_func("/opt/dead/put-overwritten-unseen", test_dead_put);
    g_test_add_func("/opt/dead/calls", test_calls);
    g_test_add_func("/opt/dead/values", test_dead);
    g_test_add_func("/opt/fold/integers", test_fold);
    g_test_add_func("/opt/fold/narrow-values", test_narrow);
    g_test_add_func("/opt/address/displacement", test_address);
    g_test_add_func("/opt/flags/conditions", test_flags);
    g_test_add_func("/opt/flags/branches", test_branches);
    g_test_add_func("/opt/cse/commuted", test_cse);
    return g_test_run();
}
