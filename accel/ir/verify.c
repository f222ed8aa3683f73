/* SPDX-License-Identifier: MIT */
/*
 * Checks a function against ops.def and the rules of ir.h, so that a mistake in a translator or pass is reported where it was
 * made, and passes and back ends need not defend themselves.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "accel/ir/ir.h"
#include "base/bits.h"
#include "target/api/target.h"

typedef struct Verifier {
    const IRFunc *f;
    uint32_t index;     /* of the insn being checked */
    const IRInsn *insn;
    char *error;        /* the first one found */
} Verifier;

static void __attribute__((format(printf, 2, 3))) fail(Verifier *v, const char *fmt, ...)
{
    va_list ap;
    char what[160];
    if (v->error)
        return;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    const char *name = v->insn->op < IR_NB_OPS ? ir_op_info[v->insn->op].name : "?";
    if (asprintf(&v->error, "insn %u (%s): %s", v->index, name, what) < 0)
        abort();
}

static void check(Verifier *v, bool ok, const char *rule)
{
    if (!ok)
        fail(v, "%s", rule);
}

static unsigned type_bytes(IRType t)
{
    static const uint8_t bytes[] = { [IR_I32] = 4, [IR_I64] = 8, [IR_PTR] = 8, [IR_F32] = 4, [IR_F64] = 8, [IR_V128] = 16, [IR_V256] = 32 };
    return t < ARRAY_SIZE(bytes) ? bytes[t] : 0;
}

static bool is_int(IRType t) { return t == IR_I32 || t == IR_I64; }
static bool is_float(IRType t) { return t == IR_F32 || t == IR_F64; }
static bool is_value(IRType t) { return t > IR_VOID && t < IR_V256; }

static IRType arg_type(Verifier *v, unsigned k) { return v->f->insns[v->insn->arg[k]].type; }

static bool letter_matches(Verifier *v, char letter, IRType t)
{
    switch (letter) {
    case 'i': return t == IR_I32;
    case 'l': return t == IR_I64;
    case 'p': return t == IR_PTR;
    case 'v': return t == IR_V128;
    case 'T': return t == v->insn->type;
    case 'N': return is_int(t);
    case 'F': return is_float(t);
    default: return is_value(t); /* A */
    }
}

static void check_ref(Verifier *v, IRRef r, const char *what)
{
    if (r == IR_NONE)
        fail(v, "%s is missing", what);
    else if (r >= v->index)
        fail(v, "%s v%u is used before it is made", what, r);
    else if (!is_value(v->f->insns[r].type) || v->f->insns[r].op == IR_nop)
        fail(v, "%s v%u is not a value", what, r);
}

static void check_args(Verifier *v)
{
    static const char *const names[] = { "argument 1", "argument 2", "argument 3", "argument 4" };
    const char *args = ir_op_info[v->insn->op].args;
    unsigned n = strlen(args);

    for (unsigned k = 0; k < n && !v->error; k++) {
        check_ref(v, v->insn->arg[k], names[k]);
        if (!v->error && !letter_matches(v, args[k], arg_type(v, k)))
            fail(v, "%s has the wrong type", names[k]);
    }
    for (unsigned k = n; k < 4; k++)
        check(v, v->insn->arg[k] == IR_NONE, "has more arguments than its row");
}

/* The types that an op with result T can have. */
static bool result_type_ok(const IRInsn *insn)
{
    IRType t = insn->type;
    switch (insn->op) {
    case IR_get: case IR_ldenv: case IR_mov: case IR_select: case IR_fl_select: case IR_ld: case IR_hld: return is_value(t);
    case IR_const: return is_int(t) || t == IR_PTR;
    case IR_call: return t < IR_V256;
    case IR_atom_cas: return is_int(t) || t == IR_V128;
    case IR_fadd: case IR_fsub: case IR_fmul: case IR_fdiv: case IR_fsqrt: case IR_fmadd: case IR_fcvt: case IR_fi2f: case IR_fround: case IR_fabs:
    case IR_fneg: case IR_bitsf: case IR_vlow: return is_float(t);
    default: return is_int(t);
    }
}

