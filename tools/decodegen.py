#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a decoder from rows of instruction patterns.

A row is one line, '#' starts a comment:

    HANDLER  <32 bits, high to low>  @feature  [const=value ...]  [over ROW ...]

The bits are literals of 0, 1 and x (anything), name:len (an unsigned field) or name:slen (a signed one). Rows may share a
handler: its argument struct holds the union of their fields, those that a row lacks are 0. Two rows that match one word are
an error unless one says, by "over", that it comes before the rows of the handlers it names; when the CPU lacks its
feature, the row that it covers is taken.

    decodegen.py --prefix a64 --features FEAT_ --out DIR a.decode b.decode ...

writes
    DIR/<prefix>_decode.h   argument structs and prototypes of the handlers
    DIR/<prefix>_decode.c   <prefix>_decode: finds the row, takes the fields out, calls the handler
    DIR/<prefix>_rows.c     the table of rows and the decision tree over it, which depend on nothing else
    DIR/<prefix>_decode.md  the reference page

The tree is nested switches on the bits that all rows still in question fix. Where none is left, it splits on one bit that some
rows leave open, and those go both ways; leaves list what remains, most specific first.
"""
import argparse
import os
import re
import sys

FIELD = re.compile(r'^([a-z_][a-z0-9_]*):(s?)(\d+)$')


class DecodeError(Exception):
    pass


class Row:
    def __init__(self, where, line):
        self.where = where
        words = line.split()
        self.name = words[0]
        self.over, self.consts, self.fields, self.feature = [], {}, [], None
        if not re.match(r'^[A-Za-z_]\w*$', self.name):
            self.fail(f'"{self.name}" is not a handler name')
        bits, i = [], 1
        while i < len(words):
            w = words[i]
            if w.startswith('@'):
                self.feature = w[1:]
            elif w == 'over':
                self.over = [n for x in words[i + 1:] for n in x.split(',') if n]
                break
            elif '=' in w:
                key, value = w.split('=', 1)
                self.consts[key] = int(value, 0)
            elif re.match(r'^[01x]+$', w):
                bits.extend(w)
            else:
                self.add_field(w, bits)
            i += 1
        if len(bits) != 32:
            self.fail(f'{self.name}: the pattern has {len(bits)} bits')
        if not self.feature:
            self.fail(f'{self.name}: no @feature')
        for key in self.consts:
            if any(f[0] == key for f in self.fields):
                self.fail(f'{self.name}: {key} is a field and a constant')
        self.pattern = ''.join(bits)
        self.mask = int(''.join('1' if b in '01' else '0' for b in bits), 2)
        self.value = int(''.join('1' if b == '1' else '0' for b in bits), 2)
        self.fields = [(n, 32 - end, length, signed) for n, end, length, signed in self.fields]

    def add_field(self, w, bits):
        m = FIELD.match(w)
        if not m:
            self.fail(f'{self.name}: cannot read "{w}"')
        name, signed, length = m.group(1), bool(m.group(2)), int(m.group(3))
        if any(f[0] == name for f in self.fields):
            self.fail(f'{self.name}: field {name} occurs twice')
        bits.extend('.' * length)
        self.fields.append((name, len(bits), length, signed))

    def fail(self, text):
        raise DecodeError(f'{self.where}: {text}')


def read_rows(paths):
    rows = []
    for path in paths:
        with open(path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                line = line.split('#', 1)[0].strip()
                if line:
                    rows.append(Row(f'{os.path.basename(path)}:{number}', line))
    return rows


def check_overlaps(rows):
    names = {r.name for r in rows}
    for r in rows:
        for n in r.over:
            if n not in names:
                r.fail(f'{r.name} is over {n}, which is no row')
    errors = []
    for i, a in enumerate(rows):
        am, av = a.mask, a.value
        for b in rows[i + 1:]:
            if (av ^ b.value) & am & b.mask:
                continue
            ab, ba = b.name in a.over, a.name in b.over
            if ab == ba and not (a.name == b.name and am != b.mask and (am & b.mask) in (am, b.mask) and ab):
                errors.append(f'{b.where}: {b.name} overlaps {a.name} ({a.where})' + (' and each is over the other' if ab else ''))
    if errors:
        raise DecodeError('\n'.join(errors))


def before(a, b):
    return b.name in a.over and (a.name != b.name or (a.mask & b.mask) == b.mask)


class Tree:
    """Emits the decision tree as C."""

    def __init__(self, rows, feature_prefix):
        self.index = {id(r): i for i, r in enumerate(rows)}
        self.feature_prefix = feature_prefix
        self.out = []

    def emit(self, depth, text):
        self.out.append('    ' * depth + text)

    def build(self, rows, tested, depth):
        left = [r.mask & ~tested for r in rows]
        if not any(left):
            return self.leaf(rows, depth)
        common = 0xffffffff
        for m in left:
            common &= m
        if common:
            return self.switch(rows, tested, common, depth)
        return self.split(rows, tested, left, depth)

    def switch(self, rows, tested, common, depth):
        groups = {}
        for r in rows:
            groups.setdefault(r.value & common, []).append(r)
        if len(groups) == 1:
            value = next(iter(groups))
            self.emit(depth, f'if ((insn & 0x{common:08x}u) != 0x{value:08x}u)')
            self.emit(depth + 1, 'return -1;')
            return self.build(rows, tested | common, depth)
        self.emit(depth, f'switch (insn & 0x{common:08x}u) {{')
        for value in sorted(groups):
            self.emit(depth, f'case 0x{value:08x}u:')
            self.build(groups[value], tested | common, depth + 1)
        self.emit(depth, '}')
        self.emit(depth, 'return -1;')

    def split(self, rows, tested, left, depth):
        def gain(bit):
            zeros = sum(1 for r, m in zip(rows, left) if m & bit and not r.value & bit)
            ones = sum(1 for r, m in zip(rows, left) if m & bit and r.value & bit)
            return (zeros + ones + 2 * min(zeros, ones), bit)
        bit = max((1 << b for b in range(32)), key=gain)
        ones = [r for r in rows if not r.mask & bit or r.value & bit]
        zeros = [r for r in rows if not r.mask & bit or not r.value & bit]
        self.emit(depth, f'if (insn & 0x{bit:08x}u) {{')
        self.side(ones, tested | bit, depth + 1)
        self.emit(depth, '}')
        self.side(zeros, tested | bit, depth)

    def side(self, rows, tested, depth):
        if rows:
            self.build(rows, tested, depth)
        else:
            self.emit(depth, 'return -1;')

    def leaf(self, rows, depth):
        order = list(rows)
        while order:
            first = next(r for r in order if not any(before(o, r) for o in order if o is not r))
            order.remove(first)
            self.emit(depth, f'if (features >> {self.feature_prefix}{first.feature} & 1)')
            self.emit(depth + 1, f'return {self.index[id(first)]}; /* {first.name} */')
        self.emit(depth, 'return -1;')


def handlers(rows):
    result = {}
    for r in rows:
        fields = result.setdefault(r.name, [])
        for n in [f[0] for f in r.fields] + list(r.consts):
            if n not in fields:
                fields.append(n)
    return result


HEAD = '/* SPDX-License-Identifier: MIT */\n/* Made by tools/decodegen.py from {files}: do not edit. */\n'


def write_header(path, prefix, rows, head):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(head)
        f.write(f'#ifndef {prefix.upper()}_DECODE_H\n#define {prefix.upper()}_DECODE_H\n\n#include "target/arm/translate.h"\n\n')
        for name, fields in handlers(rows).items():
            body = f'int {", ".join(fields)};' if fields else 'int unused;'
            f.write(f'typedef struct {{ {body} }} arg_{name};\nbool trans_{name}(DisasContext *s, const arg_{name} *a);\n')
        f.write('\n#endif\n')


def take(field):
    name, lsb, length, signed = field
    if signed:
        return f'.{name} = (int32_t)(insn << {32 - lsb - length}) >> {32 - length}'
    return f'.{name} = insn >> {lsb} & 0x{(1 << length) - 1:x}'


def write_decode(path, prefix, rows, head):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(head)
        f.write(f'#include "{prefix}_decode.h"\n#include "target/arm/decode.h"\n\n')
        for i, r in enumerate(rows):
            inits = [take(x) for x in r.fields] + [f'.{k} = {v}' for k, v in r.consts.items()]
            f.write(f'static bool row_{i}(DisasContext *s, uint32_t insn)\n{{\n')
            f.write(f'    const arg_{r.name} a = {{ {", ".join(inits) or "0"} }};\n    return trans_{r.name}(s, &a);\n}}\n')
        f.write('\nstatic bool (*const row_fn[])(DisasContext *, uint32_t) = {\n')
        f.write(''.join(f'    row_{i},\n' for i in range(len(rows))) or '    NULL,\n')
        f.write('};\n\n')
        f.write(f'bool {prefix}_decode(DisasContext *s, uint32_t insn)\n{{\n')
        f.write(f'    int row = {prefix}_find_row(insn, s->cpu->features);\n    return row >= 0 && row_fn[row](s, insn);\n}}\n')


def write_rows(path, prefix, rows, head, feature_prefix):
    tree = Tree(rows, feature_prefix)
    if rows:
        tree.build(rows, 0, 1)
    else:
        tree.emit(1, 'return -1;')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(head)
        f.write('#include "target/arm/decode.h"\n\n')
        f.write(f'const unsigned {prefix}_nb_rows = {len(rows)};\nconst A64Row {prefix}_rows[] = {{\n')
        for r in rows:
            f.write(f'    {{ "{r.name}", "{r.where}", 0x{r.mask:08x}, 0x{r.value:08x}, {feature_prefix}{r.feature} }},\n')
        if not rows:
            f.write('    { "", "", 0, 0, 0 },\n')
        f.write('};\n\n')
        f.write(f'int {prefix}_find_row(uint32_t insn, uint64_t features)\n{{\n' + '\n'.join(tree.out) + '\n}\n')


def write_page(path, prefix, rows):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(f'# {prefix.upper()} instructions\n\nOne line a decode row; a dot is a bit of a field.\n\n')
        f.write('| handler | pattern | feature | row |\n|---|---|---|---|\n')
        for r in rows:
            f.write(f'| {r.name} | `{r.pattern}` | {r.feature} | {r.where} |\n')


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--prefix', required=True)
    ap.add_argument('--features', required=True, help='prefix of the feature constants')
    ap.add_argument('--out', required=True)
    ap.add_argument('files', nargs='*')
    args = ap.parse_args()
    try:
        rows = read_rows(args.files)
        check_overlaps(rows)
    except DecodeError as e:
        sys.exit(str(e))
    head = HEAD.format(files=', '.join(os.path.basename(x) for x in args.files) or 'nothing')
    base = os.path.join(args.out, args.prefix)
    write_header(base + '_decode.h', args.prefix, rows, head)
    write_decode(base + '_decode.c', args.prefix, rows, head)
    write_rows(base + '_rows.c', args.prefix, rows, head, args.features)
    write_page(base + '_decode.md', args.prefix, rows)


if __name__ == '__main__':
    main()
