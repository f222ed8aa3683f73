#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the x86 opcode tables from rows files; the format is described in target/x86/decode.h.

Writes x86_rows.c (rows by opcode, operand specifications), x86_handlers.h (prototypes) and x86_instructions.md (the reference page).
What a row asks of an instruction is one set for each dimension (mandatory prefix, ModRM.mod, ModRM.reg, ...), packed into one
word: an instruction is one bit in each dimension and matches when its bits are a subset of the row's. Two rows of an opcode
overlap when their sets meet in every dimension; that, like a ModRM byte that only some rows of an opcode have, is an error.
"""
import argparse
import os
import re
import sys

# Dimensions of a match word: name, first bit, width. target/x86/decode.c packs instructions the same way.
DIMS = [('PFX', 0, 4), ('MOD', 4, 2), ('REG', 6, 8), ('RM', 14, 8), ('W', 22, 2), ('L', 24, 2), ('ENC', 26, 2), ('OSZ', 28, 3), ('ASZ', 31, 3),
        ('MODE', 34, 2)]
HAS_MODRM, NO_VVVV = 1 << 36, 1 << 37
FULL = {d: (1 << w) - 1 for d, _, w in DIMS}
CONSTRAINTS = {
    'np': ('PFX', 1), '66': ('PFX', 2), 'f3': ('PFX', 4), 'f2': ('PFX', 8), 'mem': ('MOD', 1), 'mod3': ('MOD', 2), 'w0': ('W', 1), 'w1': ('W', 2),
    'l0': ('L', 1), 'l1': ('L', 2), 'novex': ('ENC', 1), 'vex': ('ENC', 2), 'o16': ('OSZ', 1), 'o32': ('OSZ', 2), 'o64': ('OSZ', 4),
    'a16': ('ASZ', 1), 'a32': ('ASZ', 2), 'a64': ('ASZ', 4), 'm32': ('MODE', 1), 'm64': ('MODE', 2),
}
MAPS = {'1': 0, '0f': 1, '0f38': 2, '0f3a': 3}
ATTRS = {'lock': 'LOCK', 'priv': 'PRIV', 'sse': 'SSE', 'mmx': 'MMX', 'fpu': 'FPU', 'align': 'ALIGN | X86_ATTR_ALIGN_VEX', 'rep': 'REP', 'd64': 'D64', 'f64': 'F64',
         'end': 'END', 'io': 'IO', 'vsib': 'VSIB', 'serial': 'SERIAL', 'unal': None, 'novvvv': None}
SIZES = ['none', 'b', 'w', 'd', 'q', 'v', 'z', 'y', 'x', 'dq', 'qq', 't', 'xh', 'xq', 'xe', 'db', 'dw', 'vw', 's']
SIZE_ALIAS = {'': 'none', 'p': 'none', 'a': 'none', 'ss': 'd', 'sd': 'q', 'ps': 'x', 'pd': 'x', 'pi': 'q', 'si': 'd'}
MODRM_LETTERS = 'CDEGMNPQRSUVWf'
FORCED_MOD = {'M': 1, 'N': 2, 'U': 2, 'R': 2, 'f': 2}
REGS = ['AX', 'CX', 'DX', 'BX', 'SP', 'BP', 'SI', 'DI']
REGS8 = ['AL', 'CL', 'DL', 'BL', 'AH', 'CH', 'DH', 'BH']
SEGS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS']


class RowError(Exception):
    pass


def fixed_operand(text):
    """Operands that a row names outright, as (addressing, size, register)."""
    if text == '1':
        return ('ONE', 'b', 0)
    if text == 'XMM0':
        return ('XMM', 'dq', 0)
    if text in SEGS:
        return ('SEGNAME', 'w', SEGS.index(text))
    if text in REGS8:
        return ('GPR', 'b', REGS8.index(text))
    if text[:1] in 'er' and text[1:] in REGS:
        return ('GPR', 'z' if text[0] == 'e' else 'v', REGS.index(text[1:]))
    if text in REGS:
        return ('GPR', 'w', REGS.index(text))
    return None


def parse_operand(text, fail):
    fixed = fixed_operand(text)
    if fixed:
        return fixed
    letter, size = text[0], SIZE_ALIAS.get(text[1:], text[1:])
    if letter not in 'ABCDEFGHIJLMNOPQRSUVWXYZf' or size not in SIZES:
        fail(f'operand {text} is not known')
    if size == 's' and letter != 'I':
        size = 'none'
    return ('STI' if letter == 'f' else letter, size, 0)


class Row:
    def __init__(self, where, opcode, sets, fields):
        self.where, self.map, self.opcode, self.sets = where, opcode[0], opcode[1], sets
        self.mnemonic, self.text, self.ops, self.feature_text, self.features, self.attrs, self.handler, self.arg = fields

    def match(self):
        m = 0
        for d, s, _ in DIMS:
            m |= self.sets[d] << s
        return m | (HAS_MODRM if self.modrm() else 0) | (NO_VVVV if self.no_vvvv() else 0)

    def modrm(self):
        return any(a in MODRM_LETTERS or a == 'STI' for a, _, _ in self.ops) or any(self.sets[d] != FULL[d] for d in ('MOD', 'REG', 'RM'))

    def no_vvvv(self):
        return 'novvvv' in self.attrs or not any(a in 'HB' for a, _, _ in self.ops)

    def sizes64(self):
        return 'd64' in self.attrs or 'f64' in self.attrs

    def attr_text(self):
        names = [ATTRS[a] for a in self.attrs if ATTRS[a]]
        wide = any(a in 'WMEQ' and s in ('x', 'dq') for a, s, _ in self.ops)
        if 'sse' in self.attrs and wide and 'unal' not in self.attrs and 'align' not in self.attrs:
            names.append('ALIGN')
        return ' | '.join('X86_ATTR_' + n for n in names) or '0'


def parse_features(text, sets, fail):
    """Three C expressions (legacy, VEX.128, VEX.256); narrows the sets of encodings and lengths."""
    parts = text.split('/')
    if len(parts) == 1 and sets['ENC'] == 2:
        parts = ['-', text]
    vex = parts[1:]
    if not vex:
        sets['ENC'] &= 1
    elif parts[0] == '-':
        sets['ENC'] &= 2
    if len(vex) == 1:
        vex = [vex[0], vex[0]]
    if not sets['ENC']:
        fail('neither a legacy nor a VEX form is left')
    return [feature_name(p) for p in [parts[0]] + (vex or ['-', '-'])]


def feature_name(text):
    if text == '-':
        return 'X86_FEAT_NONE'
    if text.startswith('!'):
        return f'X86_FEAT_{text[1:]} | X86_FEATURE_ABSENT'
    return 'X86_FEAT_' + text


def parse_constraints(words, fail):
    given = {}
    for w in words:
        if re.fullmatch(r'/[0-7]', w):
            d, v = 'REG', 1 << int(w[1])
        elif re.fullmatch(r'rm[0-7]', w):
            d, v = 'RM', 1 << int(w[2])
        elif w in CONSTRAINTS:
            d, v = CONSTRAINTS[w]
        else:
            fail(f'constraint {w} is not known')
        given[d] = given.get(d, 0) | v
    return {d: given.get(d, FULL[d]) for d in FULL}


def parse_opcodes(text, fail):
    m = re.fullmatch(r'([0-9a-f]{2})(?:(\+r)|\.\.([0-9a-f]{2}))?', text)
    if not m:
        fail(f'opcode {text} is not of the form 50, 50+r or 70..7f')
    first = int(m[1], 16)
    return range(first, first + 8 if m[2] else (int(m[3], 16) if m[3] else first) + 1)


def parse_line(line, where):
    def fail(why):
        raise RowError(f'{where}: {why}')
    fields = [x.strip() for x in re.split(r'\s+:(?=\s|$)', line)]
    if len(fields) != 5:
        fail('a row has five fields')
    head = fields[0].split()
    if len(head) < 2 or head[0] not in MAPS:
        fail('a row begins with its map and opcode')
    sets = parse_constraints(head[2:], fail)
    name = fields[1].split(None, 1)
    texts = name[1].replace(' ', '').split(',') if len(name) > 1 else []
    ops = [parse_operand(t, fail) for t in texts]
    if len(ops) > 5:
        fail('a row has at most five operands')
    attrs = fields[3].replace(',', ' ').split()
    for a in attrs:
        if a not in ATTRS:
            fail(f'attribute {a} is not known')
    features = parse_features(fields[2], sets, fail)
    for a, _, _ in ops:
        if a in FORCED_MOD and not (a == 'R' and head[0] == '0f' and head[1][0] == '2'):
            sets['MOD'] &= FORCED_MOD[a]
    if not sets['MOD']:
        fail('its operands contradict mem or mod3')
    h = re.fullmatch(r'(\w+)(?:\((.*)\))?', fields[4])
    if not h:
        fail(f'{fields[4]} is no handler')
    rest = (name[0], ','.join(texts), ops, fields[2], features, attrs, h[1], h[2] or '0')
    return [Row(where, (MAPS[head[0]], o), sets, rest) for o in parse_opcodes(head[1], fail)]


def read_rows(files):
    rows, includes = [], []
    for path in files:
        with open(path, encoding='utf-8') as f:
            for n, line in enumerate(f, 1):
                line = line.split('#', 1)[0].strip()
                if line.startswith('include '):
                    includes.append(line.split()[1].strip('"'))
                elif line:
                    rows += parse_line(line, f'{os.path.basename(path)}:{n}')
    rows.sort(key=lambda r: (r.map, r.opcode))
    return rows, includes


def exclude_by_feature(a, b):
    fa, fb = a.features[0], b.features[0]
    return fa == fb + ' | X86_FEATURE_ABSENT' or fb == fa + ' | X86_FEATURE_ABSENT'


def overlap(a, b):
    if exclude_by_feature(a, b) and not a.sets['ENC'] & b.sets['ENC'] & 2:
        return False
    for d in FULL:
        if d == 'OSZ' and a.sizes64() != b.sizes64():
            continue  # the operand size is not the same for both
        if not a.sets[d] & b.sets[d]:
            return False
    return True


def check(rows):
    errors = []
    by_opcode = {}
    for r in rows:
        by_opcode.setdefault((r.map, r.opcode), []).append(r)
    for group in by_opcode.values():
        for i, a in enumerate(group):
            for b in group[i + 1:]:
                if a.modrm() != b.modrm():
                    errors.append(f'{b.where}: {b.mnemonic} and {a.mnemonic} ({a.where}) do not agree about a ModRM byte')
                elif overlap(a, b):
                    errors.append(f'{b.where}: {b.mnemonic} overlaps {a.mnemonic} ({a.where})')
    if errors:
        raise RowError('\n'.join(dict.fromkeys(errors)))


HEAD = '/* SPDX-License-Identifier: MIT */\n/* Made by tools/x86decodegen.py from {}: do not edit. */\n'


def write_handlers(path, rows, head):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(head + '#ifndef X86_HANDLERS_H\n#define X86_HANDLERS_H\n\n#include "target/x86/decode.h"\n\n')
        for h in sorted({r.handler for r in rows}):
            f.write(f'void trans_{h}(struct DisasContext *s, const X86Insn *i);\n')
        f.write('\n#endif\n')


def spec_numbers(rows):
    specs = {('NONE', 'none', 0): 0}
    for r in rows:
        for o in r.ops:
            specs.setdefault(o, len(specs))
    return specs


def write_rows(path, rows, includes, head):
    specs = spec_numbers(rows)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(head + '#include <stddef.h>\n\n#include "target/x86/decode_internal.h"\n#include "target/x86/features.h"\n')
        f.write('#ifdef X86_ROWS_ALONE /* the decoder without a translator: tests */\n#define HANDLER(name, arg) NULL, 0\n#else\n')
        f.write('#include "target/x86/x86_handlers.h"\n')
        f.write(''.join(f'#include "{x}"\n' for x in dict.fromkeys(includes)))
        f.write('#define HANDLER(name, arg) trans_##name, arg\n#endif\n\n')
        f.write('const X86OperandSpec x86_operand_specs[] = {\n')
        f.write(''.join(f'    {{ X86_AM_{a}, X86_SZ_{s}, {n} }},\n' for a, s, n in specs))
        f.write('};\n\nconst X86Row x86_rows[] = {\n')
        for r in rows:
            ops = ', '.join(str(specs[o]) for o in r.ops) or '0'
            f.write(f'    {{ "{r.mnemonic}", HANDLER({r.handler}, {r.arg}), {r.attr_text()}, {{ {", ".join(r.features)} }}, 0x{r.match():x}ull, {{ {ops} }} }}, /* {r.where} */\n')
        if not rows:
            f.write('    { "" },\n')
        f.write(f'}};\nconst unsigned x86_nb_rows = {len(rows)};\n\n')
        f.write('/* Rows of opcode o of map m: [first[m << 8 | o], first[(m << 8 | o) + 1]). */\nconst uint16_t x86_row_first[4 * 256 + 1] = {\n')
        firsts = []
        n = 0
        for key in range(4 * 256 + 1):
            while n < len(rows) and (rows[n].map << 8 | rows[n].opcode) < key:
                n += 1
            firsts.append(n)
        for k in range(0, len(firsts), 16):
            f.write('    ' + ' '.join(f'{x},' for x in firsts[k:k + 16]) + '\n')
        f.write('};\n')


def write_page(path, rows):
    names = {v: k for k, v in MAPS.items()}
    seen = set()
    with open(path, 'w', encoding='utf-8') as f:
        f.write('# x86 instructions\n\nOne line a decode row (target/x86/decode.h tells the notation).\n\n| opcode | instruction | feature | handler | row |\n|---|---|---|---|---|\n')
        for r in rows:
            if r.where in seen:
                continue
            seen.add(r.where)
            prefix = '' if r.map == 0 else names[r.map] + ' '
            f.write(f'| {prefix}{r.opcode:02x} | {r.mnemonic} {r.text} | {r.feature_text} | {r.handler} | {r.where} |\n')


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--out', required=True)
    ap.add_argument('files', nargs='*')
    args = ap.parse_args()
    try:
        rows, includes = read_rows(args.files)
        check(rows)
    except RowError as e:
        sys.exit(str(e))
    head = HEAD.format(', '.join(os.path.basename(x) for x in args.files) or 'nothing')
    write_handlers(os.path.join(args.out, 'x86_handlers.h'), rows, head)
    write_rows(os.path.join(args.out, 'x86_rows.c'), rows, includes, head)
    write_page(os.path.join(args.out, 'x86_instructions.md'), rows)


if __name__ == '__main__':
    main()
