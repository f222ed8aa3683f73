/* SPDX-License-Identifier: MIT */
/*
 * The Arm memory model's litmus tests (Arm ARM B2.3). Operations: x0 to x2 are the locations' addresses, w10 to w13 the registers a to
 * d, w9 the value, w14 and w15 are scratch. Exclusives are pairs in a loop.
 */
#include "litmus.h"

#define V_x "x0"
#define V_y "x1"
#define V_z "x2"
#define R_a "w10"
#define R_b "w11"
#define R_c "w12"
#define R_d "w13"
#define LITMUS_PROLOGUE ".arch armv8.6-a\nmov w10, wzr\nmov w11, wzr\nmov w12, wzr\nmov w13, wzr\n"
#define LITMUS_EPILOGUE "orr w0, w10, w11, lsl 8\norr w0, w0, w12, lsl 16\norr w0, w0, w13, lsl 24\nret\n"

#define VALUE(k) "mov w9, " #k "\n"
#define ST(v, k) VALUE(k) "str w9, [" V_##v "]\n"
#define LD(r, v) "ldr " R_##r ", [" V_##v "]\n"
#define STLR(v, k) VALUE(k) "stlr w9, [" V_##v "]\n"
#define LDAR(r, v) "ldar " R_##r ", [" V_##v "]\n"
#define LDAPR(r, v) "ldapr " R_##r ", [" V_##v "]\n"
#define DMB(t) "dmb " #t "\n"
#define DSB(t) "dsb " #t "\n"
/* Depends on register r: the address, the value, a branch. */
#define LD_ADDR(r, v, by) "eor w14, " R_##by ", " R_##by "\nldr " R_##r ", [" V_##v ", w14, uxtw]\n"
#define ST_ADDR(v, k, by) VALUE(k) "eor w14, " R_##by ", " R_##by "\nstr w9, [" V_##v ", w14, uxtw]\n"
#define ST_DATA(v, k, by) "eor w14, " R_##by ", " R_##by "\nadd w9, w14, " #k "\nstr w9, [" V_##v "]\n"
#define CTRL(by) "cbnz " R_##by ", 9f\n9:\n"
#define ISB "isb\n"
/* Exclusives: stores k, what was there goes to r where there is one. */
#define EXCLUSIVE(ld, st, old, v) "8: " ld " " old ", [" V_##v "]\n" st " w15, w9, [" V_##v "]\ncbnz w15, 8b\n"
#define STXR(v, k) VALUE(k) EXCLUSIVE("ldxr", "stxr", "w14", v)
#define STLXR(v, k) VALUE(k) EXCLUSIVE("ldxr", "stlxr", "w14", v)
#define LDAXR_STLXR(v, k) VALUE(k) EXCLUSIVE("ldaxr", "stlxr", "w14", v)
#define LDAXR(r, v) "ldaxr " R_##r ", [" V_##v "]\nclrex\n"
/* Atomics; form: nothing, a, l or al. */
#define SWP(form, v, k) VALUE(k) "swp" #form " w9, w14, [" V_##v "]\n"
#define LDADD(form, r, v, k) VALUE(k) "ldadd" #form " w9, " R_##r ", [" V_##v "]\n"
#define STADD(v, k) VALUE(k) "stadd w9, [" V_##v "]\n"
#define CAS(form, v, k) VALUE(k) "mov w14, wzr\ncas" #form " w14, w9, [" V_##v "]\n"

/* Shapes, with what stands between (or in place of) the accesses left open. */
#define MP(L, id, verdict, p0, p1) L(MP_##id, "MP " #id, 2, verdict, a == 1 && b == 0, p0, p1,,)
#define SB(L, id, verdict, p0, p1) L(SB_##id, "SB " #id, 2, verdict, a == 0 && b == 0, p0, p1,,)
#define LB(L, id, verdict, p0, p1) L(LB_##id, "LB " #id, 2, verdict, a == 1 && b == 1, p0, p1,,)
#define S_(L, id, verdict, p0, p1) L(S_##id, "S " #id, 2, verdict, a == 1 && x == 2, p0, p1,,)
#define R_(L, id, verdict, p0, p1) L(R_##id, "R " #id, 2, verdict, a == 0 && y == 2, p0, p1,,)
#define W2(L, id, verdict, p0, p1) L(W2_##id, "2+2W " #id, 2, verdict, x == 1 && y == 1, p0, p1,,)
#define WRC(L, id, verdict, p1, p2) L(WRC_##id, "WRC " #id, 3, verdict, a == 1 && b == 1 && c == 0, ST(x, 1), p1, p2,)
#define ISA2(L, id, verdict, p0, p1, p2) L(ISA2_##id, "ISA2 " #id, 3, verdict, a == 1 && b == 1 && c == 0, p0, p1, p2,)
#define RWC(L, id, verdict, p1, p2) L(RWC_##id, "RWC " #id, 3, verdict, a == 1 && b == 0 && c == 0, ST(x, 1), p1, p2,)
#define IRIW(L, id, verdict, p2, p3) L(IRIW_##id, "IRIW " #id, 4, verdict, a == 1 && b == 0 && c == 1 && d == 0, ST(x, 1), ST(y, 1), p2, p3)

