/* SPDX-License-Identifier: MIT */
/*
 * The aarch64 target as accel sees it: slots, and the table of operations.
 *
 * Pin priorities follow how often compiled code names a register: arguments and results first (x0-x4), the stack pointer, the
 * flags, the first scratch registers (x8 and up), then what callees save (x19-x22, x29, x30). Kernel and user code agree well enough.
 */
#include <capstone/capstone.h>

#include "target/arm/cpu.h"
#include "target/arm/debug.h"

#define XSLOT(n, priority) [SLOT_X0 + n] = { "x" #n, ENV_OFFSET(x[n]), IR_I64, priority }
#define VSLOT(n) [SLOT_V0 + n] = { "v" #n, ENV_OFFSET(v[n]), IR_V128, n < 8 ? 8 - n : 0 }

const IRSlot arm_slots[ARM_NB_SLOTS] = {
    XSLOT(0, 100), XSLOT(1, 98),  XSLOT(2, 94),  XSLOT(3, 88),  XSLOT(4, 74),  XSLOT(5, 60),  XSLOT(6, 48),  XSLOT(7, 40),
    XSLOT(8, 66),  XSLOT(9, 50),  XSLOT(10, 42), XSLOT(11, 36), XSLOT(12, 30), XSLOT(13, 28), XSLOT(14, 24), XSLOT(15, 22),
    XSLOT(16, 20), XSLOT(17, 18), XSLOT(18, 10), XSLOT(19, 84), XSLOT(20, 80), XSLOT(21, 70), XSLOT(22, 58), XSLOT(23, 46),
    XSLOT(24, 38), XSLOT(25, 34), XSLOT(26, 32), XSLOT(27, 26), XSLOT(28, 16), XSLOT(29, 54), XSLOT(30, 64),
    [SLOT_SP] = { "sp", ENV_OFFSET(sp), IR_I64, 90 },
    [SLOT_NZCV] = { "nzcv", ENV_OFFSET(nzcv), IR_I32, 76 },
    VSLOT(0),  VSLOT(1),  VSLOT(2),  VSLOT(3),  VSLOT(4),  VSLOT(5),  VSLOT(6),  VSLOT(7),
    VSLOT(8),  VSLOT(9),  VSLOT(10), VSLOT(11), VSLOT(12), VSLOT(13), VSLOT(14), VSLOT(15),
    VSLOT(16), VSLOT(17), VSLOT(18), VSLOT(19), VSLOT(20), VSLOT(21), VSLOT(22), VSLOT(23),
    VSLOT(24), VSLOT(25), VSLOT(26), VSLOT(27), VSLOT(28), VSLOT(29), VSLOT(30), VSLOT(31),
};

/* EL1 fetches do not depend on PAN. */
static unsigned code_mmu_index(uint64_t flags) { return flags >> BF_EL_SHIFT & 3 ? ARM_MMU_EL1 : ARM_MMU_EL0; }

/* Kernels map their half globally, unless they hide from user code. */
static bool jump_is_global(uint64_t va, uint64_t flags) { return va >> 63 && !(flags & BF_HIGH_ASID); }

/* extra: PSTATE bits that translation had cleared when the instruction began. */
static void restore_state(CPUState *cs, uint64_t pc, uint32_t extra)
{
    CPUARMState *env = arm_env(cs);

    env->pc = pc;
    env->pstate |= extra;
}

static int cap_mode(uint64_t flags) { return CS_MODE_LITTLE_ENDIAN; }

const TargetOps target_aarch64 = {
    .name = "aarch64",
    .slots = arm_slots,
    .n_slots = ARM_NB_SLOTS,
    .n_mmu_modes = ARM_NB_MMU,
    .pc_offset = ENV_OFFSET(pc),
    .fp = &arm_fp_ops,
    .cap_arch = CS_ARCH_ARM64,
    .cap_mode = cap_mode,
    .get_block_state = arm_get_block_state,
    .code_mmu_index = code_mmu_index,
    .jump_is_global = jump_is_global,
    .trans_init = arm_trans_init,
    .trans_insn = arm_trans_insn,
    .trans_end = arm_trans_end,
    .restore_state = restore_state,
    .tlb_fill = arm_tlb_fill,
    .unaligned_access = arm_unaligned_access,
    .bus_error = arm_bus_error,
    .check_watch = arm_check_watch,
    .strip_address = arm_strip_address,
    .do_exception = arm_do_exception,
    .do_interrupt = arm_do_interrupt,
    .has_work = arm_has_work,
    .debug_translate = arm_debug_translate,
    .reset = arm_reset,
    .dump = arm_dump,
};
