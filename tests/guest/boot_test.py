#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots Debian's own kernels under calque through a pseudo-terminal, as a user does, and types at their shell. TAP output.

    boot_test.py EMULATOR CASE [CASE...]        cases: see CASES; 'list' prints them. Those of amd64 need EMULATOR's name for it

A case passes when the shell answers, the program ends with the right status in time, and the terminal is as it was before.
"""
import os
import pathlib
import pty
import re
import select
import signal
import sys
import tempfile
import termios
import time

CACHE = pathlib.Path(os.environ.get("CALQUE_CACHE", pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "calque"))
PROMPT = rb"@calque:/# \x1b\[6n"  # the shell asks the terminal where the cursor is


class Failure(Exception):
    pass


class Skip(Exception):
    pass


class Guest:
    """An emulator on a pseudo-terminal of its own."""

    def __init__(self, command, timeout):
        self.deadline = time.monotonic() + timeout
        self.output = b""
        self.seen = 0
        self.status = None
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            os.close(self.master)
            for fd in range(3):
                os.dup2(self.slave, fd)
            import fcntl
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            os.execv(command[0], command)

    def read_some(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failure("time is up")
        ready, _, _ = select.select([self.master], [], [], min(left, 0.5))
        if ready:
            data = os.read(self.master, 65536)
            self.output += data
        return bool(ready)

    def expect(self, pattern, since=None):
        """Waits until pattern appears after what was matched before."""
        start = self.seen if since is None else since
        while True:
            match = re.compile(pattern).search(self.output, start)
            if match:
                self.seen = match.end()
                return match
            if self.ended() and not self.read_some():
                raise Failure(f"ended with wait status {self.status} while waiting for {pattern!r}")
            self.read_some()

    def ended(self):
        """Whether the program has ended; its wait status is kept. There may be output left."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def type(self, text):
        os.write(self.master, text)

    def prompt(self):
        """Waits for the shell's prompt and answers its question as a terminal does."""
        self.expect(PROMPT)
        self.type(b"\x1b[1;14R")

    def finish(self):
        """Waits for the end; returns the exit status (negative: signal)."""
        while not self.ended():
            self.read_some()
        while self.read_some():
            pass
        return os.waitstatus_to_exitcode(self.status)

    def check_terminal(self):
        if termios.tcgetattr(self.slave) != self.before:
            raise Failure("the terminal's modes are not what they were")

    def close(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)
        os.close(self.slave)


def want(value, wanted, what):
    if value != wanted:
        raise Failure(f"{what} is {value!r}, should be {wanted!r}")


def to_shell(g):
    g.prompt()
    g.type(b"uname -m\r")
    g.expect(rb"\r+\n(?:aarch64|x86_64)\r+\n")


def power_off(g):
    g.prompt()
    g.type(b"poweroff -f\r")
    want(g.finish(), 0, "exit status after poweroff")
    g.check_terminal()


def case_shell(g, smp=1):
    to_shell(g)
    g.prompt()
    g.type(b"grep -c ^processor /proc/cpuinfo\r")
    want(int(g.expect(rb"\r+\n(\d+)\r+\n").group(1)), smp, "number of CPUs")
    g.prompt()
    # Work for the guest: pipes, forks, arithmetic with a known answer, a checksum over some megabytes.
    g.type(b"dd if=/dev/zero bs=64k count=64 2>/dev/null | sha256sum\r")
    g.expect(rb"bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8")
    g.prompt()
    g.type(b"i=0; while [ $i -lt 200 ]; do i=$((i+1)); (exit 3) || : ; done; echo done $i\r")
    g.expect(rb"\r+\ndone 200\r+\n")
    power_off(g)


def case_smp4(g):
    case_shell(g, 4)


def case_reboot(g):
    to_shell(g)
    g.prompt()
    g.type(b"reboot -f\r")
    g.expect(rb"Booting Linux on physical CPU|Linux version")
    to_shell(g)
    power_off(g)


def case_no_reboot(g):
    to_shell(g)
    g.prompt()
    g.type(b"reboot -f\r")
    want(g.finish(), 0, "exit status after reboot under -no-reboot")
    g.check_terminal()


def case_panic(g):
    to_shell(g)
    g.prompt()
    g.type(b"echo c > /proc/sysrq-trigger\r")
    g.expect(rb"Kernel panic")
    want(g.finish(), 0, "exit status after a panic under panic=-1 and -no-reboot")
    g.check_terminal()


def case_ctrl_a(g):
    to_shell(g)
    g.type(b"\x01h")
    g.expect(rb"Ctrl-A x")
    g.type(b"\x01c")
    g.expect(rb"\(calque\) ")
    g.type(b"info status\r")
    g.expect(rb"VM status: running")
    g.type(b"info registers\r")
    g.expect(rb"(?i)(?:pc|rip) *=? *[0-9a-f]{8,16}")
    g.expect(rb"\(calque\) ")
    g.type(b"\x01c\r")
    g.prompt()
    g.type(b"\x01x")
    want(g.finish(), 0, "exit status after Ctrl-A x")
    g.check_terminal()


