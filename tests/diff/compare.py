#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two files of DiffResults for one file of DiffCases, and says what differs, by instruction.

    compare.py cases.bin want.bin got.bin [--show 3] [--rows a64_simd.decode ...]

Ends with status 1 when anything differs. Instructions are named by objdump, so that a wrong decode row shows.
"""
import argparse
import collections
import os
import struct
import subprocess
import sys
import tempfile

CASE = 32 + 36 * 8 + 512 + 512
RESULT = 8 + 36 * 8 + 512 + 512
NAMES = [f'x{i}' for i in range(31)] + ['sp', 'pc', 'nzcv', 'fpcr', 'fpsr']
ENDS = ['BRK', 'UNDEFINED', 'FAULT']


def disassemble(words):
    """The text of each distinct word."""
    words = sorted(set(words))
    with tempfile.NamedTemporaryFile(delete=False) as f:
        f.write(b''.join(struct.pack('<I', w) for w in words))
    out = subprocess.run(['aarch64-linux-gnu-objdump', '-D', '-z', '-b', 'binary', '-maarch64', '-Mno-aliases', f.name],
                         capture_output=True, text=True, check=True).stdout
    os.unlink(f.name)
    lines = [line.split('\t', 2)[2] for line in out.splitlines() if line.count('\t') >= 2]
    return dict(zip(words, lines))


def unpack_result(data):
    end = struct.unpack_from('<Q', data)[0]
    state = struct.unpack_from('<36Q', data, 8)
    v = [int.from_bytes(data[296 + 16 * i:312 + 16 * i], 'little') for i in range(32)]
    return end, state, v, data[808:]


def case_words(case):
    return struct.unpack_from(f'<{struct.unpack_from("<I", case)[0]}I', case, 4)


def differences(want, got):
    out = []
    if want[0] != got[0]:
        out.append(f'ends with {ENDS[got[0]]}, should be {ENDS[want[0]]}')
    if want[0] == 1 and got[0] == 1:
        return out
    out += [f'{n} is {g:016x}, should be {w:016x}' for n, w, g in zip(NAMES, want[1], got[1]) if w != g]
    out += [f'v{i} is {g:032x}, should be {w:032x}' for i, (w, g) in enumerate(zip(want[2], got[2])) if w != g]
    out += [f'mem[{i}] is {g:02x}, should be {w:02x}' for i, (w, g) in enumerate(zip(want[3], got[3])) if w != g][:4]
    return out


def describe_inputs(case, text):
    state = struct.unpack_from('<36Q', case, 32)
    v = [int.from_bytes(case[320 + 16 * i:336 + 16 * i], 'little') for i in range(32)]
    names = {token.strip('{}[], ').split('.')[0] for token in text.replace(',', ' ').replace('{', ' ').replace('}', ' ').split()}
    out = []
    for name in sorted(names):
        kind, number = name[:1], name[1:]
        if number.isdigit() and int(number) < 32:
            if kind in 'vqdshb':
                out.append(f'v{number}={v[int(number)]:032x}')
            elif kind in 'xw' and int(number) < 31:
                out.append(f'x{number}={state[int(number)]:016x}')
    return ' '.join(out) + f' nzcv={state[33] >> 28:x} fpcr={state[34]:08x} fpsr={state[35]:08x}'


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('cases')
    ap.add_argument('want')
    ap.add_argument('got')
    ap.add_argument('--show', type=int, default=2, help='differing cases to print for each mnemonic')
    args = ap.parse_args()
    cases, want, got = (open(p, 'rb').read() for p in (args.cases, args.want, args.got))
    n = len(cases) // CASE
    if len(want) != n * RESULT or len(got) != n * RESULT:
        print(f'{n} cases, {len(want) / RESULT} results wanted, {len(got) / RESULT} given')
        n = min(n, len(want) // RESULT, len(got) // RESULT)
    bad = []
    for i in range(n):
        w, g = want[i * RESULT:(i + 1) * RESULT], got[i * RESULT:(i + 1) * RESULT]
        if w != g:
            diff = differences(unpack_result(w), unpack_result(g))
            if diff:
                bad.append((i, case_words(cases[i * CASE:(i + 1) * CASE]), diff))
    texts = disassemble([word for _, words, _ in bad for word in words]) if bad else {}
    shown = collections.Counter()
    for i, words, diff in bad:
        mnemonic = texts[words[0]].split()[0]
        shown[mnemonic] += 1
        if shown[mnemonic] <= args.show:
            text = '; '.join(texts[word] for word in words)
            print(f'case {i}: {" ".join(f"{word:08x}" for word in words)}  {text}')
            print(f'    in: {describe_inputs(cases[i * CASE:(i + 1) * CASE], text)}')
            print(''.join(f'    {d}\n' for d in diff[:6]), end='')
    for mnemonic, count in shown.most_common():
        print(f'{count:6} {mnemonic}')
    print(f'{len(bad)} of {n} cases differ')
    return bool(bad) or len(want) != len(got)


if __name__ == '__main__':
    sys.exit(main())
