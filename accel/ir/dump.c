/* SPDX-License-Identifier: MIT */
/*
 * IR as text: one insn a line, "v12 = add.i64 v3, v11". Slots are printed by name, exits in words. It prints anything, a function
 * that does not verify too.
 */
#include <inttypes.h>
#include <string.h>

#include "accel/ir/ir.h"
#include "base/bits.h"
#include "target/api/target.h"

static const char *const type_names[] = { "void", "i32", "i64", "ptr", "f32", "f64", "v128", "v256" };
static const char *const cond_names[] = { "eq", "ne", "ltu", "geu", "leu", "gtu", "lt", "ge", "le", "gt", "mi", "pl", "vs", "vc", "tstne", "tsteq", "pe", "po" };
static const char *const atomic_names[] = { "xchg", "add", "and", "or", "xor", "andn", "smax", "smin", "umax", "umin" };
static const char *const exit_names[] = { "chain", "lookup", "main", "jump", "call", "ret" };
static const char *const round_names[] = { "even", "up", "down", "zero", "away", "cur" };

#define NAME_OF(names, i) ((i) < ARRAY_SIZE(names) ? (names)[i] : "?")

static void dump_memop(IRMemOp mo, FILE *out)
{
    fprintf(out, " [%u%s idx%u", 8u << MO_SIZE(mo), mo & MO_SIGN ? "s" : "", MO_IDX(mo));
    if (MO_ALIGN(mo))
        fprintf(out, " align%u", 1u << MO_ALIGN(mo));
    fprintf(out, "%s%s%s%s%s]", mo & MO_BSWAP ? " be" : "", mo & MO_ACQ ? " acq" : "", mo & MO_ACQ_PC ? " acqpc" : "", mo & MO_REL ? " rel" : "", mo & MO_ATOM16 ? " atom16" : "");
}

static void dump_exit(const IRFunc *f, unsigned n, FILE *out)
{
    if (n >= f->n_exits) {
        fprintf(out, " exit?%u", n);
        return;
    }
    const IRExit *e = &f->exits[n];
    fprintf(out, " exit%u(%s", n, NAME_OF(exit_names, e->kind));
    if (e->kind <= IR_EXIT_MAIN) {
        if (e->dynamic_pc)
            fprintf(out, " pc");
        else
            fprintf(out, " 0x%" PRIx64, e->pc);
    }
    if (e->is_call || e->kind == IR_EXIT_CALL)
        fprintf(out, " ret 0x%" PRIx64, e->ret_pc);
    fprintf(out, ")");
}

static void dump_slot(const IRFunc *f, unsigned slot, FILE *out)
{
    if (f->target && slot < f->target->n_slots)
        fprintf(out, " %s", f->target->slots[slot].name);
    else
        fprintf(out, " slot%u", slot);
}

static void dump_call(const IRFunc *f, const IRInsn *insn, FILE *out)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)insn->imm;
    if (!h)
        return;
    fprintf(out, " %s(", h->name);
    for (unsigned i = 0; i < h->nargs && insn->aux + i < f->n_call_args; i++)
        fprintf(out, "%sv%u", i ? ", " : "", f->call_args[insn->aux + i]);
    fprintf(out, ")");
}

static bool is_memory(const IRInsn *insn) { return strchr(ir_op_info[insn->op].flags, 'M') || insn->op == IR_hld; }

