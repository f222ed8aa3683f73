#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads every #include "..." and fails on an arrow between folders that docs/architecture.md forbids. TAP output.

    check-includes.py SOURCE_ROOT
"""
import pathlib
import re
import sys

# Who may include whom. The longest matching prefix of a file's path decides; everyone may include its own folder.
ALLOWED = {
    "base": [],
    "memory": ["base"],
    "cpus": ["base", "memory"],
    "accel": ["base", "memory", "cpus", "accel", "target/api"],
    "target/api": ["base", "memory", "cpus", "accel/ir", "target/api"],
    "target/fp": ["base"],
    "target/arm": ["base", "memory", "cpus", "target/api", "target/fp", "accel/ir", "accel/mmu/mmu.h"],
    "target/x86": ["base", "memory", "cpus", "target/api", "target/fp", "accel/ir", "accel/mmu/mmu.h"],
    "hw": ["base", "memory", "cpus", "hw", "target/api/machine.h"],
    "system": ["base", "memory", "cpus", "accel", "target/api", "hw", "system"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def rule_of(path):
    best = max((p for p in ALLOWED if path.startswith(p + "/")), key=len, default=None)
    return best


def main():
    root = pathlib.Path(sys.argv[1])
    bad, seen = [], 0
    for folder in sorted({p.split("/")[0] for p in ALLOWED}):
        for file in sorted((root / folder).rglob("*.[chd]*")):
            name = file.relative_to(root).as_posix()
            rule = rule_of(name)
            if rule is None or file.suffix not in (".c", ".h", ".def"):
                continue
            for target in INCLUDE.findall(file.read_text()):
                seen += 1
                allowed = [rule, *ALLOWED[rule]]
                generated = "/" not in target
                if not generated and not any(target == a or target.startswith(a + "/") for a in allowed):
                    bad.append(f"{name} includes {target}; {rule} may include only {', '.join(ALLOWED[rule]) or 'nothing'}")
    print("1..2")
    print("ok 1 - includes were found" if seen > 100 else "not ok 1 - includes were found")
    print("ok 2 - no forbidden arrow" if not bad else "not ok 2 - no forbidden arrow")
    for line in bad:
        print("#", line)
    return 1 if bad or seen <= 100 else 0


if __name__ == "__main__":
    sys.exit(main())