def case_powerdown(g):
    """The power button: its status bit, since no driver that listens is loaded."""
    to_shell(g)
    for press in (False, True):
        if press:
            g.type(b"\x01c")
            g.expect(rb"\(calque\) ")
            g.type(b"system_powerdown\r")
            g.expect(rb"\(calque\) ")
            g.type(b"\x01c\r")
        g.prompt()
        g.type(b"cat /sys/firmware/acpi/interrupts/ff_pwr_btn\r")
        want(b"STS" in g.expect(rb"\r+\n *\d+ ([^\r]*)\r").group(1), press, "power button status")
    power_off(g)


def case_signal(g):
    to_shell(g)
    os.kill(g.pid, signal.SIGTERM)
    want(g.finish(), 0, "exit status after SIGTERM")
    g.check_terminal()


def case_fatal(g):
    to_shell(g)
    os.kill(g.pid, signal.SIGABRT)
    want(g.finish(), -signal.SIGABRT, "exit status after SIGABRT")
    g.check_terminal()


# name: (function, kernel flavour, further options, kernel command line, seconds)
CASES = {
    "cloud": (case_shell, "cloud", [], "", 90),
    "generic": (case_shell, "generic", [], "", 120),
    "gicv2": (case_shell, "cloud", ["-M", "virt,gic-version=2"], "", 90),
    "smp4": (case_smp4, "cloud", ["-smp", "4"], "", 120),
    "smp4-gicv2": (case_smp4, "cloud", ["-smp", "4", "-M", "virt,gic-version=2"], "", 120),
    "single-thread": (case_smp4, "cloud", ["-smp", "4", "-accel", "tcg,thread=single"], "", 120),
    "no-opt": (case_shell, "cloud", ["-accel", "tcg,opt=off"], "", 120),
    "small-buffer": (case_shell, "cloud", ["-accel", "tcg,tb-size=4"], "", 500),
    "tiny-buffer": (case_shell, "cloud", ["-accel", "tcg,tb-size=1"], "", 900),
    "baseline-host": (case_shell, "cloud", ["-accel", "tcg,host-features=none"], "", 120),
    "interp": (case_shell, "cloud", ["-accel", "tcg,host=interp"], "", 900),
    "a53": (case_shell, "cloud", ["-cpu", "cortex-a53"], "", 90),
    "a57": (case_shell, "cloud", ["-cpu", "cortex-a57"], "", 90),
    "a72": (case_shell, "cloud", ["-cpu", "cortex-a72"], "", 90),
    "a76": (case_shell, "cloud", ["-cpu", "cortex-a76"], "", 90),
    "n1": (case_shell, "cloud", ["-cpu", "neoverse-n1"], "", 90),
    "qarma": (case_shell, "cloud", ["-cpu", "max,pauth-impdef=off"], "", 120),
    "reboot": (case_reboot, "cloud", [], "", 120),
    "no-reboot": (case_no_reboot, "cloud", ["-no-reboot"], "", 60),
    "panic": (case_panic, "cloud", ["-no-reboot"], "panic=-1", 60),
    "ctrl-a": (case_ctrl_a, "cloud", [], "", 60),
    "signal": (case_signal, "cloud", [], "", 60),
    "fatal": (case_fatal, "cloud", [], "", 60),
}