static void check_result(Verifier *v)
{
    const IRInsn *insn = v->insn;
    switch (ir_op_info[insn->op].result) {
    case '-': check(v, insn->type == IR_VOID, "has a result type but makes no value"); break;
    case 'i': check(v, insn->type == IR_I32, "must be of type i32"); break;
    case 'l': check(v, insn->type == IR_I64, "must be of type i64"); break;
    case 'p': check(v, insn->type == IR_PTR, "must be of type ptr"); break;
    case 'v': check(v, insn->type == IR_V128, "must be of type v128"); break;
    default: check(v, result_type_ok(insn), "cannot make a value of this type"); break;
    }
}

static void check_slot(Verifier *v, IRType t)
{
    const TargetOps *target = v->f->target;
    if (!target)
        return;
    check(v, v->insn->aux < target->n_slots, "no such slot");
    if (!v->error)
        check(v, type_bytes(t) <= type_bytes(target->slots[v->insn->aux].type), "wider than the slot");
}

/* A load's memop against the type it makes. */
static void check_load(Verifier *v)
{
    unsigned bytes = 1u << MO_SIZE(v->insn->aux), want = type_bytes(v->insn->type);
    if (is_int(v->insn->type))
        check(v, bytes <= want, "loads more than its type holds");
    else
        check(v, bytes == want, "must load the size of its type");
}

static void check_memory(Verifier *v)
{
    const IRInsn *insn = v->insn;
    unsigned size = MO_SIZE(insn->aux);

    if (v->f->target)
        check(v, insn->op == IR_hld || MO_IDX(insn->aux) < v->f->target->n_mmu_modes, "no such MMU index");
    switch (insn->op) {
    case IR_ld: case IR_hld: check_load(v); break;
    case IR_st: check(v, 1u << size <= type_bytes(arg_type(v, 1)), "stores more than the value has"); break;
    case IR_st2:
        check(v, arg_type(v, 1) == arg_type(v, 2), "stores values of two types");
        check(v, 1u << size <= type_bytes(arg_type(v, 1)), "stores more than the value has");
        break;
    case IR_ldptr: check(v, size <= 6, "reaches more than 64 bytes"); break;
    default:
        check(v, 1u << size <= type_bytes(insn->type), "accesses more than its type holds");
        check(v, insn->type != IR_V128 || size == 4, "a v128 is exchanged whole");
        check(v, insn->imm == 0, "must have displacement 0");
        check(v, insn->op != IR_atom_rmw || insn->sz <= IR_AT_UMIN, "no such atomic operation");
        break;
    }
}

static void check_field(Verifier *v)
{
    unsigned lsb = v->insn->imm & 0xff, len = v->insn->imm >> 8;
    check(v, len >= 1 && lsb + len <= 8 * type_bytes(v->insn->type), "field outside the value");
}

static void check_cond(Verifier *v, unsigned cc, bool flags)
{
    bool flags_only = (cc >= IR_MI && cc <= IR_VC) || cc == IR_PE || cc == IR_PO, pairs_only = cc == IR_TSTNE || cc == IR_TSTEQ;
    check(v, cc <= IR_PO, "no such condition");
    check(v, flags ? !pairs_only : !flags_only, flags ? "condition of pairs on flags" : "condition of flags on a pair");
}

static void check_exit(Verifier *v)
{
    const IRInsn *insn = v->insn;
    if (insn->aux >= v->f->n_exits) {
        fail(v, "no such exit");
        return;
    }
    IRExitKind kind = v->f->exits[insn->aux].kind;
    if (insn->op == IR_exit)
        check(v, kind <= IR_EXIT_MAIN, "exit of a kind that takes an address");
    else if (insn->op == IR_exit_jump)
        check(v, kind >= IR_EXIT_JUMP && kind <= IR_EXIT_RET, "exit of a kind that takes no address");
    else
        check(v, kind == IR_EXIT_CHAIN, "a branch needs a chain exit");
}

