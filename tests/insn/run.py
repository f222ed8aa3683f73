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
import re
import shutil
import subprocess
import sys

MODES = {
    "native": "tcg",
    "opt-off": "tcg,opt=off",
    "interp": "tcg,host=interp",
    "baseline-host": "tcg,host-features=none",
    "one-insn": "tcg,max-insns=1",
}
MACHINE = ["-M", "virt,gic-version=3", "-m", "64M", "-display", "none", "-monitor", "none", "-serial", "stdio"]
REFERENCE = ["qemu-system-aarch64", "-cpu", "max", *MACHINE]
SECONDS = 30


def run(command):
    """The lines that the guest printed; a line that bails out when it did not end by itself."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        lines, error = done.stdout, f"exit status {done.returncode}" if done.returncode else None
    except subprocess.TimeoutExpired as e:
        lines, error = e.stdout or b"", f"still running after {SECONDS} s"
    lines = lines.decode(errors="replace").replace("\r", "").splitlines()
    return lines + ([f"Bail out! {error}"] if error else [])


def where(elf, line):
    """Adds the source line to a failed check's address."""
    match = re.match(r"# at 0x([0-9a-f]+):", line)
    tool = shutil.which("aarch64-linux-gnu-addr2line")
    if not match or not tool:
        return line
    pc = int(match.group(1), 16) - 4
    found = subprocess.run([tool, "-e", elf, hex(pc)], capture_output=True, text=True).stdout.split("/")[-1].strip()
    return f"{line} ({found})"


def tap(lines, elf, mode, first):
    """Prints a run's tests, numbered from first; returns how many there were, and whether all is well."""
    n, good, planned = 0, True, None
    for line in lines:
        match = re.match(r"(ok|not ok) \d+ - (.*)", line)
        plan = re.match(r"1\.\.(\d+)", line)
        if match:
            n += 1
            good &= match.group(1) == "ok"
            print(f"{match.group(1)} {first + n} - {mode}: {match.group(2)}")
        elif plan:
            planned = int(plan.group(1))
        else:
            print("# " + where(elf, line).removeprefix("# "))
    if planned != n or not n:
        print(f"not ok {first + n + 1} - {mode}: runs to its end")
        return n + 1, False
    return n, good


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
    total, all_good = 0, True
    for mode, command in commands.items():
        n, good = tap(run(command + ["-kernel", args.image]), args.elf, mode, total)
        total += n
        all_good &= good
    print(f"1..{total}")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
