#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a64_fp.cases: for each row of a64_fp.decode a few instructions with operands, and what they must give.

    make_cases.py [--per-row N] [--seed N] > a64_fp.cases

The results come from oracle_runner.c under the command in $ORACLE (default: qemu-aarch64 -cpu max). A case is one line of
hexadecimal numbers:

    HANDLER insn fpcr nzcv v0 v1 v2 v3 x0 x1 = v0 x0 fpsr nzcv        or        ... = UNDEFINED

Left out, because that oracle departs from the manual: FCVTZS of half-precision fixed point to a negative result, scalar (bits above the element are 0). test_a64_fp.c has them.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, '..', '..', '..')
sys.path.insert(0, os.path.join(ROOT, 'tools'))
import decodegen  # noqa: E402

FORMATS = {1: (5, 10), 2: (8, 23), 3: (11, 52)}
READS_VD = ('FML', 'FCMLA', 'BFDOT', 'BFM', 'MOVI', 'FCVTN_v', 'FCVTXN_v', 'BFCVTN', 'FMOV_from')
READS_X = ('SCVTF_f', 'UCVTF_f', 'SCVTF_x', 'UCVTF_x', 'FMOV_from')


def number(size, plain):
    exp, frac = FORMATS[size]
    bias, inf = (1 << (exp - 1)) - 1, ((1 << exp) - 1) << frac
    sign = random.getrandbits(1) << (exp + frac)
    kind = random.randrange(8, 16) if plain else random.randrange(20)
    special = {
        0: lambda: 0,
        1: lambda: inf,
        2: lambda: inf | 1 << (frac - 1) | random.getrandbits(frac - 1),
        3: lambda: inf | random.getrandbits(frac - 1) | 1,
        4: lambda: random.getrandbits(frac),
        5: lambda: random.randrange(4),
        6: lambda: inf - 1 - random.randrange(3),
        7: lambda: (1 << frac) + random.randrange(-2, 3),
    }
    if kind in special:
        return sign | special[kind]()
    if kind < 12:
        return sign | (bias + random.randrange(-4, 5)) << frac | random.getrandbits(frac)
    if kind < 14:
        return sign | (bias + random.randrange(-2, 3)) << frac | (random.getrandbits(frac) & ~((1 << frac * 3 // 4) - 1))
    if kind < 16:
        return sign | max(1, min((1 << exp) - 2, bias + random.randrange(-3, 70))) << frac | random.getrandbits(frac)
    return random.getrandbits(1 + exp + frac)


def vector(size, plain):
    return sum(number(size, plain) << (i * (8 << size)) for i in range(16 >> size))


class Case:
    def __init__(self, row, plain):
        self.row, self.word = row, (random.getrandbits(32) & ~row.mask) | row.value
        for name, value in (('rd', 0), ('rn', 1), ('rm', 2), ('ra', 3)):
            self.set_field(name, value)
        if plain:
            self.set_field('q', 1)
        size = self.lane_size()
        acc = 2 if row.name.startswith('FMLAL') else size
        self.fpcr = 0
        if not plain:
            self.fpcr = random.choice([0, random.randrange(4) << 22, random.randrange(4) << 22 | random.getrandbits(3) << 24 | random.getrandbits(1) << 19])
        self.nzcv = random.getrandbits(4) << 28
        names = {f[0] for f in row.fields}
        self.v = [
            vector(acc, plain) if row.name.startswith(READS_VD) else (1 << 128) - 1,
            vector(size, plain) if 'rn' in names else 0,
            vector(size, plain) if 'rm' in names else 0,
            vector(size, plain) if 'ra' in names else 0,
        ]
        x = random.getrandbits(64) >> random.randrange(64)
        self.x = [0, (x if random.getrandbits(1) else -x & (1 << 64) - 1) if row.name.startswith(READS_X) else 0]

    def set_field(self, name, value):
        for n, lsb, length, _ in self.row.fields:
            if n == name:
                self.word = self.word & ~(((1 << length) - 1) << lsb) | value << lsb

    def get(self, name, default=None):
        for n, lsb, length, _ in self.row.fields:
            if n == name:
                return self.word >> lsb & ((1 << length) - 1)
        return self.row.consts.get(name, default)

    def lane_size(self):
        """log2 of the bytes of the source's lanes."""
        name, sz = self.row.name, self.get('sz')
        if name == 'FCVTL_v':
            return 1 + sz
        if name.startswith(('FCVTXN', 'FJCVTZS')):
            return 3
        if name.startswith('FMLAL') or self.get('h'):
            return 1
        if sz is not None:
            return 2 + sz
        return self.get('from') or self.get('size') or 2

    def pack(self):
        mask = (1 << 64) - 1
        words = [w for v in self.v for w in (v & mask, v >> 64)] + self.x
        return struct.pack('<IIII10Q', self.word, self.fpcr, self.nzcv, 0, *words)

    def oracle_departs(self):
        name = self.row.name
        return name == 'FCVTZS_sx' and self.get('size') == 1 and self.v[1] & 0x8000

    def line(self, result):
        lo, hi, x0, fpsr, nzcv, undefined, _ = struct.unpack('<QQQIIII', result)
        numbers = [self.word, self.fpcr, self.nzcv] + self.v + self.x
        text = f'{self.row.name} ' + ' '.join(f'{n:x}' for n in numbers) + ' = '
        return text + ('UNDEFINED' if undefined else f'{hi << 64 | lo:x} {x0:x} {fpsr:x} {nzcv:x}')


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--per-row', type=int, default=3)
    ap.add_argument('--seed', type=int, default=1)
    args = ap.parse_args()
    random.seed(args.seed)
    rows = decodegen.read_rows([os.path.join(ROOT, 'target', 'arm', 'a64_fp.decode')])
    cases = [Case(row, i % 3 == 0) for row in rows for i in range(args.per_row)]
    cases = [c for c in cases if not c.oracle_departs()]
    with tempfile.TemporaryDirectory() as d:
        exe = os.path.join(d, 'runner')
        subprocess.run(['aarch64-linux-gnu-gcc', '-O1', '-static', os.path.join(HERE, 'oracle_runner.c'), '-o', exe], check=True)
        command = os.environ.get('ORACLE', 'qemu-aarch64 -cpu max').split() + [exe]
        out = subprocess.run(command, input=b''.join(c.pack() for c in cases), stdout=subprocess.PIPE, check=True).stdout
    print('# Made by make_cases.py: do not edit.')
    for i, c in enumerate(cases):
        print(c.line(out[i * 40:i * 40 + 40]))


if __name__ == '__main__':
    main()
