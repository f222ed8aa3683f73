/* SPDX-License-Identifier: MIT */
/* Random blocks of IR: see random_ir.h. Ops are drawn from ops.def; their arguments by the letters of their rows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "accel/ir/builder.h"
#include "accel/ir/helper.h"
#include "base/bits.h"
#include "tests/unit/ir/random_ir.h"

#define STATE_OFFSET(field) (offsetof(RandomCPU, state) + offsetof(RandomState, field))
#define X(n) { "x" #n, STATE_OFFSET(x) + 8 * n, IR_I64, 1 }
#define V(n) { "v" #n, STATE_OFFSET(v) + 16 * n, IR_V128, 0 }
static const IRSlot slots[] = {
    X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15), X(16), X(17), X(18), X(19),
    { "flags", STATE_OFFSET(flags), IR_I32, 0 },
    V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9),
};
#undef X
#undef V

static bool jump_is_global(uint64_t va, uint64_t flags) { return va >> 63; }

const TargetOps random_ir_target = {
    .name = "random",
    .slots = slots,
    .n_slots = ARRAY_SIZE(slots),
    .n_mmu_modes = 1,
    .pc_offset = STATE_OFFSET(pc),
    .jump_is_global = jump_is_global,
};

uint64_t random_next(uint64_t *rng)
{
    uint64_t z = (*rng += 0x9e3779b97f4a7c15ull);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* ---- helpers that blocks call ---- */
static uint64_t helper_mix(uint64_t a, uint32_t b) { return (a ^ b) * 0x9e3779b97f4a7c15ull; }

static uint64_t helper_sum_slots(CPUState *cpu, uint64_t a)
{
    RandomCPU *r = (RandomCPU *)cpu;
    r->helper_calls++;
    for (unsigned i = 0; i < RANDOM_NB_X; i++)
        a += r->state.x[i] * (2 * i + 1);
    return a;
}

static void helper_rotate_slots(CPUState *cpu, const V128 *v)
{
    RandomState *s = &((RandomCPU *)cpu)->state;
    uint64_t first = s->x[0];
    memmove(&s->x[0], &s->x[1], (RANDOM_NB_X - 1) * sizeof(s->x[0]));
    s->x[RANDOM_NB_X - 1] = first ^ v->u64[0];
    s->v[1] = *v;
    s->flags ^= IR_FL_C;
}

static void helper_swap_halves(V128 *d, const V128 *a) { *d = (V128){ .u64 = { a->u64[1], a->u64[0] } }; }

#define HELPERS(H) \
    H(mix, IR_CALL_PURE, IR_I64, 2, IR_I64, IR_I32) \
    H(sum_slots, IR_CALL_ENV | IR_CALL_READS, IR_I64, 1, IR_I64) \
    H(rotate_slots, IR_CALL_ENV | IR_CALL_READS | IR_CALL_WRITES, IR_VOID, 1, IR_V128) \
    H(swap_halves, IR_CALL_PURE, IR_V128, 1, IR_V128)
#define DEFINE(...) static IR_HELPER_DEFINE(__VA_ARGS__)
HELPERS(DEFINE)
#undef DEFINE

/* ---- the CPU ---- */
RandomCPU *random_cpu_new(void)
{
    RandomCPU *cpu = aligned_alloc(64, ALIGN_UP(sizeof(RandomCPU), 64));
    memset(cpu, 0, sizeof(*cpu));
    cpu->parent.target = &random_ir_target;
    cpu->parent.tlb[0] = (CPUTLBFast){ .mask = (ARRAY_SIZE(cpu->tlb) - 1) << CPU_TLB_ENTRY_BITS, .table = cpu->tlb };
    for (unsigned i = 0; i < ARRAY_SIZE(cpu->tlb); i++)
        cpu->tlb[i] = (CPUTLBEntry){ ~0ull, ~0ull, ~0ull, 0 };
    for (uint64_t page = 0; page < RANDOM_RAM_SIZE; page += 4096) {
        uint64_t va = RANDOM_RAM_BASE + page;
        cpu->tlb[(va >> 12) % ARRAY_SIZE(cpu->tlb)] = (CPUTLBEntry){ va, va, ~0ull, (uintptr_t)cpu->state.ram - RANDOM_RAM_BASE };
    }
    for (unsigned i = 0; i < CPU_JUMP_CACHE_SIZE; i++)
        cpu->parent.jump_cache[i].tag = ~0ull;
    for (unsigned i = 0; i < CPU_RETURN_STACK_SIZE; i++)
        cpu->parent.return_stack[i].tag = ~0ull;
    return cpu;
}

