#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one multi-vCPU test under several ways to run code, and merges their TAP.

    run.py arm64|amd64 calque-system IMAGE [--smp N] [--cpu MODEL] [--mode MODE]... [--seconds S]

IMAGE is what -kernel takes. --mode reference runs it under qemu-system-*, for whoever writes a test and wants a second opinion.
The limit of --seconds is stretched by the environment variable CALQUE_TEST_SLOWER.
"""
import argparse
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "insn"))
import bare_metal

MODES = {
    "multi": "tcg",
    "single": "tcg,thread=single",
    "opt-off": "tcg,opt=off",
    "interp": "tcg,host=interp",
    "baseline-host": "tcg,host-features=none",
    "small-buffer": "tcg,tb-size=1",
    "reference": "tcg,thread=multi",
}
PROGRAMS = {"arm64": "aarch64", "amd64": "x86_64"}
MACHINES = {"arm64": "virt,gic-version=3", "amd64": "q35"}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("guest", choices=PROGRAMS)
    ap.add_argument("emulator")
    ap.add_argument("image")
    ap.add_argument("--smp", type=int, default=4)
    ap.add_argument("--cpu", default="max")
    ap.add_argument("--mode", action="append", choices=MODES)
    ap.add_argument("--seconds", type=float, default=60)
    args = ap.parse_args()
    bare_metal.SECONDS = args.seconds * float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
    name = "-system-" + PROGRAMS[args.guest]
    total, all_good = 0, True
    for mode in args.mode or ["multi"]:
        reference = mode == "reference"
        command = [("qemu" if reference else "calque") + name, "-M", MACHINES[args.guest], "-cpu", args.cpu, "-smp", str(args.smp), "-m", "256M",
                   "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot", "-accel", MODES[mode], "-kernel", args.image]
        lines = bare_metal.run(command, shutil.which(command[0]) if reference else args.emulator)
        n, good = bare_metal.tap(lines, mode, total, lambda line: line)
        total, all_good = total + n, all_good and good
    print(f"1..{total}")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
