#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools/x86decodegen.py accepts and refuses: rows, and a part of what it says. Speaks TAP.   test_decodegen.py GENERATOR"""
import subprocess
import sys
import tempfile

ROW = '1 {} : {} : {} : : ud'
CASES = [
    ('different-opcodes', [('00', 'A Eb', '-'), ('01', 'B Eb', '-')], None),
    ('same-opcode-overlaps', [('00', 'A Eb', '-'), ('00', 'B Eb', '-')], 'B overlaps A'),
    ('range-overlaps', [('50+r', 'A Zv', '-'), ('52', 'B Zv', '-')], 'B overlaps A'),
    ('reg-tells-apart', [('00 /0', 'A Eb', '-'), ('00 /1', 'B Eb', '-')], None),
    ('reg-and-mod-overlap', [('00 /0', 'A Eb', '-'), ('00 mem', 'B Eb', '-')], 'B overlaps A'),
    ('operand-constrains-mod', [('00', 'A M', '-'), ('00', 'B Ux', '-')], None),
    ('prefixes-tell-apart', [('00 np', 'A Eb', '-'), ('00 f3', 'B Eb', '-')], None),
    ('no-prefix-named-takes-any', [('00', 'A Eb', '-'), ('00 f3', 'B Eb', '-')], 'B overlaps A'),
    ('feature-and-its-absence', [('00', 'A Eb', 'BMI1'), ('00', 'B Eb', '!BMI1')], None),
    ('vex-and-legacy', [('00', 'A Eb', '-/AVX'), ('00', 'B Eb', '-')], None),
    ('vex-lengths', [('00 l0', 'A Vx', '-/AVX'), ('00 l1', 'B Vx', '-/AVX')], None),
    ('modrm-disagrees', [('00 m64', 'A Eb', '-'), ('00 m32', 'B', '-')], 'do not agree about a ModRM byte'),
    ('unknown-operand', [('00', 'A Kb', '-')], 'operand Kb is not known'),
    ('unknown-constraint', [('00 o8', 'A Eb', '-')], 'constraint o8 is not known'),
    ('contradiction', [('00 mod3', 'A M', '-')], 'contradict'),
]


def run(generator, rows):
    with tempfile.TemporaryDirectory() as d:
        path = d + '/t.rows'
        with open(path, 'w', encoding='utf-8') as f:
            f.write('\n'.join(ROW.format(*r) for r in rows) + '\n')
        p = subprocess.run([sys.executable, generator, '--out', d, path], capture_output=True, text=True)
        return p.returncode, p.stderr


def main():
    print(f'1..{len(CASES)}')
    failed = False
    for n, (name, rows, complaint) in enumerate(CASES, 1):
        status, said = run(sys.argv[1], rows)
        good = status == 0 if complaint is None else status != 0 and complaint in said
        failed |= not good
        print(f'{"ok" if good else "not ok"} {n} - {name}' + ('' if good else f' # said: {said.strip()}'))
    return failed


if __name__ == '__main__':
    sys.exit(main())
