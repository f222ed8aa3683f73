#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one instruction test under each way that calque has to run code, and merges their TAP.

    run.py calque-system-aarch64 NAME.elf NAME.img [--mode MODE]... [--reference]

--reference runs it under qemu-system-aarch64 instead: for whoever writes a test and wants a second opinion.
Version 7.2 of it differs from the manual, and fails, in these: SP alignment checks (SCTLR_EL1.SA, SA0), WFE traps, the
syndrome of a trapped MSR DAIFSet, alignment of device memory and of DC ZVA on it, CM in the aborts of cache maintenance, bits
10:0 of VBAR_EL1. Two more are other CPUs' properties: AArch32 at EL0 makes its returns legal, and its pointer authentication has
no FPAC.
"""
import argparse
import shutil
import sys

import bare_metal

MODES = {
    "native": "tcg",
    "opt-off": "tcg,opt=off",
    "interp": "tcg,host=interp",
    "baseline-host": "tcg,host-features=none,atomics=locked",
    "one-insn": "tcg,max-insns=1",
}
MACHINE = ["-M", "virt,gic-version=3", "-m", "64M", "-display", "none", "-monitor", "none", "-serial", "stdio"]
REFERENCE = ["qemu-system-aarch64", "-cpu", "max", *MACHINE]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("emulator")
    ap.add_argument("elf")
    ap.add_argument("image")
    ap.add_argument("--mode", action="append", choices=MODES)
    ap.add_argument("--reference", action="store_true")
    args = ap.parse_args()
    if args.reference:
        commands = {"reference": REFERENCE}
    else:
        commands = {m: [args.emulator, "-cpu", "max", *MACHINE, "-accel", MODES[m]] for m in args.mode or MODES}
    tool = shutil.which("aarch64-linux-gnu-addr2line")
    locate = lambda line: bare_metal.where(args.elf, line, tool, 4)
    total, all_good = 0, True
    for mode, command in commands.items():
        n, good = bare_metal.tap(bare_metal.run(command + ["-kernel", args.image]), mode, total, locate)
        total += n
        all_good &= good
    print(f"1..{total}")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
