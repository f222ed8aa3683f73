/* SPDX-License-Identifier: MIT */
/* The made-up guest: memory, slow paths that check the state they find, and the reference evaluator. */
#include "tests/unit/host/fake.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/mmu/mmu.h"
#include "base/bits.h"

FakeCPU fake_cpu;
FakeState fake_expected[TB_MAX_GUEST_INSNS + 1];
bool fake_check_slow;
const TranslationBlock *fake_tb;
unsigned fake_slow_calls;
CodeBuf fake_code;
static uint8_t *code_start;

/* ---- slow paths ---- */
static void check(uintptr_t ra)
{
    fake_slow_calls++;
    if (!fake_check_slow)
        return;
    uint32_t offset = (uint32_t)(ra - (uintptr_t)fake_tb->code);
    for (unsigned n = 0; n < fake_tb->n_unwind; n++) {
        if (fake_tb->unwind[n].host_offset != offset)
            continue;
        const FakeState *want = &fake_expected[fake_tb->unwind[n].guest_insn];
        for (unsigned i = 0; i < 32; i++)
            g_assert_cmphex(fake_cpu.s.x[i], ==, want->x[i]);
        for (unsigned i = 0; i < 32; i++)
            g_assert_cmpmem(&fake_cpu.s.v[i], 16, &want->v[i], 16);
        g_assert_cmphex(fake_cpu.s.flags & IR_FL_ALL, ==, want->flags & IR_FL_ALL);
        return;
    }
    g_assert_not_reached();
}

static uint64_t extend(uint64_t v, IRMemOp mo)
{
    unsigned bits = 8u << MO_SIZE(mo);
    return mo & MO_SIGN ? (uint64_t)sextract64(v, 0, bits) : extract64(v, 0, bits);
}

static uint64_t swap(uint64_t v, IRMemOp mo)
{
    return mo & MO_BSWAP ? __builtin_bswap64(v) >> (64 - (8 << MO_SIZE(mo))) : v;
}

static uint64_t load(const uint8_t *mem, uint64_t va, IRMemOp mo)
{
    uint64_t v = 0;
    memcpy(&v, mem + (va - FAKE_MEM_BASE), 1u << MO_SIZE(mo));
    return extend(swap(v, mo), mo);
}

static void store(uint8_t *mem, uint64_t va, uint64_t v, IRMemOp mo)
{
    v = swap(v, mo);
    memcpy(mem + (va - FAKE_MEM_BASE), &v, 1u << MO_SIZE(mo));
}

uint64_t mmu_ld_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    return load(fake_cpu.mem, va, mo);
}
void mmu_st_slow(CPUState *cpu, uint64_t va, uint64_t v, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    store(fake_cpu.mem, va, v, mo);
}
void mmu_ld16_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra, V128 *out)
{
    check(ra);
    memcpy(out, fake_cpu.mem + (va - FAKE_MEM_BASE), 16);
}
void mmu_st16_slow(CPUState *cpu, uint64_t va, const V128 *v, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    memcpy(fake_cpu.mem + (va - FAKE_MEM_BASE), v, 16);
}
void *mmu_ldptr_slow(CPUState *cpu, uint64_t va, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    memcpy(cpu->bounce, fake_cpu.mem + (va - FAKE_MEM_BASE), 1u << MO_SIZE(mo));
    return cpu->bounce;
}
void mmu_st2_slow(CPUState *cpu, uint64_t va, const V128 *v, const V128 *w, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    unsigned n = 1u << MO_SIZE(mo);
    memcpy(fake_cpu.mem + (va - FAKE_MEM_BASE), v, n);
    memcpy(fake_cpu.mem + (va - FAKE_MEM_BASE) + n, w, n);
}

static uint64_t combine(IRAtomic op, uint64_t old, uint64_t v, unsigned size)
{
    unsigned bits = 8u << size;
    int64_t so = sextract64(old, 0, bits), sv = sextract64(v, 0, bits);
    uint64_t uo = extract64(old, 0, bits), uv = extract64(v, 0, bits);
    switch (op) {
    case IR_AT_XCHG: return v;
    case IR_AT_ADD: return old + v;
    case IR_AT_AND: return old & v;
    case IR_AT_OR: return old | v;
    case IR_AT_XOR: return old ^ v;
    case IR_AT_ANDN: return old & ~v;
    case IR_AT_SMAX: return so > sv ? uo : uv;
    case IR_AT_SMIN: return so < sv ? uo : uv;
    case IR_AT_UMAX: return uo > uv ? uo : uv;
    default: return uo < uv ? uo : uv;
    }
}

