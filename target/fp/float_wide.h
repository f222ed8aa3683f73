/* SPDX-License-Identifier: MIT */
/*
 * Numbers with 128 bits of significand, for intermediate results of functions that are rounded to 64 in the end.
 *
 * sig * 2^(exp - 127), bit 127 of sig set; sig 0 is zero. Results are truncated with a sticky lowest bit.
 */
#ifndef TARGET_FP_FLOAT_WIDE_H
#define TARGET_FP_FLOAT_WIDE_H

#include "target/fp/float_internal.h"

typedef struct WFloat { u128 sig; int32_t exp; bool sign; } WFloat;

#define WF_CONST(high, low, e) ((WFloat){ .sig = (u128)(high) << 64 | (low), .exp = (e) })

WFloat wf_from_parts(const FloatParts *p); /* a number */
FloatParts wf_to_parts(WFloat a);
WFloat wf_from_int(int64_t n);
WFloat wf_normalise(WFloat a);
static inline WFloat wf_neg(WFloat a) { a.sign = !a.sign; return a; }
static inline WFloat wf_scale(WFloat a, int n) { a.exp += n; return a; }
WFloat wf_add(WFloat a, WFloat b);
static inline WFloat wf_sub(WFloat a, WFloat b) { return wf_add(a, wf_neg(b)); }
WFloat wf_mul(WFloat a, WFloat b);
WFloat wf_div(WFloat a, WFloat b);       /* b is not zero */
WFloat wf_div_int(WFloat a, uint64_t n); /* n below 2^32, not zero */

#endif
