#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes docs/ir.md, the reference page of the IR's operations, from accel/ir/ops.def.

usage: gen-ir-doc.py [--check] [OPS.DEF [IR.MD]]

--check writes nothing and fails when the page is not up to date.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPS = 'accel/ir/ops.def'

ROW = re.compile(r'OP\((\w+),\s*([-\w]),\s*"(\w*)",\s*"(\w*)",\s*"(.*)"\)\s*$')
SECTION = re.compile(r'/\* ---- (.*) ---- \*/\s*$')

RESULTS = {'-': '', 'T': 'T', 'i': 'i32', 'l': 'i64', 'p': 'ptr', 'v': 'v128'}
ARGS = {'i': 'i32', 'l': 'i64', 'p': 'ptr', 'v': 'v128', 'T': 'T', 'N': 'int', 'F': 'float', 'A': 'any'}

INTRO = """<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/gen-ir-doc.py from accel/ir/ops.def: edit that. -->
# The IR's operations

A block is a straight line of insns with side exits; a value is made once, by the insn whose index names it. What slots,
flags, exits and helpers are is told at the top of `accel/ir/ir.h`; the builder's functions are `ir_<op>` in
`accel/ir/builder.h`.

Types: `T` is the insn's own type, `int` an i32 or i64, `float` an f32 or f64, `any` any of them. Arguments are called a, b,
c, d in order. `sz`, `aux` and `imm` are the insn's other fields.

Flags of an operation:

- **P** pure: may be removed, merged, moved
- **C** commutes in its first two arguments
- **M** accesses guest memory, may fault
- **W** has another effect, stays where it is
- **X** ends the block or leaves it
- **S** uses `sz` as lane size (log2 of its bytes)
"""


def cell(text):
    return text.replace('|', '\\|')


def page(lines):
    out = [INTRO]
    rows = 0
    for number, line in enumerate(lines, 1):
        section = SECTION.match(line)
        row = ROW.match(line)
        if section:
            title = section.group(1)
            out.append(f'\n## {title[0].upper()}{title[1:]}\n\n| operation | result | arguments | flags | meaning |\n|---|---|---|---|---|\n')
        elif row:
            name, result, args, flags, meaning = row.groups()
            out.append(f'| `{name}` | {RESULTS[result]} | {", ".join(ARGS[a] for a in args)} | {flags} | {cell(meaning)} |\n')
            rows += 1
        elif line.startswith('OP('):
            sys.exit(f'{OPS}:{number}: not a row: {line.strip()}')
    if not rows:
        sys.exit(f'{OPS}: no rows')
    return ''.join(out)


def main():
    args = [a for a in sys.argv[1:] if a != '--check']
    source = pathlib.Path(args[0]) if args else ROOT / OPS
    target = pathlib.Path(args[1]) if len(args) > 1 else ROOT / 'docs/ir.md'
    text = page(source.read_text().splitlines())
    if '--check' not in sys.argv:
        target.write_text(text)
    elif not target.exists() or target.read_text() != text:
        sys.exit(f'{target} is out of date: run tools/gen-ir-doc.py')


if __name__ == '__main__':
    main()
