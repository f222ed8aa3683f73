#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs random instructions of one file of decode rows through the reference and through calque's three ways of running code.

    run.py build/tests/diff/calque-diff target/arm/a64_simd.decode [--seed N] [--count N]

Speaks TAP; skips all when qemu-aarch64 or the cross compiler is missing. A failing case is printed with its inputs; run.py with
the same seed and count makes it again.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CC = 'aarch64-linux-gnu-gcc'
# SVE and SME off: their records in signal frames would override the vector registers that the runner sets.
REFERENCE = ['qemu-aarch64', '-cpu', 'max,sve=off,sme=off']
MODES = [('translated', []), ('unoptimised', ['--no-opt']), ('interpreted', ['--interp'])]


def run(command, stdin, stdout):
    with open(stdin, 'rb') as i, open(stdout, 'wb') as o:
        subprocess.run(command, stdin=i, stdout=o, check=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('calque_diff')
    ap.add_argument('rows')
    ap.add_argument('--seed', default='1')
    ap.add_argument('--count', default='8000')
    ap.add_argument('--match', default='.*')
    args = ap.parse_args()
    if not shutil.which(REFERENCE[0]) or not shutil.which(CC):
        print(f'1..0 # SKIP no {REFERENCE[0]} or no {CC}')
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as tmp:
        cases, want, got, runner = (os.path.join(tmp, n) for n in ('cases', 'want', 'got', 'runner'))
        subprocess.run([CC, '-O1', '-static', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-mgeneral-regs-only',
                        os.path.join(HERE, 'runner.c'), '-o', runner], check=True)
        subprocess.run([sys.executable, os.path.join(HERE, 'generate.py'), '--seed', args.seed, '--count', args.count,
                        '--match', args.match, '-o', cases, args.rows], check=True)
        run(REFERENCE + [runner], cases, want)
        print(f'1..{len(MODES)}')
        for n, (name, flags) in enumerate(MODES, 1):
            run([args.calque_diff] + flags, cases, got)
            report = subprocess.run([sys.executable, os.path.join(HERE, 'compare.py'), cases, want, got], capture_output=True, text=True)
            ok = report.returncode == 0
            failed |= not ok
            if not ok:
                print(''.join(f'# {line}\n' for line in (report.stdout + report.stderr).splitlines()), end='')
            print(f'{"ok" if ok else "not ok"} {n} - {os.path.basename(args.rows)} {name}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