#define TABLE(L) \
    MP(L, plain, MAYBE, ST(x, 1) ST(y, 1), LD(a, y) LD(b, x)) \
    MP(L, dmb_ish, NEVER, ST(x, 1) DMB(ish) ST(y, 1), LD(a, y) DMB(ish) LD(b, x)) \
    MP(L, dmb_ishst_ishld, NEVER, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) DMB(ishld) LD(b, x)) \
    MP(L, dsb_ishst_ishld, NEVER, ST(x, 1) DSB(ishst) ST(y, 1), LD(a, y) DSB(ishld) LD(b, x)) \
    MP(L, dmb_addr, NEVER, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) LD_ADDR(b, x, a)) \
    MP(L, dmb_ctrl, MAYBE, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) CTRL(a) LD(b, x)) \
    MP(L, dmb_ctrl_isb, NEVER, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) CTRL(a) ISB LD(b, x)) \
    MP(L, dmb_po, MAYBE, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) LD(b, x)) \
    MP(L, stlr_ldar, NEVER, ST(x, 1) STLR(y, 1), LDAR(a, y) LD(b, x)) \
    MP(L, stlr_ldapr, NEVER, ST(x, 1) STLR(y, 1), LDAPR(a, y) LD(b, x)) \
    MP(L, stlr_po, MAYBE, ST(x, 1) STLR(y, 1), LD(a, y) LD(b, x)) \
    MP(L, stlxr_ldaxr, NEVER, ST(x, 1) STLXR(y, 1), LDAXR(a, y) LD(b, x)) \
    MP(L, swpl_ldadda, NEVER, ST(x, 1) SWP(l, y, 1), LDADD(a, a, y, 0) LD(b, x)) \
    MP(L, swp_ldadd, MAYBE, ST(x, 1) SWP(, y, 1), LDADD(, a, y, 0) LD(b, x)) \
    MP(L, casl_ldar, NEVER, ST(x, 1) CAS(l, y, 1), LDAR(a, y) LD(b, x)) \
    SB(L, plain, SEEN, ST(x, 1) LD(a, y), ST(y, 1) LD(b, x)) \
    SB(L, dmb_ish, NEVER, ST(x, 1) DMB(ish) LD(a, y), ST(y, 1) DMB(ish) LD(b, x)) \
    SB(L, dmb_sy, NEVER, ST(x, 1) DMB(sy) LD(a, y), ST(y, 1) DMB(sy) LD(b, x)) \
    SB(L, dmb_one, MAYBE, ST(x, 1) DMB(ish) LD(a, y), ST(y, 1) LD(b, x)) \
    SB(L, dmb_ishst, MAYBE, ST(x, 1) DMB(ishst) LD(a, y), ST(y, 1) DMB(ishst) LD(b, x)) \
    SB(L, dmb_ishld, MAYBE, ST(x, 1) DMB(ishld) LD(a, y), ST(y, 1) DMB(ishld) LD(b, x)) \
    SB(L, dsb_ish, NEVER, ST(x, 1) DSB(ish) LD(a, y), ST(y, 1) DSB(ish) LD(b, x)) \
    SB(L, dsb_ishst, NEVER, ST(x, 1) DSB(ishst) LD(a, y), ST(y, 1) DSB(ishst) LD(b, x)) \
    SB(L, dsb_ishld, MAYBE, ST(x, 1) DSB(ishld) LD(a, y), ST(y, 1) DSB(ishld) LD(b, x)) \
    SB(L, isb, MAYBE, ST(x, 1) ISB LD(a, y), ST(y, 1) ISB LD(b, x)) \
    SB(L, stlr_ldar, NEVER, STLR(x, 1) LDAR(a, y), STLR(y, 1) LDAR(b, x)) \
    SB(L, stlr_z_ldar, NEVER, STLR(x, 1) ST(z, 1) LDAR(a, y), STLR(y, 1) ST(z, 2) LDAR(b, x)) \
    SB(L, stlr_ldar_dmb, NEVER, STLR(x, 1) LDAR(a, y), ST(y, 1) DMB(ish) LD(b, x)) \
    SB(L, stlr_ldapr, MAYBE, STLR(x, 1) LDAPR(a, y), STLR(y, 1) LDAPR(b, x)) \
    SB(L, stlr_ldr, MAYBE, STLR(x, 1) LD(a, y), STLR(y, 1) LD(b, x)) \
    SB(L, str_ldar, MAYBE, ST(x, 1) LDAR(a, y), ST(y, 1) LDAR(b, x)) \
    SB(L, stlr_ldaxr, NEVER, STLR(x, 1) LDAXR(a, y), STLR(y, 1) LDAXR(b, x)) \
    SB(L, stlr_ldadda, NEVER, STLR(x, 1) LDADD(a, a, y, 0), STLR(y, 1) LDADD(a, b, x, 0)) \
    SB(L, stlxr_ldar, NEVER, STLXR(x, 1) LDAR(a, y), STLXR(y, 1) LDAR(b, x)) \
    SB(L, ldaxr_stlxr_ldr, MAYBE, LDAXR_STLXR(x, 1) LD(a, y), LDAXR_STLXR(y, 1) LD(b, x)) \
    SB(L, stxr_ldr, MAYBE, STXR(x, 1) LD(a, y), STXR(y, 1) LD(b, x)) \
    SB(L, swp_ldr, MAYBE, SWP(, x, 1) LD(a, y), SWP(, y, 1) LD(b, x)) \
    SB(L, swpl_ldar, NEVER, SWP(l, x, 1) LDAR(a, y), SWP(l, y, 1) LDAR(b, x)) \
    SB(L, swpal_ldr, NEVER, SWP(al, x, 1) LD(a, y), SWP(al, y, 1) LD(b, x)) \
    SB(L, ldaddal_ldr, NEVER, LDADD(al, c, x, 1) LD(a, y), LDADD(al, d, y, 1) LD(b, x)) \
    SB(L, casal_ldr, NEVER, CAS(al, x, 1) LD(a, y), CAS(al, y, 1) LD(b, x)) \
    SB(L, stadd_ldr, MAYBE, STADD(x, 1) LD(a, y), STADD(y, 1) LD(b, x)) \
    L(SB_rfi, "SB rfi", 2, MAYBE, a == 1 && b == 0 && c == 1 && d == 0, ST(x, 1) LD(a, x) LD_ADDR(b, y, a), ST(y, 1) LD(c, y) LD_ADDR(d, x, c),,) \
    LB(L, plain, MAYBE, LD(a, x) ST(y, 1), LD(b, y) ST(x, 1)) \
    LB(L, data, NEVER, LD(a, x) ST_DATA(y, 1, a), LD(b, y) ST_DATA(x, 1, b)) \
    LB(L, addr, NEVER, LD(a, x) ST_ADDR(y, 1, a), LD(b, y) ST_ADDR(x, 1, b)) \
    LB(L, ctrl, NEVER, LD(a, x) CTRL(a) ST(y, 1), LD(b, y) CTRL(b) ST(x, 1)) \
    LB(L, dmb_ishld, NEVER, LD(a, x) DMB(ishld) ST(y, 1), LD(b, y) DMB(ishld) ST(x, 1)) \
    LB(L, ldar, NEVER, LDAR(a, x) ST(y, 1), LDAR(b, y) ST(x, 1)) \
    LB(L, stlr, NEVER, LD(a, x) STLR(y, 1), LD(b, y) STLR(x, 1)) \
    S_(L, plain, MAYBE, ST(x, 2) ST(y, 1), LD(a, y) ST(x, 1)) \
    S_(L, dmb_data, NEVER, ST(x, 2) DMB(ishst) ST(y, 1), LD(a, y) ST_DATA(x, 1, a)) \
    S_(L, stlr_ldar, NEVER, ST(x, 2) STLR(y, 1), LDAR(a, y) ST(x, 1)) \
    S_(L, stlr_ldapr, NEVER, ST(x, 2) STLR(y, 1), LDAPR(a, y) ST(x, 1)) \
    R_(L, plain, MAYBE, ST(x, 1) ST(y, 1), ST(y, 2) LD(a, x)) \
    R_(L, dmb_ish, NEVER, ST(x, 1) DMB(ish) ST(y, 1), ST(y, 2) DMB(ish) LD(a, x)) \
    R_(L, dmb_ishst, MAYBE, ST(x, 1) DMB(ishst) ST(y, 1), ST(y, 2) DMB(ishst) LD(a, x)) \
    R_(L, stlr_ldar, NEVER, ST(x, 1) STLR(y, 1), STLR(y, 2) LDAR(a, x)) \
    W2(L, plain, MAYBE, ST(x, 1) ST(y, 2), ST(y, 1) ST(x, 2)) \
    W2(L, dmb_ishst, NEVER, ST(x, 1) DMB(ishst) ST(y, 2), ST(y, 1) DMB(ishst) ST(x, 2)) \
    W2(L, stlr, NEVER, ST(x, 1) STLR(y, 2), ST(y, 1) STLR(x, 2)) \
    L(CoRR, "CoRR", 2, NEVER, a == 1 && b == 0, ST(x, 1), LD(a, x) LD(b, x),,) \
    L(CoRR2, "CoRR of two readers", 4, NEVER, a + b == 3 && a == d && b == c && a != b, ST(x, 1), ST(x, 2), LD(a, x) LD(b, x), LD(c, x) LD(d, x)) \
    L(CoWR, "CoWR", 2, NEVER, a == 0 || (a == 2 && x == 1), ST(x, 1) LD(a, x), ST(x, 2),,) \
    L(CoRW, "CoRW", 2, NEVER, a == 2 && x == 2, LD(a, x) ST(x, 1), ST(x, 2),,) \
    L(CoWW, "CoWW", 1, NEVER, x != 2, ST(x, 1) ST(x, 2),,,) \
    WRC(L, plain, MAYBE, LD(a, x) ST(y, 1), LD(b, y) LD(c, x)) \
    WRC(L, data_addr, NEVER, LD(a, x) ST_DATA(y, 1, a), LD(b, y) LD_ADDR(c, x, b)) \
    WRC(L, dmb_ish, NEVER, LD(a, x) DMB(ish) ST(y, 1), LD(b, y) DMB(ish) LD(c, x)) \
    WRC(L, stlr_ldar, NEVER, LD(a, x) STLR(y, 1), LDAR(b, y) LD(c, x)) \
    WRC(L, ldapr, NEVER, LDAPR(a, x) ST(y, 1), LDAPR(b, y) LD(c, x)) \
    ISA2(L, stlr_ldapr, NEVER, ST(x, 1) STLR(y, 1), LDAPR(a, y) STLR(z, 1), LDAPR(b, z) LD(c, x)) \
    ISA2(L, dmb_data_addr, NEVER, ST(x, 1) DMB(ishst) ST(y, 1), LD(a, y) ST_DATA(z, 1, a), LD(b, z) LD_ADDR(c, x, b)) \
    RWC(L, plain, MAYBE, LD(a, x) LD(b, y), ST(y, 1) LD(c, x)) \
    RWC(L, dmb_ish, NEVER, LD(a, x) DMB(ishld) LD(b, y), ST(y, 1) DMB(ish) LD(c, x)) \
    RWC(L, stlr_ldar, NEVER, LDAR(a, x) LDAR(b, y), STLR(y, 1) LDAR(c, x)) \
    IRIW(L, plain, MAYBE, LD(a, x) LD(b, y), LD(c, y) LD(d, x)) \
    IRIW(L, addr, NEVER, LD(a, x) LD_ADDR(b, y, a), LD(c, y) LD_ADDR(d, x, c)) \
    IRIW(L, dmb_ishld, NEVER, LD(a, x) DMB(ishld) LD(b, y), LD(c, y) DMB(ishld) LD(d, x)) \
    IRIW(L, ldar, NEVER, LDAR(a, x) LDAR(b, y), LDAR(c, y) LDAR(d, x)) \
    IRIW(L, ldapr, NEVER, LDAPR(a, x) LD(b, y), LDAPR(c, y) LD(d, x))

LITMUS_TABLE(TABLE)

/* ---- watchpoints 0 to 3: 8 bytes, of EL1, loads and stores ---- */
#define WATCH(n) \
    static void set_watch##n(uint64_t at, uint64_t control) \
    { \
        __asm__ volatile("msr dbgwvr" #n "_el1, %0\n msr dbgwcr" #n "_el1, %1" : : "r"(at), "r"(control) : "memory"); \
    }
WATCH(0) WATCH(1) WATCH(2) WATCH(3)

void litmus_watch(char *const *at, unsigned n)
{
    static void (*const set[])(uint64_t, uint64_t) = { set_watch0, set_watch1, set_watch2, set_watch3 };
    __asm__ volatile("msr oslar_el1, xzr\n isb\n msr mdscr_el1, %0" : : "r"(n ? 1ul << 15 | 1ul << 13 : 0) : "memory"); /* MDE, KDE */
    for (unsigned i = 0; i < 4; i++)
        set[i](i < n ? (uint64_t)at[i] : 0, i < n ? 1 | 1 << 1 | 3 << 3 | 0xff << 5 : 0);
    __asm__ volatile("isb" : : : "memory");
}
