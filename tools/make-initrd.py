#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packs an initial file system (cpio, newc format, gzip): busybox, an init script, and further files.

    make-initrd.py --busybox BUSYBOX --init SCRIPT [--add NAME=FILE ...] -o OUT
"""
import argparse
import gzip
import itertools
import pathlib


def entry(counter, name, mode, data=b"", device=(0, 0)):
    raw = name.encode() + b"\0"
    fields = (next(counter), mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(raw), 0)
    out = b"070701" + b"".join(b"%08x" % f for f in fields) + raw
    out += b"\0" * (-len(out) % 4) + data
    return out + b"\0" * (-len(out) % 4)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--busybox", type=pathlib.Path, required=True)
    p.add_argument("--init", type=pathlib.Path, required=True)
    p.add_argument("--add", action="append", default=[], metavar="NAME=FILE")
    p.add_argument("-o", "--output", type=pathlib.Path, required=True)
    args = p.parse_args()
    n = itertools.count(1)
    parts = [entry(n, d, 0o40755) for d in ("bin", "dev", "proc", "sys", "tmp", "root")]
    parts.append(entry(n, "dev/console", 0o20600, device=(5, 1)))
    parts.append(entry(n, "bin/busybox", 0o100755, args.busybox.read_bytes()))
    parts.append(entry(n, "init", 0o100755, args.init.read_bytes()))
    for add in args.add:
        name, file = add.split("=", 1)
        parts.append(entry(n, name, 0o100755, pathlib.Path(file).read_bytes()))
    parts.append(entry(n, "TRAILER!!!", 0))
    part = args.output.with_suffix(".part")
    part.write_bytes(gzip.compress(b"".join(parts), 6, mtime=0))
    part.rename(args.output)


if __name__ == "__main__":
    main()
