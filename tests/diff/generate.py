#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes random cases for the differential tests (tests/diff/diff_case.h) out of the decode rows.

    generate.py --seed 1 --count 100000 [--match 'SQ.*|ADD_v'] [--exclude ...] -o cases.bin target/arm/a64_simd.decode ...

Each case runs one instruction (or --length of them, on --registers registers): a row's pattern with its fields drawn at random, reserved combinations included. Registers mix
random values with those where rounding, saturation and carries change; vectors get lanes of one size. Instructions in the
load/store encodings get a base register that points into the data window and small offsets. What cannot be the same on two
machines is left out: system instructions, exception generation, pointer authentication.
"""
import argparse
import os
import random
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tools'))
import decodegen  # noqa: E402

DATA = 0x41001000
MEM = 512
EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
         0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff]
# Zeros, ones, infinities, NaNs of both kinds, denormals, the smallest and the largest normals.
F16 = [0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7c01, 0xfd00, 1, 0x83ff, 0x400, 0x8400, 0x7bff, 0xfbff]
F32 = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0xffa00000, 1, 0x807fffff,
       0x800000, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x3f000000, 0x3fc00000, 0x477fe000]
F64 = [0, 1 << 63, 0x3ff << 52, 0xbff << 52, 0x7ff << 52, 0xfff << 52, 0x7ff8 << 48, 0xfff8 << 48 | 1, 0x7ff << 52 | 1, 0xfff4 << 48,
       1, 0x800fffffffffffff, 1 << 52, 0x8010 << 48, 0x7fefffffffffffff, 0xffefffffffffffff, 0x41e << 52, 0xc1e << 52, 0x43e << 52,
       0x3fe << 52, 0x3ff8 << 48, 0x3690 << 48, 0x380fffffffffffff]
PAUTH = {'pauth', 'pauth2'}
# (mask, value) of words that are left out.
INCOMPARABLE = [
    (0xff000000, 0xd4000000),  # exception generation
    (0xff000000, 0xd5000000),  # system
    (0xfff0fc00, 0x5f10fc00),  # FCVTZS of a half to fixed point: QEMU 7.2 sign-extends into bits that the manual zeroes
]


def random_int(rng):
    kind = rng.random()
    if kind < 0.45:
        return rng.getrandbits(64)
    if kind < 0.7:
        return (rng.choice(EDGES) + rng.randint(-2, 2)) & (1 << 64) - 1
    if kind < 0.85:
        return rng.getrandbits(rng.randint(1, 64))
    return -rng.getrandbits(rng.randint(1, 63)) & (1 << 64) - 1


def random_float(rng, bits, edges, exponent):
    """Edges, or numbers near one another, so that sums cancel and products stay finite."""
    kind = rng.random()
    if kind < 0.3:
        return rng.choice(edges)
    if kind < 0.5:
        return rng.getrandbits(bits)
    mantissa = bits - 1 - exponent
    bias = (1 << exponent - 1) - 1
    e = max(0, min(2 * bias, bias + rng.randint(-min(bias, 40), min(bias, 40))))
    fraction = rng.getrandbits(mantissa) & -1 << rng.choice([0, 0, mantissa // 2, mantissa - 2])
    return rng.getrandbits(1) << bits - 1 | e << mantissa | fraction & (1 << mantissa) - 1


def random_vector(rng):
    kind = rng.randrange(7)
    if kind < 4:
        bits = 8 << kind
        lanes = [random_int(rng) & (1 << bits) - 1 for _ in range(128 // bits)]
    else:
        bits, edges, exponent = [(16, F16, 5), (32, F32, 8), (64, F64, 11)][kind - 4]
        lanes = [random_float(rng, bits, edges, exponent) for _ in range(128 // bits)]
    return sum(lane << i * bits for i, lane in enumerate(lanes))


def is_load_store(word):
    return word >> 25 & 5 == 4


def comparable(word):
    if any(word & mask == value for mask, value in INCOMPARABLE):
        return False
    if is_load_store(word) and unpredictable(word):
        return False
    if word >> 26 & 31 == 5 or word >> 24 in (0x34, 0x35, 0x36, 0x37, 0x54, 0xb4, 0xb5, 0xb6, 0xb7):
        return branch_offset(word) != 0
    return True


def is_ldapr(word):
    """LDAPR must be aligned, which QEMU 7.2 does not check."""
    return word & 0x3ffffc00 == 0x38bfc000


def unpredictable(word):
    """CONSTRAINED UNPREDICTABLE loads and stores: one register loaded twice, or written back as well as transferred."""
    rt, rn, rt2 = word & 31, word >> 5 & 31, word >> 10 & 31
    pair = word >> 27 & 7 == 5 and not word >> 25 & 1
    single = word >> 27 & 7 == 7 and not word >> 24 & 3 and not word >> 21 & 1 and word >> 10 & 1
    vector = word >> 26 & 1
    if pair and not vector:
        writeback = word >> 23 & 1 and rn != 31
        return word >> 22 & 1 and rt == rt2 or writeback and rn in (rt, rt2)
    return single and not vector and rn != 31 and rn == rt


def branch_offset(word):
    if word >> 26 & 31 == 5:
        return word & 0x3ffffff
    if word >> 24 & 0x7e == 0x36:
        return word >> 5 & 0x3fff
    return word >> 5 & 0x7ffff


def random_word(rng, row, registers=32):
    word = row.value
    for bit, c in enumerate(row.pattern):
        if c == '.' or c == 'x':
            word |= rng.getrandbits(1) << 31 - bit
    for name, lsb, length, _ in row.fields:
        mask = (1 << length) - 1 << lsb
        if name in ('imm19', 'imm26') or (length in (14, 19, 26) and name.startswith('imm') and rng.random() < 0.8):
            small = rng.randint(-200, 200) & (1 << length) - 1
            word = word & ~mask | small << lsb
        elif length == 5 and name[0] == 'r':
            number = 31 if registers == 32 and rng.random() < 0.1 else (word >> lsb & 31) % registers
            word = word & ~mask | number << lsb
    return word


def may_loop(word):
    """Branches backwards or by register: in a case of several instructions they could repeat it for ever."""
    if word >> 26 & 31 == 5:
        return word >> 25 & 1
    if word >> 24 & 0x7e == 0x36:
        return word >> 18 & 1
    if word >> 24 & 0x7e == 0x34 or word >> 24 == 0x54:
        return word >> 23 & 1
    return word >> 25 == 0x6b


def random_comparable(rng, row, registers, alone):
    while True:
        word = random_word(rng, row, registers)
        if comparable(word) and (alone or not may_loop(word)):
            return word


def random_case(rng, words):
    x = [random_int(rng) for _ in range(31)]
    sp = DATA + 16 * rng.randint(8, 24)
    for word in sorted(words, key=is_ldapr):
        if not is_load_store(word):
            continue
        base, offset = word >> 5 & 31, word >> 16 & 31
        if offset != 31 and rng.random() < 0.9:
            x[offset] = rng.choice([rng.randint(0, 15), rng.randint(-16, 16) & (1 << 64) - 1, rng.randint(-16, 16) & 0xffffffff])
        if base != 31 and is_ldapr(word):
            x[base] = DATA + 16 * rng.randint(8, 24)
        elif base != 31:
            x[base] = DATA + (rng.randrange(128, 320) & (-1 << rng.randint(0, 4)))
    v = [random_vector(rng) for _ in range(32)]
    fpcr = rng.choice([0, 0, 0, 1, 2, 3]) << 22
    for bit in (19, 24, 25):  # FZ16, FZ, DN
        fpcr |= rng.choice([0, 0, 0, 1]) << bit
    fpsr = rng.choice([0, 0, 0, rng.getrandbits(32) & 0x0800009f])
    return words, x, sp, rng.getrandbits(4) << 28, fpcr, fpsr, v, rng.randbytes(MEM)


def pack_case(case):
    words, x, sp, nzcv, fpcr, fpsr, v, mem = case
    vectors = b''.join(value.to_bytes(16, 'little') for value in v)
    return struct.pack('<8I', len(words), *words, *[0] * (7 - len(words))) + struct.pack('<36Q', *x, sp, 0, nzcv, fpcr, fpsr) + vectors + mem


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--seed', type=int, default=1)
    ap.add_argument('--count', type=int, default=10000)
    ap.add_argument('--length', type=int, default=1, choices=range(1, 8), help='instructions a case')
    ap.add_argument('--registers', type=int, default=32, help='use those below this number')
    ap.add_argument('--match', default='.*', help='handlers to test: a regular expression for the whole name')
    ap.add_argument('--exclude', default='$', help='handlers to leave out')
    ap.add_argument('-o', '--output', required=True)
    ap.add_argument('rows', nargs='+')
    args = ap.parse_args()
    rows = []
    for path in args.rows:
        with open(path) as f:
            for n, line in enumerate(f, 1):
                line = line.split('#')[0].strip()
                if line:
                    rows.append(decodegen.Row(f'{path}:{n}', line))
    rng = random.Random(args.seed)
    rows = [r for r in rows if re.fullmatch(args.match, r.name) and not re.fullmatch(args.exclude, r.name)]
    rows = [r for r in rows if r.feature not in PAUTH and not any(r.mask & m == m and r.value & m == v for m, v in INCOMPARABLE)]
    if args.length > 1:
        rows = [r for r in rows if not (r.mask >> 25 == 0x7f and r.value >> 25 == 0x6b)]
    if not rows:
        sys.exit('no row matches')
    with open(args.output, 'wb') as out:
        for i in range(args.count):
            chosen = [rows[i % len(rows)]] + rng.choices(rows, k=args.length - 1)
            words = [random_comparable(rng, row, args.registers, args.length == 1) for row in chosen]
            out.write(pack_case(random_case(rng, words)))


if __name__ == '__main__':
    main()
