#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one x86 system test under each way that calque has to run code, and merges their TAP.

    run.py calque-system NAME.elf [--mode MODE]... [--machine pc|q35] [--reference]

--reference runs it under qemu-system-x86_64 -accel tcg instead: for whoever writes a test and wants a second opinion. Version 7.2 of it
checks no segment limits, types or null segments, gives #GP where a stack address that is not canonical is #SS, holds a single-step trap
off after STI, and has neither general detect nor INT1.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "insn"))
import bare_metal

MODES = {"native": "tcg", "opt-off": "tcg,opt=off", "interp": "tcg,host=interp", "one-insn": "tcg,max-insns=1"}
COMMON = ["-cpu", "max", "-m", "64M", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("emulator")
    ap.add_argument("elf")
    ap.add_argument("--mode", action="append", choices=MODES)
    ap.add_argument("--machine", default="q35")
    ap.add_argument("--reference", action="store_true")
    args = ap.parse_args()
    tail = ["-M", args.machine, *COMMON, "-kernel", args.elf]
    if args.reference:
        commands = {"reference": ("qemu-system-x86_64", ["-accel", "tcg"])}
    else:
        commands = {m: (args.emulator, ["-accel", MODES[m]]) for m in args.mode or MODES}
    locate = lambda line: bare_metal.where(args.elf, line, "addr2line", 5)
    total, all_good = 0, True
    for mode, (program, options) in commands.items():
        name = "qemu-system-x86_64" if args.reference else "calque-system-x86_64"
        n, good = bare_metal.tap(bare_metal.run([name, *options, *tail], program), mode, total, locate)
        total, all_good = total + n, all_good and good
    print(f"1..{total}")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