# The same for amd64: names "amd64-..."; machine q35 where none is said.
CASES_AMD64 = {
    "cloud": (case_shell, "cloud", [], "", 90),
    "generic": (case_shell, "generic", [], "", 120),
    "pc": (case_shell, "cloud", ["-M", "pc"], "", 90),
    "smp4": (case_smp4, "cloud", ["-smp", "4"], "", 150),
    "pc-smp4": (case_smp4, "cloud", ["-M", "pc", "-smp", "4"], "", 150),
    "single-thread": (case_smp4, "cloud", ["-smp", "4", "-accel", "tcg,thread=single"], "", 150),
    "qemu64": (case_shell, "cloud", ["-cpu", "qemu64"], "", 90),
    "no-acpi": (case_no_reboot, "cloud", ["-no-acpi", "-no-reboot"], "reboot=k", 90),
    "no-hpet": (case_shell, "cloud", ["-no-hpet"], "", 90),
    "no-apic": (case_shell, "cloud", ["-M", "pc"], "noapic nolapic", 90),
    "no-opt": (case_shell, "cloud", ["-accel", "tcg,opt=off"], "", 150),
    "interp": (case_shell, "cloud", ["-accel", "tcg,host=interp"], "", 900),
    "high-memory": (case_shell, "cloud", ["-m", "6G"], "", 120),
    "powerdown": (case_powerdown, "cloud", [], "", 90),
    "reboot": (case_reboot, "cloud", [], "", 150),
    "pc-reboot": (case_reboot, "cloud", ["-M", "pc"], "", 150),
    "no-reboot": (case_no_reboot, "cloud", ["-no-reboot"], "", 90),
    "panic": (case_panic, "cloud", ["-no-reboot"], "panic=-1", 90),
    "ctrl-a": (case_ctrl_a, "cloud", [], "", 90),
}
ISO = str(CACHE / "amd64-grub.iso")
OVMF = "/usr/share/OVMF/OVMF_{}.fd"
UEFI = ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF.format('CODE')}", "-drive", "if=pflash,format=raw,file={vars}"]
# Firmware and GRUB instead of -kernel: flavour None.
CASES_AMD64.update({
    "grub-pc-cd": (case_shell, None, ["-M", "pc", "-cdrom", ISO], "", 150),
    "grub-pc-disk": (case_shell, None, ["-M", "pc", "-drive", f"if=ide,format=raw,readonly=on,file={ISO}"], "", 150),
    "grub-q35-cd": (case_smp4, None, ["-smp", "4", "-cdrom", ISO], "", 200),
    "grub-q35-disk": (case_reboot, None, ["-drive", f"if=ide,format=raw,readonly=on,file={ISO}"], "", 200),
    "grub-uefi": (case_shell, None, ["-cdrom", ISO, *UEFI], "", 300),
})
CASES.update({f"amd64-{name}": case for name, case in CASES_AMD64.items()})
GUESTS = {"arm64": ("virt", "ttyAMA0"), "amd64": ("q35", "ttyS0")}


def guest_of(name):
    return "amd64" if name.startswith("amd64-") else "arm64"


def needed(names):
    return [f for n in names for f in ((pathlib.Path(ISO), pathlib.Path(OVMF.format("VARS"))) if CASES[n][1] is None else kernel_files(n))]


def kernel_files(n):
    return (CACHE / f"{guest_of(n)}-initrd.gz", CACHE / f"{guest_of(n)}-{CASES[n][1]}/vmlinuz")


def emulator_command(emulator, guest, options, kernel=None, initrd=None, append=""):
    """The command line that boots Debian for guest from a kernel, or from what options say."""
    defaults = {"-M": GUESTS[guest][0], "-m": "1G", "-cpu": "max"}
    machine = [word for option, value in defaults.items() if option not in options for word in (option, value)]
    linux = ["-kernel", str(kernel), "-initrd", str(initrd), "-append", f"console={GUESTS[guest][1]} {append}".strip()] if kernel else []
    return [emulator, *machine, "-nographic", *linux, *options]


def run(emulator, name):
    function, flavour, options, append, seconds = CASES[name]
    guest = guest_of(name)
    slower = float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
    variables = tempfile.NamedTemporaryFile(prefix="calque-vars-")
    if any("{vars}" in o for o in options):
        variables.write(pathlib.Path(OVMF.format("VARS")).read_bytes())
        variables.flush()
    options = [o.replace("{vars}", variables.name) for o in options]
    kernel = flavour and CACHE / f"{guest}-{flavour}/vmlinuz"
    g = Guest(emulator_command(emulator, guest, options, kernel, CACHE / f"{guest}-initrd.gz", append), seconds * slower)
    start = time.monotonic()
    try:
        function(g)
        return time.monotonic() - start, None, b""
    except (Failure, OSError) as e:
        return time.monotonic() - start, e, g.output
    finally:
        g.close()


def report(kind, emulator, names, run):
    """Runs the cases and prints their TAP; run gives seconds, what went wrong (None; Skip: it cannot be run here) and the output. The exit status."""
    print(f"1..{len(names)}", flush=True)
    failed = False
    for i, name in enumerate(names, 1):
        seconds, error, output = run(emulator, name)
        if isinstance(error, Skip):
            print(f"ok {i} - {kind} {name} # SKIP {error}", flush=True)
            continue
        print(f"{'not ok' if error else 'ok'} {i} - {kind} {name} ({seconds:.1f} s)", flush=True)
        if error:
            failed = True
            print(f"# {error}")
            for line in output.decode(errors="replace").splitlines()[-40:]:
                print("#", "".join(c if c.isprintable() else "?" for c in line)) # control bytes would break the report's XML
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(CASES))
        return 0
    emulator, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    missing = [f for f in needed(names) if not f.exists()]
    if missing:
        print(f"1..0 # SKIP {missing[0]} is not there; ./check fetches it")
        return 0
    return report("boot", emulator, names, run)


if __name__ == "__main__":
    sys.exit(main())
