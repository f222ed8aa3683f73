#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the reference page of machines, CPU models and devices from what the program itself lists.

    gen-reference.py EMULATOR OUTPUT
"""
import os
import subprocess
import sys

ARM, X86 = "aarch64", "x86_64"
SECTIONS = (("Machines for aarch64", ARM, ["-M", "help"]), ("Options of the machine virt", ARM, ["-M", "virt,help"]),
            ("aarch64 CPU models and their properties", ARM, ["-cpu", "help"]),
            ("Machines for x86-64", X86, ["-M", "help"]), ("Options of the machine q35", X86, ["-M", "q35,help"]),
            ("Options of the machine pc", X86, ["-M", "pc,help"]), ("x86-64 CPU models and their features", X86, ["-cpu", "help"]),
            ("Devices", X86, ["-device", "help"]), ("Properties of the device VGA", X86, ["-device", "VGA,help"]),
            ("Properties of the device isa-debugcon", X86, ["-device", "isa-debugcon,help"]),
            ("Properties of the device isa-debug-exit", X86, ["-device", "isa-debug-exit,help"]),
            ("The translator's options", ARM, ["-accel", "help"]), ("What can be logged", ARM, ["-d", "help"]))


def main():
    emulator, output = sys.argv[1:]
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"} # a sanitized build runs here as well
    parts = ["# Machines, CPUs and devices\n\nMade at build time from the program's own lists.\n"]
    for title, guest, arguments in SECTIONS: # the name that the program is called by chooses the guest
        text = subprocess.run([f"calque-system-{guest}", *arguments], executable=emulator, check=True, capture_output=True, text=True, env=environment).stdout
        parts.append(f"\n## {title}\n\n`{' '.join(arguments)}`:\n\n" + "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines()))
    with open(output, "w") as f:
        f.write("".join(parts))


if __name__ == "__main__":
    main()
