#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one x86 system test under each way that calque has to run code, and merges their TAP.

    run.py calque-system NAME.elf [--mode MODE]... [--machine pc|q35] [--reference]

--reference runs it under qemu-system-x86_64 -accel tcg instead: for whoever writes a test and wants a second opinion. Version 7.2 of it
checks no segment limits, types or null segments, gives #GP where a stack address that is not canonical is #SS, holds a single-step trap
off after STI, and has neither general detect nor INT1.
"""
import argparse
import re
import subprocess
import sys

MODES = {"native": "tcg", "opt-off": "tcg,opt=off", "interp": "tcg,host=interp", "one-insn": "tcg,max-insns=1"}
COMMON = ["-cpu", "max", "-m", "64M", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot"]
SECONDS = 30


def run(command, executable):
    """The lines that the guest printed; a line that bails out when it did not end by itself."""
    try:
        done = subprocess.run(command, executable=executable, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        lines, error = done.stdout, f"exit status {done.returncode}" if done.returncode else None
    except subprocess.TimeoutExpired as e:
        lines, error = e.stdout or b"", f"still running after {SECONDS} s"
    lines = lines.decode(errors="replace").replace("\r", "").splitlines()
    return lines + ([f"Bail out! {error}"] if error else [])


def where(elf, line):
    """Adds the source line to a failed check's address."""
    match = re.match(r"# at 0x([0-9a-f]+):", line)
    if not match:
        return line
    found = subprocess.run(["addr2line", "-e", elf, hex(int(match.group(1), 16) - 5)], capture_output=True, text=True).stdout
    return f"{line} ({found.split('/')[-1].strip()})"


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
    ap.add_argument("--mode", action="append", choices=MODES)
    ap.add_argument("--machine", default="q35")
    ap.add_argument("--reference", action="store_true")
    args = ap.parse_args()
    tail = ["-M", args.machine, *COMMON, "-kernel", args.elf]
    if args.reference:
        commands = {"reference": ("qemu-system-x86_64", ["-accel", "tcg"])}
    else:
        commands = {m: (args.emulator, ["-accel", MODES[m]]) for m in args.mode or MODES}
    total, all_good = 0, True
    for mode, (program, options) in commands.items():
        n, good = tap(run(["qemu-system-x86_64" if args.reference else "calque-system-x86_64", *options, *tail], program), args.elf, mode, total)
        total, all_good = total + n, all_good and good
    print(f"1..{total}")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