/* What an op has besides its arguments. */
static void dump_details(const IRFunc *f, const IRInsn *insn, FILE *out)
{
    switch (insn->op) {
    case IR_insn_start: fprintf(out, " 0x%" PRIx64 " extra 0x%x", insn->imm, insn->aux); break;
    case IR_get: dump_slot(f, insn->aux, out); break;
    case IR_put: fprintf(out, " ->"), dump_slot(f, insn->aux, out); break;
    case IR_const: case IR_vconst: fprintf(out, " 0x%" PRIx64, insn->imm); break;
    case IR_ldenv: case IR_stenv: fprintf(out, " env+0x%" PRIx64 " [%u%s]", insn->imm, 8u << insn->sz, insn->op == IR_ldenv && insn->aux & 1 ? "s" : ""); break;
    case IR_extract: case IR_sextract: case IR_deposit: fprintf(out, " lsb %u len %u", (unsigned)(insn->imm & 0xff), (unsigned)(insn->imm >> 8 & 0xff)); break;
    case IR_vinsv: fprintf(out, " dst %u src %u", (unsigned)(insn->imm & 0xff), (unsigned)(insn->imm >> 8 & 0xff)); break;
    case IR_setcc: case IR_select: case IR_fl_cc: case IR_fl_select: fprintf(out, " %s", NAME_OF(cond_names, insn->aux)); break;
    case IR_fl_add: case IR_fl_sub: case IR_fl_and: case IR_fl_adc: case IR_fl_sbb:
        fprintf(out, "%s%s", insn->sz == 1 ? " byte" : insn->sz == 2 ? " word" : "", insn->aux & IR_FL_INVC ? " invc" : "");
        break;
    case IR_vx: case IR_vxf: fprintf(out, " %s #%" PRIu64, insn->aux < IR_NB_VX ? ir_vx_info[insn->aux].name : "?", insn->imm); break;
    case IR_fl_comis: case IR_fl_fcmp: fprintf(out, "%s", insn->aux & 2 ? " signalling" : ""); break;
    case IR_fence: fprintf(out, " 0x%x", insn->aux); break;
    case IR_call: dump_call(f, insn, out); break;
    case IR_br: case IR_fl_br: fprintf(out, " %s", NAME_OF(cond_names, insn->sz)); dump_exit(f, insn->aux, out); break;
    case IR_exit: case IR_exit_jump: dump_exit(f, insn->aux, out); break;
    case IR_fround: case IR_ff2i: fprintf(out, " %s%s", NAME_OF(round_names, insn->imm), insn->aux & 1 ? (insn->op == IR_ff2i ? " signed" : " exact") : ""); break;
    case IR_fi2f: fprintf(out, "%s", insn->aux & 1 ? " signed" : ""); break;
    case IR_vgetl: fprintf(out, " lane %u%s", (unsigned)insn->imm, insn->aux & 1 ? " signed" : ""); break;
    case IR_vfmla: fprintf(out, "%s", insn->aux & 1 ? " negated" : ""); break;
    default:
        if (insn->imm && !is_memory(insn))
            fprintf(out, " #%" PRIu64, insn->imm);
        break;
    }
    if (insn->op == IR_atom_rmw)
        fprintf(out, " %s", NAME_OF(atomic_names, insn->sz));
    if (is_memory(insn)) {
        if (insn->imm)
            fprintf(out, " %+" PRId64, (int64_t)insn->imm);
        dump_memop(insn->aux, out);
    }
}

static void dump_insn(const IRFunc *f, unsigned i, FILE *out)
{
    const IRInsn *insn = &f->insns[i];
    if (insn->op >= IR_NB_OPS) {
        fprintf(out, "  v%u = op?%u\n", i, insn->op);
        return;
    }
    const IROpInfo *info = &ir_op_info[insn->op];
    if (insn->op == IR_insn_start)
        fprintf(out, " ");
    fprintf(out, "  ");
    if (info->result != '-' && insn->type != IR_VOID)
        fprintf(out, "v%u = ", i);
    fprintf(out, "%s", info->name);
    if (info->result == 'T' && insn->type != IR_VOID)
        fprintf(out, ".%s", NAME_OF(type_names, insn->type));
    if (strchr(info->flags, 'S') || insn->op == IR_sext || insn->op == IR_zext)
        fprintf(out, ".%u", 8u << (insn->sz & 7));
    unsigned n_args = strlen(info->args);
    for (unsigned k = 0; k < n_args; k++)
        fprintf(out, "%s v%u", k ? "," : "", insn->arg[k]);
    dump_details(f, insn, out);
    fprintf(out, "\n");
}

void ir_dump(const IRFunc *f, FILE *out)
{
    fprintf(out, "block 0x%" PRIx64 " flags 0x%" PRIx64 "\n", f->pc, f->flags);
    for (unsigned i = 1; i < f->n_insns; i++) {
        if (f->insns[i].op != IR_nop)
            dump_insn(f, i, out);
    }
}