static uint64_t random_value(uint64_t *rng)
{
    static const uint64_t special[] = { 0, 1, 2, 8, 31, 32, 63, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
                                        0x7fffffffffffffff, 0x8000000000000000, ~0ull, ~0ull - 1, RANDOM_RAM_BASE };
    uint64_t r = random_next(rng);
    switch (r & 3) {
    case 0: return special[(r >> 8) % ARRAY_SIZE(special)];
    case 1: return (uint64_t)(int64_t)(int8_t)(r >> 8);
    default: return random_next(rng);
    }
}

void random_cpu_fill(RandomCPU *cpu, uint64_t seed)
{
    RandomState *s = &cpu->state;
    memset(s, 0, sizeof(*s));
    for (unsigned i = 0; i < RANDOM_NB_X; i++)
        s->x[i] = random_value(&seed);
    for (unsigned i = 0; i < RANDOM_NB_V; i++)
        for (unsigned half = 0; half < 2; half++)
            s->v[i].u64[half] = random_value(&seed);
    s->flags = random_next(&seed) & (IR_FL_ALL);
    for (unsigned i = 0; i < RANDOM_RAM_SIZE; i += 64)
        s->ram[i] = random_next(&seed);
    cpu->helper_calls = 0;
}

/* ---- building ---- */
typedef struct Gen {
    IRFunc *f;
    uint64_t rng;
    unsigned features;
    IRRef by_type[IR_V256][256]; /* ring of recent values of each type */
    unsigned count[IR_V256];
} Gen;

static uint64_t pick(Gen *g, uint64_t n) { return random_next(&g->rng) % n; }

static IRRef note(Gen *g, IRRef r)
{
    IRType t = ir_type(g->f, r);
    if (r && t != IR_VOID)
        g->by_type[t][g->count[t]++ % 256] = r;
    return r;
}

static IRRef fresh_value(Gen *g, IRType t)
{
    IRFunc *f = g->f;
    bool constant = pick(g, 3) == 0;
    switch (t) {
    case IR_I32: case IR_I64:
        if (constant)
            return note(g, ir_int(f, t, random_value(&g->rng)));
        return note(g, ir_get(f, t, pick(g, RANDOM_NB_X)));
    case IR_V128:
        return note(g, constant ? ir_vconst(f, random_value(&g->rng)) : ir_get(f, t, RANDOM_SLOT_V + pick(g, RANDOM_NB_V)));
    default:
        return note(g, ir_get(f, t, RANDOM_SLOT_V + pick(g, RANDOM_NB_V)));
    }
}

static IRRef value(Gen *g, IRType t)
{
    unsigned n = MIN_OF(g->count[t], 256);
    if (n == 0 || pick(g, 5) == 0)
        return fresh_value(g, t);
    unsigned age = pick(g, 1 + pick(g, n)); /* the recent more often */
    return g->by_type[t][(g->count[t] - 1 - age) % 256];
}

static IRType int_type(Gen *g) { return pick(g, 2) ? IR_I64 : IR_I32; }
static IRType float_type(Gen *g) { return pick(g, 2) ? IR_F64 : IR_F32; }
static IRType any_type(Gen *g)
{
    switch (g->features & RANDOM_VECTORS ? pick(g, 6) : 0) {
    case 4: return float_type(g);
    case 5: return IR_V128;
    default: return int_type(g);
    }
}

static IRCond pair_cond(Gen *g) { unsigned c = pick(g, 12); return c < 10 ? c : IR_TSTNE + (c - 10); }
static IRCond flags_cond(Gen *g)
{
    unsigned cc = pick(g, 16);
    return cc < 14 ? cc : IR_PE + (cc & 1);
}