static uint64_t rmw(uint8_t *mem, uint64_t va, IRAtomic op, uint64_t v, IRMemOp mo)
{
    IRMemOp plain = mo & ~MO_SIGN;
    uint64_t old = load(mem, va, plain);
    store(mem, va, combine(op, old, v, MO_SIZE(mo)), plain);
    return old;
}

static uint64_t cas(uint8_t *mem, uint64_t va, uint64_t e, uint64_t d, IRMemOp mo)
{
    IRMemOp plain = mo & ~MO_SIGN;
    uint64_t old = load(mem, va, plain);
    if (old == extract64(e, 0, 8u << MO_SIZE(mo)))
        store(mem, va, d, plain);
    return old;
}

static V128 cas16(uint8_t *mem, uint64_t va, const V128 *e, const V128 *d, IRMemOp mo)
{
    uint8_t *p = mem + (va - FAKE_MEM_BASE);
    V128 old, seen, new = *d;
    memcpy(&old, p, 16);
    seen = old;
    if (mo & MO_BSWAP) {
        seen = (V128){ .u64 = { __builtin_bswap64(old.u64[1]), __builtin_bswap64(old.u64[0]) } };
        new = (V128){ .u64 = { __builtin_bswap64(d->u64[1]), __builtin_bswap64(d->u64[0]) } };
    }
    if (!memcmp(&seen, e, 16))
        memcpy(p, &new, 16);
    return seen;
}

uint64_t mmu_atom_rmw(CPUState *cpu, uint64_t va, IRAtomic op, uint64_t v, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    return rmw(fake_cpu.mem, va, op, v, mo);
}
uint64_t mmu_atom_cas(CPUState *cpu, uint64_t va, uint64_t e, uint64_t d, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    return cas(fake_cpu.mem, va, e, d, mo);
}
V128 mmu_atom_cas16(CPUState *cpu, uint64_t va, const V128 *e, const V128 *d, IRMemOp mo, uintptr_t ra)
{
    check(ra);
    return cas16(fake_cpu.mem, va, e, d, mo);
}

uint64_t tb_jump_tag(const TargetOps *target, uint64_t pc, uint64_t flags, uint64_t ctx)
{
    return pc ^ (flags + 1) << 52 ^ (target->jump_is_global(pc, flags) ? 0 : ctx);
}

/* ---- helpers ---- */
uint64_t fake_pure(uint64_t a, uint32_t b, uint64_t c) { return a * 3 + b - (c >> 3); }
void fake_reads(CPUState *cpu, uint64_t a) { check((uintptr_t)__builtin_return_address(0)); }
uint64_t fake_writes(CPUState *cpu, uint64_t a, uint32_t b)
{
    FakeState *s = &((FakeCPU *)cpu)->s;
    s->x[0] += a;
    s->x[20] ^= b;
    s->x[5] = s->x[6];
    s->v[3] = s->v[4];
    return s->x[1] + s->x[21];
}
void fake_vec(V128 *out, const V128 *a, const V128 *b, uint64_t x)
{
    V128 r;
    r.u64[0] = a->u64[0] + b->u64[1];
    r.u64[1] = a->u64[1] ^ x;
    *out = r;
}
uint64_t fake_many(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    return a + 2 * b + 3 * c + 5 * d + 7 * e + 11 * f;
}
const IRHelper fake_helper_pure = { "pure", (void (*)(void))fake_pure, IR_CALL_PURE, IR_I64, 3, { IR_I64, IR_I32, IR_I64 } };
const IRHelper fake_helper_reads = { "reads", (void (*)(void))fake_reads, IR_CALL_ENV | IR_CALL_READS, IR_VOID, 1, { IR_I64 } };
const IRHelper fake_helper_writes = { "writes", (void (*)(void))fake_writes, IR_CALL_ENV | IR_CALL_WRITES, IR_I64, 2, { IR_I64, IR_I32 } };
const IRHelper fake_helper_vec = { "vec", (void (*)(void))fake_vec, IR_CALL_PURE, IR_V128, 3, { IR_V128, IR_V128, IR_I64 } };
const IRHelper fake_helper_many = { "many", (void (*)(void))fake_many, IR_CALL_PURE, IR_I64, 6, { IR_I64, IR_I64, IR_I64, IR_I64, IR_I64,
    IR_I64 } };

