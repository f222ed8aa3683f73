#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real firmware beside what boot_test.py boots with it: SeaBIOS and its screen, memtest86+ from a CD that is made here, OVMF's shell. TAP output.

    firmware_test.py EMULATOR CASE [CASE...]        EMULATOR has the x86-64 name; 'list' prints the cases

Everything happens on pseudo-terminals, as for a user. What is missing on this system (GRUB's tools, firmware) skips the case that needs it.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from boot_test import Failure, Guest, Skip, report, want

SEABIOS = pathlib.Path("/usr/share/seabios/bios-256k.bin")
OVMF_CODE = pathlib.Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARS = pathlib.Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
MEMTEST = pathlib.Path("/boot/memtest86+x64.bin")
GRUB_CFG = """serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout=0
set default=0
menuentry "%s" {
%s
}
"""


def need(*paths, tools=()):
    for p in paths:
        if not p.exists():
            raise Skip(f"{p} is not there")
    for t in tools:
        if not shutil.which(t):
            raise Skip(f"{t} is not installed")


def make_iso(folder, title, entry, files):
    """A CD image that GRUB's own tool makes; it is a disk image as well."""
    need(*files.values(), tools=("grub-mkrescue", "xorriso", "mformat"))
    tree = folder / "tree"
    (tree / "boot/grub").mkdir(parents=True)
    for name, source in files.items():
        shutil.copy(source, tree / "boot" / name)
    (tree / "boot/grub/grub.cfg").write_text(GRUB_CFG % (title, entry))
    iso = folder / "test.iso"
    done = subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", str(iso), str(tree)], capture_output=True, text=True)
    if done.returncode:
        raise Skip("grub-mkrescue failed: " + done.stderr.strip().splitlines()[-1])
    return iso


class Machine:
    """A guest and the folder of its files."""

    def __init__(self, emulator, seconds):
        self.emulator = emulator
        self.seconds = seconds * float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="calque-firmware-"))
        self.guest = None

    def start(self, *options):
        self.guest = Guest([self.emulator, *map(str, options)], self.seconds)
        return self.guest

    def close(self):
        if self.guest:
            self.guest.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def case_debugcon(m):
    """SeaBIOS's own messages, on the debug console; no bootable device, so that it stays."""
    need(SEABIOS)
    g = m.start("-M", "pc", "-m", "64", "-display", "none", "-serial", "none", "-monitor", "none", "-chardev", "stdio,id=d", "-device",
                "isa-debugcon,iobase=0x402,chardev=d")
    g.expect(rb"SeaBIOS \(version")
    g.expect(rb"No bootable device")


def case_screendump(m):
    """What SeaBIOS's VGA BIOS has put on the screen: a picture of 80 columns by 25 rows that is not black."""
    need(SEABIOS, pathlib.Path("/usr/share/seabios/vgabios-stdvga.bin"))
    g = m.start("-M", "q35", "-m", "64", "-vga", "std", "-display", "none", "-serial", "none", "-monitor", "stdio")
    g.expect(rb"\(calque\) ")
    picture = m.folder / "screen.ppm"
    for _ in range(100):
        time.sleep(0.3)
        g.type(f"screendump {picture}\r".encode())
        g.expect(rb"\(calque\) ")
        data = picture.read_bytes() if picture.exists() else b""
        if data.startswith(b"P6\n720 400\n255\n") and len(set(data[15:])) > 1:
            break
    else:
        raise Failure(f"the screen stays empty: {data[:20]!r}")
    g.type(b"screendump " + str(m.folder / "screen.png").encode() + b"\r")
    g.expect(rb"\(calque\) ")
    if not (m.folder / "screen.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n"):
        raise Failure("the PNG file is none")
    g.type(b"quit\r")
    want(g.finish(), 0, "exit status after quit")


def case_memtest(m):
    """memtest86+, started by GRUB, passes its first test of 64 MiB."""
    need(SEABIOS)
    iso = make_iso(m.folder, "memtest", "  linux /boot/memtest console=ttyS0,115200", {"memtest": MEMTEST})
    g = m.start("-M", "pc", "-cpu", "max", "-m", "64", "-nographic", "-cdrom", iso)
    g.expect(rb"Memtest86\+")
    g.expect(rb"#0 ")
    g.expect(rb"#[1-9]\d? ")
    if re.search(rb"Errors: *[1-9]", g.output):
        raise Failure("it found errors")


def case_ovmf(m):
    """The UEFI shell answers and powers off; a variable survives in the flash image."""
    need(OVMF_CODE, OVMF_VARS)
    variables = m.folder / "vars.fd"
    shutil.copy(OVMF_VARS, variables)
    options = ["-M", "q35", "-cpu", "max", "-m", "512", "-nographic", "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF_CODE}", "-drive",
               f"if=pflash,unit=1,format=raw,file={variables}"]
    name = b"calque -guid c4197e00-93ca-11d2-aa0d-00e098032b8c"
    for command, answer in ((b"setvar " + name + b' -nv -bs =L"kept"', None), (b"setvar " + name, rb"6B 00 65 00 70 00 74")):
        g = m.start(*options)
        g.expect(rb"Shell> ")
        g.type(command + b"\r")
        if answer:
            g.expect(answer)
        g.expect(rb"Shell> ")
        g.type(b"reset -s\r")
        want(g.finish(), 0, "exit status after reset -s")
        g.check_terminal()
        g.close()
    m.guest = None


CASES = {
    "debugcon": (case_debugcon, 60), "screendump": (case_screendump, 60), "memtest": (case_memtest, 120), "ovmf": (case_ovmf, 150),
}


def run(emulator, name):
    function, seconds = CASES[name]
    m = Machine(emulator, seconds)
    start = time.monotonic()
    try:
        function(m)
        return time.monotonic() - start, None, b""
    except (Failure, OSError, Skip) as e:
        return time.monotonic() - start, e, m.guest.output if m.guest else b""
    finally:
        m.close()


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(CASES))
        return 0
    emulator, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    return report("firmware", emulator, names, run)


if __name__ == "__main__":
    sys.exit(main())