static bool drawable(Gen *g, IROp op)
{
    const IROpInfo *info = &ir_op_info[op];
    return strchr(info->flags, 'P') && op != IR_get && op != IR_const && op != IR_vconst && (op < IR_fabs || g->features & RANDOM_VECTORS);
}

static unsigned lane_size(Gen *g, IROp op)
{
    switch (op) {
    case IR_vmul: case IR_vsxtl: case IR_vuxtl: case IR_vxtn: case IR_sext: case IR_zext: case IR_vrev: return pick(g, 3);
    case IR_vuavg: return pick(g, 2);
    case IR_vmask: return pick(g, 2) ? 0 : 2 + pick(g, 2);
    default: return pick(g, 4);
    }
}

static IRType result_type(Gen *g, IROp op)
{
    switch (ir_op_info[op].result) {
    case 'i': return IR_I32;
    case 'v': return IR_V128;
    default: break;
    }
    switch (op) {
    case IR_mov: case IR_select: case IR_fl_select: return any_type(g);
    case IR_fabs: case IR_fneg: case IR_bitsf: case IR_vlow: return float_type(g);
    default: return int_type(g);
    }
}

/* Fills in what an op has besides arguments. */
static void draw_details(Gen *g, IRInsn *insn)
{
    unsigned width = insn->type == IR_I32 ? 32 : 64, lanes = 16u >> insn->sz, lane_width = 8u << insn->sz;
    unsigned lsb = pick(g, width);

    switch (insn->op) {
    case IR_extr: insn->imm = pick(g, width); break;
    case IR_bswap: insn->sz = 1 + pick(g, insn->type == IR_I32 ? 2 : 3); break;
    case IR_extract: case IR_sextract: case IR_deposit: insn->imm = lsb | (1 + pick(g, width - lsb)) << 8; break;
    case IR_setcc: case IR_select: insn->aux = pair_cond(g); break;
    case IR_fl_cc: case IR_fl_select: insn->aux = flags_cond(g); break;
    case IR_fl_add: case IR_fl_sub: case IR_fl_and: case IR_fl_adc: case IR_fl_sbb: insn->aux = pick(g, 2), insn->sz = pick(g, 3); break;
    case IR_vx:
        do
            insn->aux = pick(g, IR_NB_VX);
        while (ir_vx_info[insn->aux].fp);
        insn->imm = ir_vx_info[insn->aux].imm ? pick(g, 256) : 0;
        break;
    case IR_vshli: insn->imm = pick(g, lane_width); break;
    case IR_vshri: case IR_vsari: insn->imm = pick(g, lane_width + 1); break;
    case IR_vrev: insn->imm = insn->sz + 1 + pick(g, 3 - insn->sz); break;
    case IR_vgetl:
        insn->sz = pick(g, insn->type == IR_I32 ? 3 : 4);
        insn->imm = pick(g, 16u >> insn->sz);
        insn->aux = pick(g, 2);
        break;
    case IR_vduplane: case IR_vinsl: insn->imm = pick(g, lanes); break;
    case IR_vinsv: insn->imm = pick(g, lanes * lanes), insn->imm = insn->imm % lanes | insn->imm / lanes << 8; break;
    case IR_vext: insn->imm = pick(g, 16); break;
    default: break;
    }
}

/* A flags value. Hosts may leave anything in its other bits, so that only IR_FL_ALL goes among the integers. */
static IRRef flags_value(Gen *g)
{
    unsigned kind = pick(g, 4), inverted = pick(g, 2);
    IRType t = int_type(g);
    IRRef a = value(g, t), b = value(g, t), fl;
    switch (kind) {
    case 0: fl = ir_fl_sub(g->f, a, b, inverted); break;
    case 1: fl = ir_fl_add(g->f, a, b, inverted); break;
    case 2: fl = ir_fl_and(g->f, a, b, inverted); break;
    default: fl = ir_get(g->f, IR_I32, RANDOM_SLOT_FLAGS); break;
    }
    if (pick(g, 4) == 0)
        note(g, ir_and(g->f, fl, ir_i32(g->f, IR_FL_ALL)));
    return fl;
}

