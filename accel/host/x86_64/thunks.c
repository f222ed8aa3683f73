/* SPDX-License-Identifier: MIT */
/*
 * Code that all blocks share: entry, exit, the slow path's register saving, and the reloading of pinned registers.
 *
 * Entry loads MXCSR from the guest's word and marks the frame "inside"; exit adds the host's sticky flags to that word and
 * restores the default. A helper that leaves by siglongjmp skips the exit: the mark stays, and the next entry (or
 * host_fp_harvest) collects the flags then.
 */
#include "accel/host/x86_64/jit_internal.h"
#include "base/error.h"

#define FRAME ((NB_SPILLS + CALL_CELLS) * 16 + 8)

const TargetOps *jit_target;
int8_t jit_slot_pin[MAX_SLOTS];
uint8_t jit_pin_slot[16];
uint8_t *jit_thunk_enter, *jit_thunk_leave, *jit_thunk_slow[2], *jit_thunk_reload;

static const int8_t pin_regs[NB_PINS] = { RBX, R12, R13, R14, R15, R8, R9, R10 };
static const int8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };
static const int8_t temps[] = { RAX, RCX, RDX, RSI, RDI, R11 };

/*
 * Gives the registers to the 64-bit integer slots of highest pin. Not to flags: those are made in rax and seldom read, so that a
 * store does as well as a move.
 */
static void choose_pins(const TargetOps *target)
{
    memset(jit_slot_pin, NOREG, sizeof(jit_slot_pin));
    memset(jit_pin_slot, 0, sizeof(jit_pin_slot));
    for (unsigned n = 0; n < NB_PINS; n++) {
        unsigned best = 0, best_pin = 0;
        for (unsigned s = 0; s < target->n_slots; s++)
            if (target->slots[s].pin > best_pin && jit_slot_pin[s] == NOREG && target->slots[s].type == IR_I64) {
                best = s;
                best_pin = target->slots[s].pin;
            }
        if (!best_pin)
            return;
        jit_slot_pin[best] = pin_regs[n];
        jit_pin_slot[pin_regs[n]] = (uint8_t)(best + 1);
    }
}

static void move_pins(Asm *a, uint32_t mask, bool store)
{
    for (int r = 0; r < 16; r++) {
        if (!jit_pin_slot[r] || !(mask >> r & 1))
            continue;
        const IRSlot *s = &jit_target->slots[jit_pin_slot[r] - 1u];
        if (store)
            mov_mr(a, type_w(s->type), ENV(s->offset), r);
        else
            mov_rm(a, type_w(s->type), r, ENV(s->offset));
    }
}

/* Adds MXCSR's sticky flags to the guest's word. Clobbers ecx. */
static void harvest(Asm *a)
{
    ins_rm(a, M_0F | 0xae, 3, SLOW_FIELD(mxcsr_tmp)); /* stmxcsr */
    mov_rm(a, false, RCX, SLOW_FIELD(mxcsr_tmp));
    alu_ri(a, ALU_AND, false, RCX, 0x3f);
    ins_rm(a, 0x09, RCX, ENV(jit_target->fp->mxcsr_offset));
}

static void emit_enter(Asm *a)
{
    jit_thunk_enter = a->p;
    for (unsigned i = 0; i < sizeof(callee_saved); i++)
        push_r(a, callee_saved[i]);
    ins_rr(a, 0x81 | OP_W, ALU_SUB, RSP);
    put32(a, FRAME);
    lea(a, true, RBP, mem_at(RDI, CPU_BIAS));
    if (jit_target->fp) {
        alu_mi(a, ALU_CMP, false, SLOW_FIELD(inside), 0);
        uint8_t *outside = jcc8(a, CC_E);
        harvest(a);
        fix8(a, outside);
        mov_mi(a, false, SLOW_FIELD(inside), 1);
        ins_rm(a, M_0F | 0xae, 2, ENV(jit_target->fp->mxcsr_offset)); /* ldmxcsr */
    }
    move_pins(a, 0xffff, false);
    jmp_r(a, RSI);
}