static void check_call(Verifier *v)
{
    const IRInsn *insn = v->insn;
    const IRHelper *h = (const IRHelper *)(uintptr_t)insn->imm;
    if (!h) {
        fail(v, "no helper");
        return;
    }
    check(v, insn->type == h->ret, "result type is not the helper's");
    check(v, insn->aux + h->nargs <= v->f->n_call_args, "arguments outside call_args");
    for (unsigned i = 0; i < h->nargs && !v->error; i++) {
        IRRef r = v->f->call_args[insn->aux + i];
        check_ref(v, r, "call argument");
        if (!v->error && v->f->insns[r].type != h->args[i])
            fail(v, "argument %u of %s has the wrong type", i + 1, h->name);
    }
}

/* Lane sizes that an op's row allows, as a mask. */
static unsigned lane_sizes(IROp op)
{
    switch (op) {
    case IR_vmul: case IR_vsxtl: case IR_vuxtl: case IR_vxtn: return 7;
    case IR_vuavg: return 3;
    case IR_vfadd: case IR_vfsub: case IR_vfmul: case IR_vfdiv: case IR_vfmla: return 12;
    case IR_vrev: return 7;
    case IR_vmask: return 13;
    default: return 15;
    }
}

static void check_vector(Verifier *v)
{
    const IRInsn *insn = v->insn;
    unsigned lanes = 16u >> (insn->sz & 7), width = 8u << (insn->sz & 7);

    switch (insn->op) {
    case IR_vshli: check(v, insn->imm < width, "shift out of range"); break;
    case IR_vshri: case IR_vsari: check(v, insn->imm <= width, "shift out of range"); break;
    case IR_vduplane: check(v, insn->imm < lanes, "no such lane"); break;
    case IR_vdup: check(v, width <= 8 * type_bytes(arg_type(v, 0)), "lane wider than the integer"); break;
    case IR_vinsl:
        check(v, insn->imm < lanes, "no such lane");
        check(v, width <= 8 * type_bytes(arg_type(v, 1)), "lane wider than the integer");
        break;
    case IR_vgetl:
        check(v, insn->imm < lanes, "no such lane");
        check(v, 1u << insn->sz <= type_bytes(insn->type), "lane wider than the result");
        break;
    case IR_vinsv: check(v, (insn->imm & 0xff) < lanes && insn->imm >> 8 < lanes, "no such lane"); break;
    case IR_vrev: check(v, insn->sz < insn->imm && insn->imm <= 3, "bad container size"); break;
    default: break;
    }
}

