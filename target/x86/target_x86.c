/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 target as accel sees it: slots, and the table of operations.
 *
 * Pin priorities: compiled code names the eight old registers most, since they need no REX prefix, and the flags' operands are
 * written by every other instruction.
 */
#include <capstone/capstone.h>

#include "target/x86/cpu.h"

#define RSLOT(n, label, priority) [SLOT_RAX + n] = { label, ENV_OFFSET(regs[n]), IR_I64, priority }
#define VSLOT(n) \
    [SLOT_XMM0 + n] = { "xmm" #n, ENV_OFFSET(vec[n].q[0]), IR_V128, n < 8 ? 8 - n : 0 }, \
    [SLOT_YMMH0 + n] = { "ymmh" #n, ENV_OFFSET(vec[n].q[1]), IR_V128, 0 }

const IRSlot x86_slots[X86_NB_SLOTS] = {
    RSLOT(0, "rax", 100), RSLOT(1, "rcx", 96), RSLOT(2, "rdx", 94), RSLOT(3, "rbx", 86),
    RSLOT(4, "rsp", 98),  RSLOT(5, "rbp", 84), RSLOT(6, "rsi", 92), RSLOT(7, "rdi", 90),
    RSLOT(8, "r8", 50),   RSLOT(9, "r9", 46),  RSLOT(10, "r10", 42), RSLOT(11, "r11", 40),
    RSLOT(12, "r12", 48), RSLOT(13, "r13", 44), RSLOT(14, "r14", 38), RSLOT(15, "r15", 36),
    [SLOT_CC_DST] = { "cc_dst", ENV_OFFSET(cc_dst), IR_I64, 60 },
    [SLOT_CC_SRC] = { "cc_src", ENV_OFFSET(cc_src), IR_I64, 58 },
    [SLOT_CC_SRC2] = { "cc_src2", ENV_OFFSET(cc_src2), IR_I64, 0 },
    [SLOT_CC_INC] = { "cc_inc", ENV_OFFSET(cc_inc), IR_I64, 0 },
    [SLOT_FS_BASE] = { "fs_base", SEG_OFFSET(X86_SEG_FS, base), IR_I64, 0 },
    [SLOT_GS_BASE] = { "gs_base", SEG_OFFSET(X86_SEG_GS, base), IR_I64, 0 },
    VSLOT(0), VSLOT(1), VSLOT(2),  VSLOT(3),  VSLOT(4),  VSLOT(5),  VSLOT(6),  VSLOT(7),
    VSLOT(8), VSLOT(9), VSLOT(10), VSLOT(11), VSLOT(12), VSLOT(13), VSLOT(14), VSLOT(15),
};

static unsigned code_mmu_index(uint64_t flags) { return (flags >> BF_CPL_SHIFT & 3) == 3 ? X86_MMU_USER : X86_MMU_KERNEL; }

/* 64-bit kernels map their half globally, unless they hide from user code. */
static bool jump_is_global(uint64_t va, uint64_t flags) { return va >> 63 && !(flags & BF_HIGH_ASID); }

/* extra: cc_op when the instruction began, if the block knew it. */
static void restore_state(CPUState *cs, uint64_t pc, uint32_t extra)
{
    CPUX86State *env = x86_env(cs);

    env->pc = env->hflags & BF_CS64 ? pc : (uint32_t)pc;
    if (extra & EXTRA_CC_OP)
        env->cc_op = extra & EXTRA_CC_OP;
    env->last_extra = extra;
}

static int cap_mode(uint64_t flags) { return flags & BF_CS64 ? CS_MODE_64 : flags & BF_CS32 ? CS_MODE_32 : CS_MODE_16; }

const TargetOps target_x86_64 = {
    .name = "x86_64",
    .slots = x86_slots,
    .n_slots = X86_NB_SLOTS,
    .n_mmu_modes = X86_NB_MMU,
    .pc_offset = ENV_OFFSET(pc),
    .fp = &x86_fp_ops,
    .cap_arch = CS_ARCH_X86,
    .cap_mode = cap_mode,
    .open_bus_ones = true,
    .tso = true,
    .get_block_state = x86_get_block_state,
    .code_mmu_index = code_mmu_index,
    .jump_is_global = jump_is_global,
    .trans_init = x86_trans_init,
    .trans_insn = x86_trans_insn,
    .trans_end = x86_trans_end,
    .restore_state = restore_state,
    .tlb_fill = x86_tlb_fill,
    .unaligned_access = x86_unaligned_access,
    .bus_error = x86_bus_error,
    .check_watch = x86_check_watch,
    .do_exception = x86_do_exception,
    .do_interrupt = x86_do_interrupt,
    .has_work = x86_has_work,
    .debug_translate = x86_debug_translate,
    .reset = x86_reset,
    .dump = x86_dump,
};