static void emit_leave(Asm *a)
{
    jit_thunk_leave = a->p;
    move_pins(a, 0xffff, true);
    if (jit_target->fp) {
        harvest(a);
        mov_mi(a, false, SLOW_FIELD(inside), 0);
        mov_mi(a, false, SLOW_FIELD(mxcsr_tmp), 0x1f80);
        ins_rm(a, M_0F | 0xae, 2, SLOW_FIELD(mxcsr_tmp));
    }
    ins_rr(a, 0x81 | OP_W, ALU_ADD, RSP);
    put32(a, FRAME);
    for (unsigned i = sizeof(callee_saved); i-- > 0;)
        pop_r(a, callee_saved[i]);
    ret(a);
}

/* Calls SlowFrame.fn(cpu, return address) with every register preserved. */
static void emit_slow(Asm *a, bool save_vec)
{
    unsigned pad = 8 + (save_vec ? 14 * 16 : 0);
    jit_thunk_slow[save_vec] = a->p;
    for (unsigned i = 0; i < sizeof(temps); i++)
        push_r(a, temps[i]);
    alu_ri(a, ALU_SUB, true, RSP, (int32_t)pad);
    for (int x = 0; save_vec && x < 14; x++)
        movups_store(a, mem_at(RSP, x * 16), x);
    move_pins(a, 0xffff, true);
    lea(a, true, RDI, ENV(0));
    mov_rm(a, true, RSI, mem_at(RSP, (int32_t)(pad + sizeof(temps) * 8)));
    call_m(a, SLOW_FIELD(fn));
    move_pins(a, CALLER_SAVED_PINS, false);
    for (int x = 0; save_vec && x < 14; x++)
        movups_load(a, x, mem_at(RSP, x * 16));
    alu_ri(a, ALU_ADD, true, RSP, (int32_t)pad);
    for (unsigned i = sizeof(temps); i-- > 0;)
        pop_r(a, temps[i]);
    ret(a);
}

/* One entry a slow path, so that the many stubs need not name the function. */
static SlowFn *const slow_fns[] = { slow_ld, slow_st, slow_ld16, slow_st16, slow_ldptr, slow_st2, slow_atom_rmw, slow_atom_cas, slow_atom_cas16, slow_vec, slow_fp };
static uint8_t *slow_thunks[ARRAY_SIZE(slow_fns)][2];

static void emit_slow_entries(Asm *a, bool save_vec)
{
    for (unsigned i = 0; i < ARRAY_SIZE(slow_fns); i++) {
        uint64_t address = (uint64_t)(uintptr_t)slow_fns[i];
        slow_thunks[i][save_vec] = a->p;
        mov_mi(a, false, ENV(SLOW_OFFSET(fn)), (uint32_t)address);
        mov_mi(a, false, ENV(SLOW_OFFSET(fn) + 4), (uint32_t)(address >> 32));
        jmp_to(a, jit_thunk_slow[save_vec]);
    }
}

uint8_t *jit_slow_thunk(SlowFn *fn, bool save_vec)
{
    unsigned i = 0;
    while (slow_fns[i] != fn)
        i++;
    return slow_thunks[i][save_vec];
}

bool emit_thunks(CodeBuf *buf, const TargetOps *target, GError **error)
{
    if (buf->end - buf->rw < EMIT_MARGIN)
        return error_set(error, "the code buffer is too small");
    if (target->n_slots > MAX_SLOTS)
        return error_set(error, "%s has too many register slots", target->name);
    jit_target = target;
    choose_pins(target);
    Asm a = { .p = buf->rw, .start = buf->rw, .end = buf->end, .rx = buf->rx_delta };
    emit_enter(&a);
    nops(&a, -(uintptr_t)a.p & 15);
    emit_leave(&a);
    nops(&a, -(uintptr_t)a.p & 15);
    emit_slow(&a, false);
    emit_slow(&a, true);
    emit_slow_entries(&a, false);
    emit_slow_entries(&a, true);
    jit_thunk_reload = a.p;
    move_pins(&a, 0xffff, false);
    ret(&a);
    nops(&a, -(uintptr_t)a.p & 63);
    jit_consts = (JitConsts *)(void *)a.p;
    jit_consts_init(jit_consts);
    a.p += sizeof(*jit_consts);
    buf->rw = a.p;
    return true;
}
