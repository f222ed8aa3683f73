#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packs an initial file system (cpio, newc format, gzip): busybox, an init script, and further files.

    make-initrd.py --busybox BUSYBOX --init SCRIPT [--add NAME=FILE ...] [--program FILE ... --tree TREE] -o OUT

A program goes to bin, with its loader and all shared libraries that it needs, which are looked for under TREE: a folder into
which packages were unpacked. readelf says what is needed, of any architecture.
"""
import argparse
import gzip
import itertools
import pathlib
import re
import subprocess
import sys


def entry(counter, name, mode, data=b"", device=(0, 0)):
    raw = name.encode() + b"\0"
    fields = (next(counter), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0)
    out = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
    out += b"\0" * (-len(out) % 4) + data
    return out + b"\0" * (-len(out) % 4)


def program_files(program, tree):
    """{name in the initial file system: file} of a program, its loader, and the libraries that it and they need."""
    found = {f.name: f for f in sorted(tree.rglob("*.so*")) if "gconv" not in f.parts}
    files, todo = {f"bin/{program.name}": program}, [program]
    while todo:
        headers = subprocess.run(["readelf", "-ldW", todo.pop()], check=True, capture_output=True, text=True).stdout
        loader = re.search(r"program interpreter: /(\S+)\]", headers)
        names = {f"lib/{n}": n for n in re.findall(r"\(NEEDED\).*\[(.+)\]", headers)} | ({loader[1]: pathlib.Path(loader[1]).name} if loader else {})
        for place, name in names.items():
            if name not in found:
                sys.exit(f"{program.name} needs {name}, which is not under {tree}")
            if place not in files:
                files[place] = found[name]
                todo.append(found[name])
    return files


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--busybox", type=pathlib.Path, required=True)
    p.add_argument("--init", type=pathlib.Path, required=True)
    p.add_argument("--add", action="append", default=[], metavar="NAME=FILE")
    p.add_argument("--program", action="append", default=[], type=pathlib.Path, metavar="FILE")
    p.add_argument("--tree", type=pathlib.Path, default=pathlib.Path("/"))
    p.add_argument("-o", "--output", type=pathlib.Path, required=True)
    args = p.parse_args()
    n = itertools.count(1)
    parts = [entry(n, d, 0o40755) for d in ("bin", "dev", "lib", "lib64", "proc", "sys", "tmp", "root")]
    parts.append(entry(n, "dev/console", 0o20600, device=(5, 1)))
    parts.append(entry(n, "bin/busybox", 0o100755, args.busybox.read_bytes()))
    parts.append(entry(n, "init", 0o100755, args.init.read_bytes()))
    further = dict(add.split("=", 1) for add in args.add)
    for program in args.program:
        further |= program_files(program, args.tree)
    for name, file in further.items():
        parts.append(entry(n, name, 0o100755, pathlib.Path(file).read_bytes()))
    parts.append(entry(n, "TRAILER!!!", 0))
    part = args.output.with_suffix(".part")
    part.write_bytes(gzip.compress(b"".join(parts), 6, mtime=0))
    part.rename(args.output)


if __name__ == "__main__":
    main()
