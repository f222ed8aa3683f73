#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the reference page of machines, CPU models and devices from what the program itself lists.

    gen-reference.py EMULATOR OUTPUT
"""
import os
import subprocess
import sys

SECTIONS = (("Machines", ["-M", "help"]), ("Options of the machine virt", ["-M", "virt,help"]), ("CPU models and their properties", ["-cpu", "help"]),
            ("Devices", ["-device", "help"]), ("The translator's options", ["-accel", "help"]), ("What can be logged", ["-d", "help"]))


def main():
    emulator, output = sys.argv[1:]
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"} # a sanitized build runs here as well
    parts = ["# Machines, CPUs and devices\n\nMade at build time from the program's own lists.\n"]
    for title, arguments in SECTIONS:
        text = subprocess.run([emulator, *arguments], check=True, capture_output=True, text=True, env=environment).stdout
        parts.append(f"\n## {title}\n\n`{' '.join(arguments)}`:\n\n" + "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines()))
    with open(output, "w") as f:
        f.write("".join(parts))


if __name__ == "__main__":
    main()