/* What a row says in words. */
static void check_details(Verifier *v)
{
    const IRInsn *insn = v->insn;
    switch (insn->op) {
    case IR_get: check_slot(v, insn->type); break;
    case IR_put: check_slot(v, arg_type(v, 0)); break;
    case IR_const: check(v, insn->type != IR_I32 || insn->imm <= UINT32_MAX, "an i32 constant has bits above 31"); break;
    case IR_ldenv: check(v, 1u << insn->sz <= type_bytes(insn->type), "loads more than its type holds"); break;
    case IR_stenv: check(v, 1u << insn->sz <= type_bytes(arg_type(v, 0)), "stores more than the value has"); break;
    case IR_extr: check(v, insn->imm < 8 * type_bytes(insn->type), "shift out of range"); break;
    case IR_sext: case IR_zext: check(v, insn->sz <= 2, "bad size"); break;
    case IR_bswap: check(v, insn->sz >= 1 && 1u << insn->sz <= type_bytes(insn->type), "bad size"); break;
    case IR_extract: case IR_sextract: case IR_deposit: check_field(v); break;
    case IR_setcc: case IR_select: check_cond(v, insn->aux, false); break;
    case IR_fl_add: case IR_fl_sub: case IR_fl_and: case IR_fl_adc: case IR_fl_sbb: check(v, insn->sz <= 2, "flags of no such size"); break;
    case IR_vx: case IR_vxf:
        check(v, insn->aux < IR_NB_VX && ir_vx_info[insn->aux].fp == (insn->op == IR_vxf), "not a row of vx.def for this op");
        break;
    case IR_fl_cc: case IR_fl_select: check_cond(v, insn->aux, true); break;
    case IR_br: check_cond(v, insn->sz, false), check_exit(v); break;
    case IR_fl_br: check_cond(v, insn->sz, true), check_exit(v); break;
    case IR_exit: case IR_exit_jump: check_exit(v); break;
    case IR_fence: check(v, insn->aux <= IR_FENCE_ALL, "no such fence"); break;
    case IR_call: check_call(v); break;
    case IR_fcvt: check(v, arg_type(v, 0) != insn->type, "converts a type to itself"); break;
    case IR_fround: case IR_ff2i: check(v, insn->imm <= IR_RND_CUR, "no such rounding"); break;
    case IR_fbits: check(v, type_bytes(insn->type) == type_bytes(arg_type(v, 0)), "result of another size"); break;
    case IR_bitsf: check(v, type_bytes(insn->type) == type_bytes(arg_type(v, 0)), "result of another size"); break;
    default: check_vector(v); break;
    }
}

static bool same_arg_types(const IRInsn *insn)
{
    switch (insn->op) {
    case IR_setcc: case IR_select: case IR_br: case IR_fl_add: case IR_fl_sub: case IR_fl_and: case IR_fl_adc: case IR_fl_sbb: case IR_fl_fcmp:
    case IR_fl_comis: return true;
    default: return false;
    }
}

static bool is_end(const IRInsn *insn) { return insn->op == IR_exit || insn->op == IR_exit_jump; }

static void check_insn(Verifier *v)
{
    const IRInsn *insn = v->insn;
    if (insn->op >= IR_NB_OPS) {
        fail(v, "no such operation");
        return;
    }
    if (insn->op == IR_nop)
        return;
    check_result(v);
    check_args(v);
    if (v->error)
        return;
    if (same_arg_types(insn))
        check(v, arg_type(v, 0) == arg_type(v, 1), "compares values of two types");
    const char *flags = ir_op_info[insn->op].flags;
    if (strchr(flags, 'S') && insn->op != IR_sext && insn->op != IR_zext && insn->op != IR_bswap)
        check(v, insn->sz <= 3 && lane_sizes(insn->op) >> insn->sz & 1, "bad lane size");
    if (strchr(flags, 'M') || insn->op == IR_hld)
        check_memory(v);
    else
        check_details(v);
}

/* The last insn that is not a nop ends the block, and no other does. */
static void check_shape(Verifier *v)
{
    const IRFunc *f = v->f;
    uint32_t last = f->n_insns - 1;
    while (last > 0 && f->insns[last].op == IR_nop)
        last--;
    v->index = last;
    v->insn = &f->insns[last];
    check(v, is_end(v->insn), "the block does not end with an exit");
    for (uint32_t i = 1; i < last && !v->error; i++) {
        v->index = i;
        v->insn = &f->insns[i];
        check(v, !is_end(v->insn), "insns follow the end of the block");
    }
}

char *ir_verify(const IRFunc *f)
{
    Verifier v = { .f = f, .insn = &f->insns[0] };
    check(&v, f->n_insns >= 1 && f->n_insns <= IR_MAX_INSNS && f->n_exits <= IR_MAX_EXITS && f->n_call_args <= IR_MAX_CALL_ARGS, "counts out of range");
    check(&v, f->insns[0].op == IR_nop, "insn 0 is not a nop");
    for (v.index = 1; v.index < f->n_insns && !v.error; v.index++) {
        v.insn = &f->insns[v.index];
        check_insn(&v);
    }
    if (!v.error)
        check_shape(&v);
    return v.error;
}
