#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the man page from the table of options.

    gen-man.py system/options.def VERSION OUT
"""
import re
import sys

ROW = re.compile(r'^OPTION\("((?:[^"\\]|\\.)*)", (NULL|"[^"]*"), (NULL|"[^"]*"), "((?:[^"\\]|\\.)*)"\)$', re.M)

HEAD = """.TH CALQUE 1 "" "calque {version}" "User Commands"
.SH NAME
calque-system-aarch64, calque-system-x86_64 \\- run a guest machine
.SH SYNOPSIS
.B calque\\-system\\-aarch64
[\\fIoptions\\fR]
.br
.B calque\\-system\\-x86_64
[\\fIoptions\\fR]
.SH DESCRIPTION
calque runs an unmodified guest machine by translating its instructions into the host's and modelling the devices around it.
The program's name chooses the guest's architecture. Options have QEMU's names and syntax; one that is not supported is
refused by name.
.SH OPTIONS
"""

TAIL = """.SH TERMINAL
Under \\fB\\-nographic\\fR (or \\fB\\-serial mon:stdio\\fR) the terminal is shared by the first serial port and the monitor:
.TP
.B Ctrl\\-A h
help
.TP
.B Ctrl\\-A x
end the emulator
.TP
.B Ctrl\\-A c
switch between console and monitor
.TP
.B Ctrl\\-A b
send a break
.TP
.B Ctrl\\-A Ctrl\\-A
send Ctrl\\-A
.SH EXIT STATUS
0 when the guest powered off (or rebooted, under \\fB\\-no\\-reboot\\fR) or the user ended the program; 1 when the command line or
the host's state made it impossible to start. A guest with the device \\fBisa\\-debug\\-exit\\fR chooses its own: a write of N ends the
program with 2N + 1.
.SH EXAMPLES
.nf
calque\\-system\\-aarch64 \\-M virt \\-cpu max \\-m 1G \\-nographic \\-kernel vmlinuz \\-initrd initrd.gz \\-append "console=ttyAMA0"
calque\\-system\\-x86_64 \\-M q35 \\-cpu max \\-m 1G \\-nographic \\-kernel vmlinuz \\-initrd initrd.gz \\-append "console=ttyS0"
calque\\-system\\-x86_64 \\-M pc \\-m 1G \\-nographic \\-hda disk.img \\-cdrom install.iso
.fi
.SH SEE ALSO
The pages that are installed in share/doc/calque: README.md, cpus.md (machines, CPU models, devices), x86.md, architecture.md, howto.md.
"""


def roff(text):
    return text.replace("\\", "\\\\").replace("-", "\\-")


def main():
    source, version, out = sys.argv[1:]
    rows = ROW.findall(open(source).read())
    if not rows:
        sys.exit(f"{source}: no rows")
    with open(out, "w") as f:
        f.write(HEAD.format(version=version))
        for name, alias, argument, text in rows:
            names = f"\\fB\\-{roff(name)}\\fR" + ("" if alias == "NULL" else f", \\fB\\-{roff(alias[1:-1])}\\fR")
            f.write(f".TP\n{names}" + ("" if argument == "NULL" else f" \\fI{roff(argument[1:-1])}\\fR") + f"\n{roff(text)}\n")
        f.write(TAIL)


if __name__ == "__main__":
    main()
