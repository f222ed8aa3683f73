#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what calque makes of typical guest blocks with the committed text: guest code, optimised IR, host code.

    golden.py calque-golden [--update] [NAME...]

NAME.s is a block; NAME.ir and NAME.x86 are its forms. A change of the translator that moves them is reviewed as a diff of these
files: --update writes them anew. Addresses of the process are taken out: those within the block become +OFFSET, others HOST.
"""
import argparse
import difflib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = "aarch64-linux-gnu-"
LOWEST = 1 << 32  # addresses of this process are above, those of the guest's code are below


def assemble(source, directory):
    """The block's bytes, in a file."""
    obj, raw = directory / "block.o", directory / "block.bin"
    subprocess.run([TOOLS + "as", "-march=armv8.6-a+crypto", "-o", obj, source], check=True)
    subprocess.run([TOOLS + "objcopy", "-O", "binary", "-j", ".text", obj, raw], check=True)
    return raw


class Names:
    """Says what an address of the process is."""

    def __init__(self, facts):
        self.ranges = []
        for line in facts.splitlines():
            code = re.match(r"code 0x([0-9a-f]+) (\d+)", line)
            mapped = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
            if code:
                self.start, self.size = int(code.group(1), 16), int(code.group(2))
            elif mapped:
                self.ranges.append((int(mapped.group(1), 16), int(mapped.group(2), 16)))

    def name(self, value):
        if self.start <= value < self.start + self.size:
            return f"+0x{value - self.start:x}"
        if value >= LOWEST and any(a <= value < b for a, b in self.ranges):
            return "HOST"
        return None

    def replace(self, text):
        return re.sub(r"0x[0-9a-f]+", lambda m: self.name(int(m.group(), 16)) or m.group(), text)

    def join_halves(self, parsed):
        """An address that two stores write is taken out of both."""
        store = re.compile(r"(dword ptr \[rbp \+ 0x[0-9a-f]+\]), (0x[0-9a-f]+)$")
        for i in range(len(parsed) - 1):
            low, high = store.match(parsed[i][2]), store.match(parsed[i + 1][2])
            name = low and high and self.name(int(high.group(2), 16) << 32 | int(low.group(2), 16))
            if name:
                parsed[i][2], parsed[i + 1][2] = f"{low.group(1)}, low {name}", f"{high.group(1)}, high {name}"

    def host_lines(self, lines):
        """Host instructions, their addresses as offsets; operands relative to RIP as what they reach."""
        parsed = [list(re.match(r"  ([0-9a-f]+):  (\S+)\s*(.*)", line).groups()) for line in lines]
        self.join_halves(parsed)
        ends = [int(p[0], 16) for p in parsed[1:]] + [self.start + self.size]
        for (address, mnemonic, operands), end in zip(parsed, ends):
            def reached(m, end=end):
                value = end + int(m.group(2), 16) * (-1 if m.group(1) == "-" else 1)
                return f"[{self.name(value) or 'HOST'}]"
            operands = re.sub(r"\[rip ([+-]) (0x[0-9a-f]+|\d+)\]", reached, operands)
            yield f"  {int(address, 16) - self.start:04x}:  {mnemonic:<8} {self.replace(operands)}".rstrip()


def forms(tool, source):
    """(text of NAME.ir, text of NAME.x86)"""
    with tempfile.TemporaryDirectory() as d:
        done = subprocess.run([tool, assemble(source, pathlib.Path(d))], capture_output=True, text=True, check=True)
    names = Names(done.stdout)
    parts = re.split(r"^(IN|OP after optimisation|OUT): .*\n", done.stderr, flags=re.M)
    part = {parts[i]: parts[i + 1].strip("\n").splitlines() for i in range(1, len(parts), 2)}
    guest = [line.replace("0x00000000", "0x") for line in part["IN"]]
    ir = guest + [""] + [names.replace(line) for line in part["OP after optimisation"]]
    host = guest + [""] + list(names.host_lines(part["OUT"]))
    return "\n".join(ir) + "\n", "\n".join(host) + "\n"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("tool")
    ap.add_argument("names", nargs="*")
    ap.add_argument("--update", action="store_true")
    args = ap.parse_args()
    if not shutil.which(TOOLS + "as"):
        print(f"1..0 # SKIP no {TOOLS}as")
        return 0
    sources = [HERE / f"{n}.s" for n in args.names] or sorted(HERE.glob("*.s"))
    failed, n = False, 0
    print(f"1..{2 * len(sources)}")
    for source in sources:
        for text, kind in zip(forms(args.tool, source), ("ir", "x86")):
            path = source.with_suffix("." + kind)
            if args.update:
                path.write_text(text)
            want = path.read_text() if path.exists() else ""
            n += 1
            print(f"{'ok' if text == want else 'not ok'} {n} - {source.stem}: {kind}")
            if text != want:
                failed = True
                for line in difflib.unified_diff(want.splitlines(), text.splitlines(), path.name, "now", lineterm=""):
                    print("#", line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