/* ---- target ---- */
static IRSlot slots[FAKE_NB_SLOTS];
static bool jump_is_global(uint64_t va, uint64_t flags) { return va >> 63; }
const TargetOps fake_target = {
    .name = "fake", .slots = slots, .n_slots = FAKE_NB_SLOTS, .n_mmu_modes = 1, .pc_offset = offsetof(FakeCPU, s.pc),
        .jump_is_global = jump_is_global,
    .fp = &fake_fp_ops,
};

void fake_init(void)
{
    static const uint8_t pins[32] = { [0] = 20, 19, 18, 17, [19] = 16, 15, [29] = 14, [31] = 13, [8] = 12 };
    for (unsigned i = 0; i < 32; i++) {
        slots[i] = (IRSlot){ "x", offsetof(FakeCPU, s.x) + i * 8, IR_I64, pins[i] };
        slots[FAKE_V0 + i] = (IRSlot){ "v", offsetof(FakeCPU, s.v) + i * 16, IR_V128, 0 };
    }
    slots[FAKE_FLAGS] = (IRSlot){ "flags", offsetof(FakeCPU, s.flags), IR_I32, 0 };
    size_t size = 1 << 24;
    int fd = memfd_create("code", 0);
    g_assert(fd >= 0 && !ftruncate(fd, (off_t)size));
    uint8_t *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint8_t *rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    g_assert(rw != MAP_FAILED && rx != MAP_FAILED);
    fake_code = (CodeBuf){ rw, rw + size, rx - rw };
    g_assert(host_ops_x86_64.init(&fake_code, &fake_target, NULL));
    code_start = fake_code.rw;
    CPUState *cpu = &fake_cpu.parent;
    fake_cpu.mxcsr = 0x1f80;
    memset(cpu->jump_cache, 0xff, sizeof(cpu->jump_cache));
    memset(cpu->return_stack, 0xff, sizeof(cpu->return_stack));
    for (unsigned i = 0; i < 2; i++) {
        uint64_t va = FAKE_MEM_BASE + i * 4096;
        fake_cpu.tlb[i] = (CPUTLBEntry){ va, va, ~0ull, (uintptr_t)fake_cpu.mem - FAKE_MEM_BASE };
    }
    cpu->tlb[0] = (CPUTLBFast){ 1 << CPU_TLB_ENTRY_BITS, fake_cpu.tlb };
}

void fake_code_reset(void) { fake_code.rw = code_start; }

/* Blocks of one test may be linked: each has links of its own, never freed. */
void fake_compile(const IRFunc *f, TranslationBlock *tb)
{
    if (!tb->links)
        tb->links = g_new0(TBLink, TB_MAX_LINKS);
    for (unsigned i = 0; i < TB_MAX_LINKS; i++)
        tb->links[i].from = tb;
    g_assert(host_ops_x86_64.compile(f, tb, &fake_code));
}

void fake_patch(TranslationBlock *tb, unsigned n, const TranslationBlock *to)
{
    host_ops_x86_64.patch(tb, n, to, (uint8_t *)(uintptr_t)tb->code - fake_code.rx_delta);
}

uint64_t fake_run(const TranslationBlock *tb)
{
    fake_tb = tb;
    return host_ops_x86_64.enter(&fake_cpu.parent, tb->code);
}

uint64_t fake_compile_run(IRFunc *f, TranslationBlock *tb)
{
    fake_code_reset();
    fake_compile(f, tb);
    return fake_run(tb);
}

/* ---- reference ---- */
typedef struct Ref { const IRFunc *f; FakeState *s; uint8_t *mem; V128 val[IR_MAX_INSNS]; } Ref;

