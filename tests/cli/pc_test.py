#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The PC machines as a user meets them: help, refusals, a multiboot kernel of a few bytes, firmware. TAP output.

    pc_test.py EMULATOR [NAME...]

The kernel prints "pc ok" to the debug console's port 0x402 and ends with status 85 through isa-debug-exit.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import cli_test as cli
from cli_test import Failure, check, refused, run

EXIT_STATUS = 0x2a << 1 | 1
DEBUG = ["-display", "none", "-device", "isa-debug-exit"]


def kernel(text=b"pc ok"):
    """Flat protected mode at 1 MiB; the header gives the addresses."""
    code = b"\x66\xba\x02\x04" + b"".join(b"\xb0" + bytes([c]) + b"\xee" for c in text)   # mov $0x402, %dx; mov $c, %al; out %al, (%dx)
    code += b"\x66\xba\x01\x05\xb0\x2a\xee" + b"\xf4\xeb\xfd"                             # mov $0x501, %dx; mov $42, %al; out; hlt; jmp
    flags = 0x10000
    header = struct.pack("<8I", 0x1badb002, flags, -(0x1badb002 + flags) & 0xffffffff, 0x100000, 0x100000, 0x100000 + 32 + len(code), 0, 0x100020)
    pathlib.Path("kernel").write_bytes(header + code)
    return "kernel"


def case_help():
    text = run("-M", "help").stdout.decode()
    check("q35" in text and "pc " in text and "virt" not in text, f"-M help: {text}")
    text = run("-M", "q35,help").stdout.decode()
    check("hpet=" in text and "up to" in text, f"-M q35,help: {text}")
    text = run("-cpu", "help").stdout.decode()
    check("qemu64" in text and "cortex" not in text, f"-cpu help: {text}")
    text = run("-device", "help").stdout.decode()
    check("isa-debugcon" in text, f"-device help: {text}")


def case_refusals():
    k = kernel()
    pathlib.Path("odd").write_bytes(bytes(1000))
    existing = ["kernel", "odd"]
    for args, words in [
        (["-M", "q35", "-kernel", k, "-bios", "x"], ["-kernel", "-bios"]),
        (["-M", "pc", "-bios", "no-such-file"], ["no-such-file", "seabios"]),
        (["-M", "pc", "-bios", "odd"], ["odd", "64 KiB"]),
        (["-M", "pc", "-kernel", "odd"], ["odd", "1 KiB"]),
        (["-M", "pc", "-kernel", "none"], ["none", "No such file"]),
        (["-M", "q35,hpet=2", "-kernel", k], ["hpet=2", "on, off"]),
        (["-M", "q35,htep=on", "-kernel", k], ["htep", "hpet"]),
        (["-M", "virt", "-kernel", k], ["virt", "x86_64"]),
        (["-M", "q35", "-smp", "300", "-kernel", k], ["-smp 300"]),
        (["-M", "q35", "-dtb", "t", "-kernel", k], ["-dtb"]),
        (["-M", "q35", "-boot", "order=cc"], ["order=cc"]),
        (["-M", "q35", "-boot", "order=x"], ["order=x"]),
        (["-M", "q35", "-boot", "mneu=on"], ["mneu", "menu"]),
        (["-M", "q35", "-rtc", "utc"], ["-rtc utc", "base="]),
        (["-M", "q35", "-rtc", "base=13th"], ["13th"]),
        (["-M", "q35", "-rtc", "clock=moon"], ["moon", "host"]),
        (["-M", "q35", "-vga", "qxl"], ["qxl", "std"]),
        (["-M", "q35", "-parallel", "stdio"], ["-parallel", "none"]),
        (["-M", "q35", "-smbios", "type=9,slot=1"], ["type=9"]),
        (["-M", "q35", "-smbios", "type=1,seral=1"], ["seral", "serial"]),
        (["-M", "q35", "-chardev", "null"], ["id="]),
        (["-M", "q35", "-chardev", "nul,id=a"], ["nul", "null"]),
        (["-M", "q35", "-chardev", "file,id=a"], ["path="]),
        (["-M", "q35", "-chardev", "null,id=a", "-chardev", "null,id=a"], ["id=a", "twice"]),
        (["-M", "q35", "-serial", "chardev:a"], ["chardev:a"]),
        (["-M", "q35", "-device", "isa-debugcon,chardev=a"], ["'a'"]),
        (["-M", "q35", "-device", "VGA,addr=20"], ["addr=20"]),
        (["-M", "q35", "-device", "VGA,bus=pci.0"], ["pci.0", "pcie.0"]),
        (["-M", "pc", "-device", "VGA,addr=1.0"], ["01.0", "PIIX3"]),
        (["-M", "pc", "-device", "PIIX3"], ["belongs to its machine"]),
    ]:
        refused(args, *words, existing=existing)