static bool is_pair_op(IROp op)
{
    return op == IR_setcc || op == IR_select || op == IR_fl_add || op == IR_fl_sub || op == IR_fl_and || op == IR_fl_adc || op == IR_fl_sbb;
}

static IRRef draw_arg(Gen *g, const IRInsn *insn, char letter, IRType pair_type, unsigned k)
{
    if ((insn->op == IR_vdup || insn->op == IR_vinsl) && letter == 'N' && insn->sz == 3)
        letter = 'l';
    switch (letter) {
    case 'T': return value(g, insn->type);
    case 'N': return value(g, insn->op == IR_bitsf ? (insn->type == IR_F32 ? IR_I32 : IR_I64) : is_pair_op(insn->op) ? pair_type : int_type(g));
    case 'F': return value(g, insn->op == IR_fbits ? (insn->type == IR_I32 ? IR_F32 : IR_F64) : float_type(g));
    case 'l': return value(g, IR_I64);
    case 'v': return value(g, IR_V128);
    default: /* i: flags, or a carry */
        return k == 0 && insn->op != IR_trunc ? flags_value(g) : ir_extract(g->f, value(g, IR_I32), 0, 1);
    }
}

static void draw_op(Gen *g)
{
    IRInsn insn = { 0 };
    do {
        insn.op = pick(g, IR_NB_OPS);
    } while (!drawable(g, insn.op));
    insn.type = result_type(g, insn.op);
    if (strchr(ir_op_info[insn.op].flags, 'S'))
        insn.sz = lane_size(g, insn.op);
    draw_details(g, &insn);
    IRType pair_type = int_type(g);
    const char *args = ir_op_info[insn.op].args;
    for (unsigned k = 0; args[k]; k++)
        insn.arg[k] = draw_arg(g, &insn, args[k], pair_type, k);
    IRRef r = ir_emit(g->f, insn.op, insn.type, insn.arg[0], insn.arg[1], insn.arg[2], insn.arg[3], insn.sz, insn.aux, insn.imm);
    if (insn.op == IR_fl_adc || insn.op == IR_fl_sbb)
        note(g, ir_and(g->f, r, ir_i32(g->f, IR_FL_ALL)));
    else if (insn.op != IR_fl_add && insn.op != IR_fl_sub && insn.op != IR_fl_and)
        note(g, r);
}

static void draw_put(Gen *g)
{
    unsigned slot, kind = g->features & RANDOM_VECTORS ? pick(g, 8) : pick(g, 6);
    if (kind == 0)
        ir_put(g->f, RANDOM_SLOT_FLAGS, flags_value(g));
    else if (kind < 6)
        slot = pick(g, RANDOM_NB_X), ir_put(g->f, slot, value(g, int_type(g)));
    else
        slot = RANDOM_SLOT_V + pick(g, RANDOM_NB_V), ir_put(g->f, slot, value(g, kind == 6 ? IR_V128 : float_type(g)));
}

/* Mostly within the RAM, by way of sums with constants; now and then anywhere. */
static IRRef draw_address(Gen *g)
{
    IRRef a = value(g, IR_I64);
    if (pick(g, 8) == 0)
        return a;
    a = ir_and(g->f, a, ir_i64(g->f, pick(g, 2) ? 0x1ff8 : 0xfff)); /* one draw a line: C leaves the order of arguments open */
    return note(g, ir_add(g->f, a, ir_i64(g->f, RANDOM_RAM_BASE + pick(g, 0x1000))));
}

static void draw_memory(Gen *g)
{
    IRFunc *f = g->f;
    IRRef a = draw_address(g);
    int64_t disp = pick(g, 3) ? (int64_t)pick(g, 0x400) : 0;
    IRType t = any_type(g);
    unsigned whole = t == IR_V128 ? MO_128 : t == IR_I64 || t == IR_F64 ? MO_64 : MO_32;
    bool integer = t == IR_I32 || t == IR_I64;
    unsigned size = integer ? pick(g, whole + 1) : whole;
    IRMemOp mo = size | (integer && pick(g, 2) ? MO_SIGN : 0);

    switch (pick(g, 5)) {
    case 0: case 1: note(g, ir_ld(f, t, a, disp, mo)); break;
    case 2: ir_st(f, a, disp, value(g, t), size); break;
    case 3: {
        IRRef v = value(g, t), w = value(g, t);
        ir_st2(f, a, disp, v, w, size);
        break;
    }
    default: {
        IRRef p = ir_ldptr(f, a, disp, size + 1);
        note(g, ir_hld(f, t, p, 0, mo));
        note(g, ir_hld(f, t, p, 1u << size, mo));
        break;
    }
    }
}

