/* SPDX-License-Identifier: MIT */
/* Arithmetic on 128-bit significands. */
#include "target/fp/float_wide.h"

WFloat wf_normalise(WFloat a)
{
    if (a.sig) {
        unsigned n = clz128(a.sig);
        a.sig <<= n;
        a.exp -= (int32_t)n;
    }
    return a;
}

WFloat wf_from_parts(const FloatParts *p)
{
    return (WFloat){ .sig = p->cls == CLS_ZERO ? 0 : p->sig, .exp = p->exp, .sign = p->sign };
}

FloatParts wf_to_parts(WFloat a)
{
    return (FloatParts){ .sig = a.sig, .exp = a.exp, .cls = a.sig ? CLS_NORMAL : CLS_ZERO, .sign = a.sign };
}

WFloat wf_from_int(int64_t n)
{
    return wf_normalise((WFloat){ .sig = n < 0 ? -(uint64_t)n : (uint64_t)n, .exp = 127, .sign = n < 0 });
}

WFloat wf_add(WFloat a, WFloat b)
{
    if (!a.sig || !b.sig)
        return a.sig ? a : b;
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        WFloat t = a;
        a = b;
        b = t;
    }
    unsigned d = MIN_OF((unsigned)(a.exp - b.exp), 200u);
    if (a.sign != b.sign) {
        a.sig -= shift_right_jam(b.sig, d);
        return wf_normalise(a);
    }
    a.sig = shift_right_jam(a.sig, 1) + shift_right_jam(b.sig, d + 1);
    a.exp++;
    return wf_normalise(a);
}

WFloat wf_mul(WFloat a, WFloat b)
{
    uint64_t ah = (uint64_t)(a.sig >> 64), al = (uint64_t)a.sig, bh = (uint64_t)(b.sig >> 64), bl = (uint64_t)b.sig;
    u128 low = (u128)al * bl, m1 = (u128)ah * bl, m2 = (u128)al * bh;
    u128 mid = (u128)(uint64_t)m1 + (uint64_t)m2 + (uint64_t)(low >> 64);
    WFloat r = { .exp = a.exp + b.exp + 1, .sign = a.sign ^ b.sign };

    if (!a.sig || !b.sig)
        return (WFloat){ .sign = r.sign };
    r.sig = (u128)ah * bh + (uint64_t)(m1 >> 64) + (uint64_t)(m2 >> 64) + (uint64_t)(mid >> 64);
    r.sig |= (uint64_t)mid || (uint64_t)low;
    return wf_normalise(r);
}

WFloat wf_div(WFloat a, WFloat b)
{
    WFloat r = { .exp = a.exp - b.exp, .sign = a.sign ^ b.sign };
    u128 rest = a.sig, q = 0;

    if (!a.sig)
        return r;
    if (rest < b.sig)
        r.exp--;
    else
        rest -= b.sig, q = 1;
    for (unsigned i = q ? 127 : 128; i-- > 0;) { /* the first one bit of the quotient is at the top */
        bool out = rest >> 127;
        rest <<= 1;
        q <<= 1;
        if (out || rest >= b.sig) {
            rest -= b.sig;
            q |= 1;
        }
    }
    r.sig = q | (rest != 0);
    return r;
}

WFloat wf_div_int(WFloat a, uint64_t n)
{
    u128 high = a.sig / n, rest = a.sig % n;
    unsigned k = clz128(high | 1);

    /* As many bits as the quotient lacks at the top are gained at the bottom; n is small, so k is below 64. */
    a.sig = high << k | (rest << k) / n;
    a.sig |= (rest << k) % n != 0;
    a.exp -= (int32_t)k;
    return wf_normalise(a);
}