static uint64_t i64(Ref *r, IRRef v) { return ir_type(r->f, v) == IR_I32 ? r->val[v].u32[0] : r->val[v].u64[0]; }

static void set(Ref *r, IRRef i, uint64_t v)
{
    unsigned t = r->f->insns[i].type;
    r->val[i].u64[0] = t == IR_I32 || t == IR_F32 ? (uint32_t)v : v;
    r->val[i].u64[1] = 0;
}

static void *slot_ptr(Ref *r, unsigned slot)
{
    return slot < 32 ? (void *)&r->s->x[slot] : slot == FAKE_FLAGS ? (void *)&r->s->flags : (void *)&r->s->v[slot - FAKE_V0];
}

static void do_call(Ref *r, IRRef i)
{
    const IRInsn *in = &r->f->insns[i];
    const IRHelper *h = (const IRHelper *)(uintptr_t)in->imm;
    const IRRef *a = r->f->call_args + in->aux;
    if (h == &fake_helper_pure)
        set(r, i, fake_pure(i64(r, a[0]), (uint32_t)i64(r, a[1]), i64(r, a[2])));
    else if (h == &fake_helper_writes)
        set(r, i, fake_writes((CPUState *)(void *)((char *)r->s - offsetof(FakeCPU, s)), i64(r, a[0]), (uint32_t)i64(r, a[1])));
    else if (h == &fake_helper_vec)
        fake_vec(&r->val[i], &r->val[a[0]], &r->val[a[1]], i64(r, a[2]));
    else if (h == &fake_helper_many)
        set(r, i, fake_many(i64(r, a[0]), i64(r, a[1]), i64(r, a[2]), i64(r, a[3]), i64(r, a[4]), i64(r, a[5])));
}

static uint64_t fp_op(Ref *r, const IRInsn *in)
{
    CPUState *cpu = &fake_cpu.parent;
    bool d = ir_type(r->f, in->arg[0]) == IR_F64;
    uint64_t m = d ? ~0ull : 0xffffffffu, a = r->val[in->arg[0]].u64[0] & m, b = r->val[in->arg[1]].u64[0] & m;
    if (in->op == IR_fadd)
        return fake_fp_ops.add[d](cpu, a, b);
    return in->op == IR_fmul ? fake_fp_ops.mul[d](cpu, a, b) : fake_fp_ops.cmp[d](cpu, a, b, false);
}

static void do_mem(Ref *r, IRRef i)
{
    const IRInsn *in = &r->f->insns[i];
    uint64_t va = i64(r, in->arg[0]) + in->imm;
    unsigned n = 1u << MO_SIZE(in->aux);
    uint8_t *p = r->mem + (va - FAKE_MEM_BASE);
    if (g_getenv("DUMP_SEED"))
        g_printerr("v%u at %lx: %lx\n", i, va, i64(r, in->arg[1]));
    switch (in->op) {
    case IR_ld:
        if (n == 16)
            memcpy(&r->val[i], p, 16);
        else
            set(r, i, load(r->mem, va, in->aux));
        break;
    case IR_st:
        if (n == 16)
            memcpy(p, &r->val[in->arg[1]], 16);
        else
            store(r->mem, va, r->val[in->arg[1]].u64[0], in->aux);
        break;
    case IR_st2:
        memcpy(p, &r->val[in->arg[1]], n);
        memcpy(p + n, &r->val[in->arg[2]], n);
        break;
    case IR_atom_rmw: set(r, i, rmw(r->mem, va, in->sz, i64(r, in->arg[1]), in->aux)); break;
    case IR_atom_cas:
        if (n == 16)
            r->val[i] = cas16(r->mem, va, &r->val[in->arg[1]], &r->val[in->arg[2]], in->aux);
        else
            set(r, i, cas(r->mem, va, i64(r, in->arg[1]), i64(r, in->arg[2]), in->aux));
        break;
    default: set(r, i, va); break; /* ldptr: the guest address stands for the pointer */
    }
}

