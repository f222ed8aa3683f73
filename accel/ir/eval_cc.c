/* SPDX-License-Identifier: MIT */
/* What conditions mean, on a pair of integers and on a flags value. */
#include "accel/ir/ir.h"

bool ir_eval_cc(IRCond cc, IRType type, uint64_t a, uint64_t b)
{
    if (type == IR_I32) {
        a = (uint64_t)(int32_t)a; /* sign extension keeps the unsigned order as well */
        b = (uint64_t)(int32_t)b;
    }
    switch (cc & ~1u) {
    case IR_EQ: return (a == b) ^ (cc & 1);
    case IR_LTU: return (a < b) ^ (cc & 1);
    case IR_LEU: return (a <= b) ^ (cc & 1);
    case IR_LT: return ((int64_t)a < (int64_t)b) ^ (cc & 1);
    case IR_LE: return ((int64_t)a <= (int64_t)b) ^ (cc & 1);
    case IR_TSTNE: return ((a & b) != 0) ^ (cc & 1);
    default: return cc & 1; /* a condition for flags only: the verifier refuses it on a pair */
    }
}

bool ir_eval_fl_cc(IRCond cc, uint32_t flags)
{
    bool s = flags & IR_FL_S, z = flags & IR_FL_Z, c = flags & IR_FL_C, o = flags & IR_FL_O, p = flags & IR_FL_P;
    bool r = false;

    switch (cc & ~1u) {
    case IR_EQ: r = z; break;
    case IR_LTU: r = c; break;
    case IR_LEU: r = c || z; break;
    case IR_LT: r = s != o; break;
    case IR_LE: r = z || s != o; break;
    case IR_MI: r = s; break;
    case IR_VS: r = o; break;
    case IR_PE: r = p; break;
    default: break; /* TSTNE and TSTEQ: pairs only */
    }
    return r ^ (cc & 1);
}