def case_multiboot():
    k = kernel()
    for machine in "q35", "pc":
        for accel in [], ["-accel", "tcg,host=interp"], ["-smp", "2", "-accel", "tcg,thread=single"]:
            r = run("-M", machine, *DEBUG, *accel, "-serial", "null", "-chardev", "stdio,id=d", "-device", "isa-debugcon,iobase=0x402,chardev=d", "-kernel", k)
            check(r.returncode == EXIT_STATUS and r.stdout == b"pc ok", f"{machine} {accel}: status {r.returncode}, {r.stdout!r}, {r.stderr!r}")


def case_chardev_file():
    k = kernel()
    r = run("-M", "q35", *DEBUG, "-chardev", "file,id=d,path=out", "-device", "isa-debugcon,iobase=1026,chardev=d", "-kernel", k)
    check(r.returncode == EXIT_STATUS and pathlib.Path("out").read_bytes() == b"pc ok", f"status {r.returncode}, {r.stderr!r}")


def expect_from(args, word, seconds):
    """Runs until word comes out on standard output."""
    p = subprocess.Popen([cli.emulator, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    os.set_blocking(p.stdout.fileno(), False)
    seen, end = b"", time.monotonic() + seconds * cli.SLOWER
    try:
        while word not in seen:
            check(time.monotonic() < end, f"{args}: no {word!r} in {seconds} s, but {seen[-800:]!r}")
            data = p.stdout.read()
            check(data != b"", f"{args}: ended after {seen[-800:]!r}")
            seen += data or b""
            time.sleep(0.05)
    finally:
        p.kill()
        p.wait()
    return seen


def case_seabios():
    check(os.path.exists("/usr/share/seabios/bios-256k.bin"), "the package seabios is not installed")
    for machine in "q35", "pc":
        seen = expect_from(["-M", machine, "-display", "none", "-serial", "null", "-smp", "2", "-m", "3G", "-chardev", "stdio,id=d", "-device",
                            "isa-debugcon,iobase=0x402,chardev=d"], b"No bootable device.", 40)
        for word in b"Found 2 cpu(s)", b"(via xsdt)", b"Copying SMBIOS", b"PS2 keyboard initialized":
            check(word in seen, f"{machine}: {word!r} is not in {seen!r}")


def case_ovmf():
    code, variables = "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"
    check(os.path.exists(code), "the package ovmf is not installed")
    pathlib.Path("vars").write_bytes(pathlib.Path(variables).read_bytes())
    seen = expect_from(["-M", "q35", "-m", "512", "-display", "none", "-serial", "stdio", "-drive", f"if=pflash,format=raw,readonly=on,file={code}", "-drive",
                        "if=pflash,format=raw,file=vars"], b"Shell>", 120)
    check(b"UEFI" in seen, f"no UEFI shell: {seen[-800:]!r}")
    check(pathlib.Path("vars").read_bytes() != pathlib.Path(variables).read_bytes(), "firmware's variables were not kept")


def main():
    cli.emulator = os.path.abspath(sys.argv[1])
    cases = {n[5:].replace("_", "-"): f for n, f in globals().items() if n.startswith("case_")}
    names = sys.argv[2:] or list(cases)
    failed = False
    print(f"1..{len(names)}", flush=True)
    for i, name in enumerate(names, 1):
        with tempfile.TemporaryDirectory(prefix="calque-pc-") as folder:
            os.chdir(folder)
            try:
                cases[name]()
                print(f"ok {i} - {name}", flush=True)
            except Exception as e:
                failed = True
                print(f"not ok {i} - {name}")
                for line in (str(e) if isinstance(e, Failure) else traceback.format_exc()).splitlines():
                    print("#", line, flush=True)
            os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