static void draw_call(Gen *g)
{
    switch (pick(g, g->features & RANDOM_VECTORS ? 4 : 2)) {
    case 0: {
        IRRef a = value(g, IR_I64);
        note(g, ir_call(g->f, &ir_helper_mix, a, value(g, IR_I32)));
        break;
    }
    case 1: note(g, ir_call(g->f, &ir_helper_sum_slots, value(g, IR_I64))); break;
    case 2: ir_call(g->f, &ir_helper_rotate_slots, value(g, IR_V128)); break;
    default: note(g, ir_call(g->f, &ir_helper_swap_halves, value(g, IR_V128))); break;
    }
}

static unsigned chain_exit(Gen *g) { return ir_add_exit(g->f, (IRExit){ .kind = IR_EXIT_CHAIN, .pc = g->f->pc + 0x10000 + 0x1000 * g->f->n_exits }); }

static void draw_branch(Gen *g)
{
    if (g->f->n_exits >= IR_MAX_EXITS - 1)
        return;
    if (pick(g, 2)) {
        IRType t = int_type(g);
        IRRef a = value(g, t), b = value(g, t);
        IRCond cc = pair_cond(g);
        ir_br(g->f, cc, a, b, chain_exit(g));
    } else {
        IRRef fl = flags_value(g);
        IRCond cc = flags_cond(g);
        ir_fl_br(g->f, cc, fl, chain_exit(g));
    }
}

void random_ir_build(IRFunc *f, uint64_t seed, unsigned n_insns, unsigned features)
{
    Gen g = { .f = f, .rng = seed, .features = features };
    ir_reset(f, &random_ir_target, 0x80000, 0);
    ir_insn_start(f, f->pc, 0);
    f->n_guest = 1;
    while (f->n_insns < n_insns) {
        unsigned k = pick(&g, 32);
        if (k < 7)
            draw_put(&g);
        else if (k < 11 && features & RANDOM_MEMORY)
            draw_memory(&g);
        else if (k == 11 && features & RANDOM_CALLS)
            draw_call(&g);
        else if (k == 12 && features & RANDOM_BRANCHES && pick(&g, 3) == 0)
            draw_branch(&g);
        else
            draw_op(&g);
    }
    for (unsigned i = 0; i < 6; i++)
        draw_put(&g);
    ir_exit(f, chain_exit(&g));
}

char *random_state_diff(const RandomState *a, const RandomState *b, bool flags_only)
{
    uint32_t mask = flags_only ? IR_FL_ALL : UINT32_MAX;
    for (unsigned i = 0; i < RANDOM_NB_X; i++) {
        if (a->x[i] != b->x[i])
            return g_strdup_printf("x%u: 0x%" PRIx64 " and 0x%" PRIx64, i, a->x[i], b->x[i]);
    }
    for (unsigned i = 0; i < RANDOM_NB_V; i++) {
        if (memcmp(&a->v[i], &b->v[i], 16))
            return g_strdup_printf("v%u: %016" PRIx64 "%016" PRIx64 " and %016" PRIx64 "%016" PRIx64, i, a->v[i].u64[1], a->v[i].u64[0], b->v[i].u64[1], b->v[i].u64[0]);
    }
    if ((a->flags ^ b->flags) & mask)
        return g_strdup_printf("flags: 0x%x and 0x%x", a->flags, b->flags);
    if (a->pc != b->pc)
        return g_strdup_printf("pc: 0x%" PRIx64 " and 0x%" PRIx64, a->pc, b->pc);
    for (unsigned i = 0; i < RANDOM_RAM_SIZE; i++) {
        if (a->ram[i] != b->ram[i])
            return g_strdup_printf("ram+0x%x: 0x%x and 0x%x", i, a->ram[i], b->ram[i]);
    }
    return NULL;
}