unsigned fake_reference(const IRFunc *f, FakeState *s, uint8_t *mem, uint64_t *jump_pc)
{
    static Ref ref;
    Ref *r = &ref;
    r->f = f;
    r->s = s;
    r->mem = mem;
    unsigned guest = ~0u;
    for (IRRef i = 1; i < f->n_insns; i++) {
        const IRInsn *in = &f->insns[i];
        const IRRef *a = in->arg;
        switch (in->op) {
        case IR_nop: break;
        case IR_insn_start: guest++; break;
        case IR_get:
            r->val[i] = (V128){ 0 };
            memcpy(&r->val[i], slot_ptr(r, in->aux), in->type == IR_V128 ? 16 : in->type == IR_I32 || in->type == IR_F32 ? 4 : 8);
            break;
        case IR_put: {
            unsigned t = ir_type(f, a[0]), st = slots[in->aux].type;
            V128 v = r->val[a[0]];
            if (t == IR_I32 || t == IR_F32)
                v.u64[0] = v.u32[0];
            if (t != IR_V128)
                v.u64[1] = 0;
            memcpy(slot_ptr(r, in->aux), &v, st == IR_V128 ? 16 : st == IR_I32 ? 4 : 8);
            break;
        }
        case IR_call:
            if (in->imm == (uintptr_t)&fake_helper_reads)
                fake_expected[guest] = *s;
            do_call(r, i);
            break;
        case IR_ld: case IR_st: case IR_st2: case IR_ldptr: case IR_atom_rmw: case IR_atom_cas:
            if (guest != ~0u)
                fake_expected[guest] = *s;
            do_mem(r, i);
            break;
        case IR_hld: set(r, i, load(r->mem, i64(r, a[0]) + in->imm, in->aux)); break;
        case IR_fence: break;
        case IR_br:
            if (ir_eval_cc(in->sz, ir_type(f, a[0]), i64(r, a[0]), i64(r, a[1])))
                return in->aux;
            break;
        case IR_fl_br:
            if (ir_eval_fl_cc(in->sz, (uint32_t)i64(r, a[0])))
                return in->aux;
            break;
        case IR_exit: return in->aux;
        case IR_exit_jump: *jump_pc = i64(r, a[0]); return in->aux;
        case IR_fbits: case IR_bitsf: case IR_vlow: set(r, i, r->val[a[0]].u64[0]); break;
        case IR_vfromf:
            r->val[i].u64[0] = ir_type(f, a[0]) == IR_F32 ? r->val[a[0]].u32[0] : r->val[a[0]].u64[0];
            r->val[i].u64[1] = 0;
            break;
        case IR_vx:
            ir_vx_info[in->aux].eval(&r->val[i], &r->val[a[0]], &r->val[a[1]], &r->val[a[2]], (unsigned)in->imm);
            break;
        case IR_fadd: case IR_fmul: case IR_fl_fcmp:
            set(r, i, fp_op(r, in));
            break;
        case IR_fabs: set(r, i, r->val[a[0]].u64[0] & (in->type == IR_F32 ? 0x7fffffffull : ~0ull >> 1)); break;
        case IR_fneg: set(r, i, r->val[a[0]].u64[0] ^ (in->type == IR_F32 ? 0x80000000ull : 1ull << 63)); break;
        default:
            if (in->op >= IR_vconst && in->op <= IR_vxtn) {
                uint64_t x = 0, y = 0;
                bool ints = in->op == IR_vpair || in->op == IR_vdup;
                if (ints) {
                    x = i64(r, a[0]);
                    y = in->op == IR_vpair ? i64(r, a[1]) : 0;
                } else if (in->op == IR_vinsl) {
                    x = i64(r, a[1]);
                }
                V128 d = { 0 };
                uint64_t v = ir_eval_vec(in, &d, &r->val[a[0]], &r->val[a[1]], &r->val[a[2]], x, y);
                if (in->op == IR_vgetl || in->op == IR_vmask)
                    set(r, i, v);
                else
                    r->val[i] = d;
            } else if (in->op == IR_const) {
                set(r, i, in->imm);
            } else {
                unsigned t = in->op == IR_mov || in->op == IR_trunc ? ir_type(f, a[0]) : a[0] ? ir_type(f, a[0]) : in->type;
                set(r, i, ir_eval_int(in, t, i64(r, a[0]), i64(r, a[1]), i64(r, a[2]), i64(r, a[3])));
            }
            break;
        }
    }
    g_assert_not_reached();
}
