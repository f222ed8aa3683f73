#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command line as a user meets it: bad input, help, logs, character devices, monitor. TAP output.

    cli_test.py EMULATOR [NAME...]

Each case runs in an empty folder of its own. A refusal is one line on standard error with the words that the case names,
status 1, and nothing new in the folder. The guest is guest.S beside this file, which needs aarch64-linux-gnu-gcc.
"""
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
HELLO = b"hello from the guest"
OFF, RESET, WAIT, ECHO, WILD = range(5)
SLOWER = float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
LIMIT = 20 * SLOWER
emulator = None
image = None


class Failure(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def run(*args, limit=LIMIT, stdin=subprocess.DEVNULL, input=None):
    command = [emulator, *args]
    kwargs = {"input": input} if input is not None else {"stdin": stdin}
    try:
        return subprocess.run(command, capture_output=True, timeout=limit, **kwargs)
    except subprocess.TimeoutExpired:
        raise Failure(f"did not end in {limit} s: {' '.join(args)}")


def kernel(selector=OFF, name="kernel"):
    path = pathlib.Path(name)
    path.write_bytes(image[:32] + struct.pack("<Q", selector) + image[40:])
    return str(path)


VIRT = ["-M", "virt", "-cpu", "max", "-m", "64", "-display", "none"]


def boot_args(*args, selector=OFF):
    return [*VIRT, "-kernel", kernel(selector), *args]


def refused(args, *words, existing=()):
    before = set(os.listdir("."))
    r = run(*args)
    text = r.stderr.decode()
    where = f"{' '.join(args)!r}: "
    check(r.returncode == 1, f"{where}status {r.returncode}, should be 1; said: {text!r}")
    check(text.count("\n") == 1 and text.endswith("\n"), f"{where}not one line: {text!r}")
    check(not r.stdout, f"{where}wrote to standard output: {r.stdout[:200]!r}")
    for word in words:
        check(word in text, f"{where}{word!r} is not in {text!r}")
    check(set(os.listdir(".")) == before, f"{where}created {set(os.listdir('.')) - before}")


def printed(args, *words):
    r = run(*args)
    text = r.stdout.decode()
    check(r.returncode == 0, f"{args}: status {r.returncode}: {r.stderr.decode()!r}")
    check(not r.stderr, f"{args}: wrote to standard error: {r.stderr.decode()!r}")
    for word in words:
        check(word in text, f"{args}: {word!r} is not in what it printed: {text[:300]!r}")
    return text


class Running:
    """An emulator that goes on, with its standard streams in hand."""

    def __init__(self, *args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE):
        self.p = subprocess.Popen([emulator, *args], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
        self.p.communicate()

    def ended(self, status=0):
        try:
            got = self.p.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise Failure("does not end")
        check(got == status, f"status {got}, should be {status}: {self.p.stderr.read().decode()[-300:]!r}")

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.ended()

    def type(self, text):
        self.p.stdin.write(text)
        self.p.stdin.flush()


def read_until(fd, wanted, limit=LIMIT):
    """Reads, at least once, until wanted has come."""
    data, end = b"", time.monotonic() + limit
    while not data or wanted not in data:
        left = end - time.monotonic()
        check(left > 0, f"{wanted!r} did not come; {data[-300:]!r} did")
        if select.select([fd], [], [], left)[0]:
            more = os.read(fd, 65536)
            check(more, f"end of input before {wanted!r}; {data[-300:]!r} came")
            data += more
    return data


PROMPT = b"(calque) "


def ask(e, line):
    """Types a line at the monitor; returns all that it says up to the next prompt."""
    e.type(line + b"\n")
    data = b""
    while not data.endswith(PROMPT):
        data += read_until(e.p.stdout.fileno(), b"")
    return data


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        check(time.monotonic() < end, f"{what} did not happen")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- refusals ----

def case_refuses_unknown_option():
    refused(["-kernle", "x"], "-kernle", "-kernel", "-h")
    refused(["--nographics"], "nographics", "-nographic", "-h")
    refused(["-zzzzzzzz"], "-zzzzzzzz", "-h")
    refused(["disk.img"], "disk.img", "-h")
    refused(["-kernel"], "-kernel", "argument")


def case_refuses_unknown_machine():
    refused(["-M", "vrit"], "vrit", "virt", "-M help")
    refused(["-M", "pc"], "'-M help'", "pc")
    refused(["-kernel", "x"], "-M help")


def case_refuses_unknown_machine_property():
    refused(["-M", "virt,gic-versoin=3"], "gic-versoin", "gic-version", "-M virt,help")
    refused(["-M", "virt,gic-version=9"], "gic-version", "9", "2", "3")


def case_refuses_unknown_cpu():
    refused(["-M", "virt", "-cpu", "cortex-a35"], "cortex-a35", "cortex-a53", "-cpu help")
    refused(["-M", "virt", "-cpu", "qqqqqqq"], "qqqqqqq", "-cpu help")


def case_refuses_unknown_cpu_property():
    refused(["-M", "virt", "-cpu", "max,puath=off"], "puath", "pauth", "-cpu help")
    refused(["-M", "virt", "-cpu", "max,pauth=maybe"], "pauth", "maybe")


def case_refuses_unknown_device():
    refused(["-M", "virt", "-device", "pl01"], "pl01", "pl011", "-device help")
    refused(["-M", "virt", "-device", "pl011"], "pl011", "-device help")
    refused(["-M", "virt", "-device", "virtio-net-pci"], "virtio-net-pci", "-device help")


def case_refuses_what_virt_does_not_have():
    for option in (["-device", "VGA"], ["-bios", "x"], ["-smbios", "type=1,serial=3"], ["-vga", "std"], ["-boot", "c"], ["-boot", "menu=on"], ["-rtc", "base=utc"]):
        refused(["-M", "virt", *option], option[0], "virt")
    refused(["-M", "pc"], "pc", "aarch64")


def case_refuses_unknown_accel():
    refused(["-M", "virt", "-accel", "kvm"], "kvm", "tcg", "-accel help")
    refused(["-M", "virt", "-accel", "tcg,tbsize=4"], "tbsize", "tb-size", "-accel help")
    for item in ("thread=some", "tb-size=0", "tb-size=99999999", "host=arm", "opt=perhaps", "max-insns=0", "max-insns=9999", "host-features=-sse99", "atomics=some"):
        refused(["-M", "virt", "-accel", "tcg," + item], item.split("=")[0], item.split("=")[1].lstrip("-"))


def case_refuses_unknown_log_item():
    refused(["-M", "virt", "-d", "in_ams"], "in_ams", "in_asm", "-d help")
    refused(["-M", "virt", "-d", "int", "-dfilter", "0x1000", "-D", "log"], "0x1000", "FIRST..LAST")
    refused(["-M", "virt", "-d", "int", "-D", "no/such/folder/log"], "no/such/folder/log")


def case_refuses_memory_and_cpu_counts():
    for size in ("0", "-5", "1X", "banana", "", "99999999999999999999T", "1e3"):
        refused(["-M", "virt", "-m", size], "-m " + size)
    refused(["-M", "virt", "-m", "900T"], "-m", "255 GiB")
    for n in ("0", "-1", "999", "99999999999999999999", "four", ""):
        refused(["-M", "virt", "-smp", n], "-smp " + n)
    for smp, *words in (("4,cores=3", "3 cores", "4 CPUs"), ("5,sockets=2,cores=2,threads=1", "4 CPUs", "cpus=5", "cpus=4"), ("4,corse=2", "corse", "cores"),
                        ("4,dies=2", "dies=2", "clusters"), ("2,maxcpus=4", "maxcpus=4", "cannot be added"), ("4,maxcpus=2", "maxcpus=2", "cpus=4"),
                        ("4,cores=0", "cores=0"), ("4,cores", "cores="), ("cores=1024,sockets=4", "-smp 4096", "1 to"), ("cores=4096,sockets=4096", "-smp")):
        refused(["-M", "virt", "-smp", smp], *words)
    refused(["-M", "virt,gic-version=2", "-smp", "9"], "-smp 9", "gic-version=3")


def case_refuses_kernels():
    good = pathlib.Path(kernel()).read_bytes()
    def put(name, data):
        pathlib.Path(name).write_bytes(data)
        return name
    refused([*VIRT, "-kernel", "nowhere", "-serial", "file:out", "-pidfile", "pid", "-d", "int", "-D", "log"], "nowhere", "No such file")
    refused([*VIRT, "-kernel", "."], ".", "directory")
    refused([*VIRT, "-kernel", put("empty", b"")], "empty")
    refused([*VIRT, "-kernel", put("short", good[:40])], "short", "64-byte header")
    refused([*VIRT, "-kernel", put("bz", bytes(0x202) + b"HdrS" + bytes(600))], "bz", "x86 bzImage")
    refused([*VIRT, "-kernel", put("elf", b"\x7fELF" + bytes(200))], "elf", "ELF")
    refused([*VIRT, "-kernel", put("zimage", bytes(0x24) + struct.pack("<I", 0x016F2818) + bytes(200))], "zimage", "32-bit Arm")
    refused([*VIRT, "-kernel", put("noise", os.urandom(4096))], "noise", "arm64 Image")
    refused([*VIRT, "-kernel", put("gz", b"\x1f\x8b\x08\x00" + bytes(30))], "gz", "gzip")
    large = good[:16] + struct.pack("<Q", 1 << 40) + good[24:]
    refused([*VIRT, "-kernel", put("large", large)], "large", "RAM has 64 MiB")
    refused([*VIRT, "-kernel", put("far", good[:8] + struct.pack("<Q", (1 << 64) - 4096) + good[16:])], "far", "RAM has 64 MiB")
    with open("huge", "wb") as f:
        f.truncate(200 << 20)
    refused([*VIRT, "-kernel", "huge"], "huge", "64 MiB")
    os.mkfifo("pipe") # without a writer
    refused([*VIRT, "-kernel", "pipe"], "pipe", "arm64 Image")


def case_refuses_truncated_kernel():
    import gzip
    packed = gzip.compress(pathlib.Path(kernel()).read_bytes())
    pathlib.Path("cut").write_bytes(packed[:len(packed) // 2])
    refused([*VIRT, "-kernel", "cut"], "cut", "truncated")
    zboot = b"MZ\0\0zimg" + struct.pack("<II", 64, 100000) + bytes(8) + b"gzip\0" + bytes(64)
    pathlib.Path("zcut").write_bytes(zboot)
    refused([*VIRT, "-kernel", "zcut"], "zcut", "truncated")


def case_refuses_initrd_and_dtb():
    refused(boot_args("-initrd", "nowhere"), "nowhere", "No such file")
    with open("huge", "wb") as f:
        f.truncate(60 << 20)
    refused(boot_args("-initrd", "huge"), "huge", "MiB")
    refused(boot_args("-dtb", "nowhere"), "nowhere", "No such file")
    pathlib.Path("noise").write_bytes(os.urandom(5000))
    refused(boot_args("-dtb", "noise"), "noise", "device tree")
    pathlib.Path("tiny").write_bytes(b"\xd0\x0d\xfe\xed")
    refused(boot_args("-dtb", "tiny"), "tiny", "device tree")
    refused([*VIRT, "-initrd", kernel()], "-initrd", "-kernel")


def case_refuses_character_devices():
    refused(boot_args("-serial", "fiel:x"), "fiel:x", "file:")
    refused(boot_args("-serial", "file:no/such/folder/x"), "no/such/folder/x")
    refused(boot_args("-serial", "tcp:127.0.0.1:banana"), "tcp:127.0.0.1:banana", "HOST:PORT")
    refused(boot_args("-serial", f"tcp:127.0.0.1:{free_port()}"), "tcp:127.0.0.1:", "refused")
    refused(boot_args("-serial", "unix:nowhere"), "unix:nowhere")
    refused(boot_args("-serial", "stdio", "-serial", "stdio"), "stdio")
    refused(boot_args("-display", "gtk"), "gtk", "none")
    refused(boot_args("-pidfile", "no/such/folder/pid"), "no/such/folder/pid")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        refused(boot_args("-serial", f"tcp:127.0.0.1:{port},server,nowait"), str(port), "in use")


# ---- help ----

def case_help():
    text = printed(["-h"], "usage:", "-kernel FILE", "-M, -machine NAME", "-dfilter")
    check(text == printed(["--help"]), "--help is not -h")
    check(re.match(r"calque \d+\.\d+\.\d+\n$", printed(["-version"])), "-version")
    printed(["-M", "help"], "virt")
    printed(["-M", "virt,help"], "gic-version")
    printed(["-cpu", "help"], "max", "cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "pauth")
    printed(["-accel", "help"], "thread=multi|single", "tb-size")
    printed(["-d", "help"], "in_asm", "op_opt", "out_asm", "int", "mmu", "exec", "cpu", "guest_errors", "unimp", "sync")
    printed(["-device", "help"], "VGA", "pl011")
    printed(["-device", "isa-debugcon,help"], "iobase=<number>", "chardev=")


# ---- what runs ----

def case_boots():
    r = run(*boot_args("-serial", "stdio"))
    check(r.returncode == 0 and HELLO in r.stdout, f"{r.returncode}: {r.stdout!r} {r.stderr!r}")
    check(not r.stderr, f"wrote to standard error: {r.stderr!r}")


def case_every_accelerator_option_boots():
    for item in ("thread=single", "tb-size=1", "host=interp", "opt=off", "max-insns=1", "host-features=none", "host-features=-avx2,,-bmi2", "atomics=locked"):
        r = run(*boot_args("-serial", "stdio", "-smp", "2", "-accel", "tcg," + item))
        check(r.returncode == 0 and HELLO in r.stdout, f"{item}: {r.returncode}: {r.stdout!r} {r.stderr!r}")


def case_wild_guest():
    r = run(*boot_args("-serial", "stdio", "-d", "guest_errors,int", selector=WILD))
    check(r.returncode == 0 and HELLO in r.stdout, f"{r.returncode}: {r.stdout!r} {r.stderr[-300:]!r}")
    check(b"pl011: " in r.stderr, f"no word of the bad access: {r.stderr[-600:]!r}")


def case_sync_report():
    r = run(*boot_args("-serial", "stdio", "-smp", "2", "-d", "sync"))
    check(r.returncode == 0 and HELLO in r.stdout, f"{r.returncode}: {r.stdout!r} {r.stderr[-300:]!r}")
    for word in (b"big lock", b"pl011", b"kick"):
        check(word in r.stderr, f"{word!r} is not in {r.stderr!r}")


def case_dumpdtb():
    r = run("-M", "virt,dumpdtb=tree", "-smp", "3", "-m", "256")
    check(r.returncode == 0, f"{r.returncode}: {r.stderr!r}")
    data = pathlib.Path("tree").read_bytes()
    check(data[:4] == b"\xd0\x0d\xfe\xed", "no device tree's magic")
    check(struct.unpack(">I", data[4:8])[0] <= len(data), "truncated")
    if shutil.which("dtc"):
        d = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", "tree"], capture_output=True, text=True)
        check(d.returncode == 0, f"dtc: {d.stderr}")
        check(d.stdout.count('device_type = "cpu"') == 3, "not three CPUs")
        check(re.search(r"memory@40000000 {[^}]*reg = <0x00 0x40000000 0x00 0x10000000>", d.stdout), "no memory of 256 MiB")
    refused(["-M", "virt,dumpdtb=no/such/folder/x"], "no/such/folder/x")
    # The tree that was written is accepted back.
    r = run(*boot_args("-dtb", "tree", "-serial", "stdio"))
    check(r.returncode == 0 and HELLO in r.stdout, f"with its own tree: {r.returncode}: {r.stderr!r}")


def case_pidfile():
    with Running(*boot_args("-serial", "file:out", "-pidfile", "pid", selector=WAIT)) as e:
        wait_for("the pid file", lambda: os.path.exists("pid") and pathlib.Path("pid").read_text())
        check(int(pathlib.Path("pid").read_text()) == e.p.pid, "another process's id")
        e.stop()
    check(not os.path.exists("pid"), "the pid file is still there")


def case_name():
    with Running(*boot_args("-serial", "file:out", "-name", "porcupine", selector=WAIT)) as e:
        wait_for("the process's title", lambda: pathlib.Path(f"/proc/{e.p.pid}/comm").read_text() == "porcupine\n")
        wait_for("the guest's word", lambda: os.path.exists("out") and HELLO in pathlib.Path("out").read_bytes())
        e.stop()


def case_no_reboot_and_reset():
    r = run(*boot_args("-serial", "stdio", "-no-reboot", selector=RESET))
    check(r.returncode == 0 and r.stdout.count(HELLO) == 1, f"{r.returncode}: {r.stdout!r} {r.stderr!r}")
    with Running(*boot_args("-serial", "file:out", selector=RESET)) as e:
        wait_for("five resets", lambda: os.path.exists("out") and pathlib.Path("out").read_bytes().count(HELLO) >= 5)
        e.stop()


def case_no_shutdown():
    with Running(*boot_args("-serial", "null", "-monitor", "stdio", "-no-shutdown"), stdin=subprocess.PIPE) as e:
        read_until(e.p.stdout.fileno(), PROMPT)
        wait_for("the stop", lambda: b"VM status: paused" in ask(e, b"info status"))
        e.type(b"quit\n")
        e.ended()


def case_start_stopped():
    with Running(*boot_args("-serial", "file:out", "-monitor", "stdio", "-S"), stdin=subprocess.PIPE) as e:
        read_until(e.p.stdout.fileno(), PROMPT)
        check(b"paused" in ask(e, b"info status"), "not paused under -S")
        time.sleep(0.2)
        check(not pathlib.Path("out").read_bytes(), "ran before 'cont'")
        e.type(b"cont\n")
        e.ended()
    check(HELLO in pathlib.Path("out").read_bytes(), "did not run after 'cont'")


def case_monitor():
    with Running(*boot_args("-serial", "null", "-monitor", "stdio", "-smp", "2", selector=WAIT), stdin=subprocess.PIPE) as e:
        read_until(e.p.stdout.fileno(), PROMPT)
        for line, answer in ((b"help", b"system_powerdown"), (b"info", b"info registers"), (b"info cpus", b"CPU #1"), (b"info registers", b"CPU #1"),
                             (b"info mtree", b"pl011"), (b"info jit", b"blocks"), (b"sync-profile on", b""), (b"sync-profile", b"is on"),
                             (b"sync-profile maybe", b"none of"), (b"info sync-profile", b"big lock"), (b"info sync-profile -m 1", b"Call site"),
                             (b"sync-profile reset", b""), (b"sync-profile off", b""), (b"info sync-profile", b"not counting now"), (b"info version", b"calque "), (b"inof", b"info"),
                             (b"info regsters", b"registers"), (b"stop", b""), (b"info status", b"paused"), (b"info registers", b"CPU #1"),
                             (b"system_reset", b""), (b"cont", b""), (b"info status", b"running"), (b"log nonsense", b"nonsense"), (b"", b""),
                             (b"x" * 5000, b"")):
            text = ask(e, line)
            check(answer in text, f"{line!r}: {answer!r} is not in {text!r}")
        e.type(b"quit\n")
        e.ended()


# ---- -serial ----

def case_serial_file_null_none():
    r = run(*boot_args("-serial", "file:out"))
    check(r.returncode == 0 and HELLO in pathlib.Path("out").read_bytes(), f"file: {r.returncode} {r.stderr!r}")
    for where in ("null", "none"):
        r = run(*boot_args("-serial", where))
        check(r.returncode == 0 and not r.stdout, f"{where}: {r.returncode} {r.stdout!r} {r.stderr!r}")


def echo_over(fd_in, fd_out):
    read_until(fd_in, HELLO)
    os.write(fd_out, b"HAL")
    read_until(fd_in, b"IBM")
    os.write(fd_out, b"q")


def case_serial_stdio():
    with Running(*boot_args("-serial", "stdio", selector=ECHO), stdin=subprocess.PIPE) as e:
        echo_over(e.p.stdout.fileno(), e.p.stdin.fileno())
        e.ended()


def case_serial_pty():
    with Running(*boot_args("-serial", "pty", "-S", "-monitor", "stdio", selector=ECHO), stdin=subprocess.PIPE) as e:
        text = read_until(e.p.stderr.fileno(), b"(label serial0)").decode()
        fd = os.open(re.search(r"/dev/pts/\d+", text).group(0), os.O_RDWR | os.O_NOCTTY)
        e.type(b"cont\n")
        echo_over(fd, fd)
        e.ended()
        os.close(fd)


def case_serial_tcp_server():
    port = free_port()
    with Running(*boot_args("-serial", f"tcp:127.0.0.1:{port},server", selector=ECHO)) as e:
        read_until(e.p.stderr.fileno(), b"waiting for a connection")
        with socket.create_connection(("127.0.0.1", port), LIMIT) as s:
            echo_over(s.fileno(), s.fileno())
            e.ended()


def case_serial_tcp_server_nowait_and_next_client():
    port = free_port()
    with Running(*boot_args("-serial", f"tcp:127.0.0.1:{port},server=on,wait=off", selector=ECHO)) as e:
        for turn in range(2):
            def connects():
                nonlocal s
                try:
                    s = socket.create_connection(("127.0.0.1", port), LIMIT)
                    return True
                except ConnectionRefusedError:
                    return False
            s = None
            wait_for("a connection", connects)
            s.sendall(b"HAL")
            read_until(s.fileno(), b"IBM")
            if turn:
                s.sendall(b"q")
                e.ended()
            s.close()
            time.sleep(0.2)


def case_serial_tcp_client():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(LIMIT)
        with Running(*boot_args("-serial", f"tcp:127.0.0.1:{server.getsockname()[1]}", selector=ECHO)) as e:
            s, _ = server.accept()
            echo_over(s.fileno(), s.fileno())
            e.ended()
            s.close()


def case_serial_unix():
    with Running(*boot_args("-serial", "unix:sock,server,nowait", selector=ECHO)) as e:
        with socket.socket(socket.AF_UNIX) as s:
            wait_for("the socket", lambda: not s.connect_ex("sock")) # its name is there before it listens
            s.sendall(b"HAL")
            read_until(s.fileno(), b"IBM")
            s.sendall(b"q")
            e.ended()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock2")
        server.listen()
        server.settimeout(LIMIT)
        with Running(*boot_args("-serial", "unix:sock2", selector=ECHO)) as e:
            s, _ = server.accept()
            echo_over(s.fileno(), s.fileno())
            e.ended()
            s.close()


# ---- the log ----

LOG_TEXT = {
    "in_asm": r"IN: pc 0x[0-9a-f]+.*\n(0x[0-9a-f]{16}:  .*\n)*0x[0-9a-f]{16}:  svc #0x7",
    "op": r"(?m)^OP: pc 0x[0-9a-f]+\n.+",
    "op_opt": r"(?m)^OP after optimisation: pc 0x[0-9a-f]+\n.+",
    "out_asm": r"(?m)^OUT.*\n(.*\n)*?.*\b(mov|movabs|lea|jmp)\b",
    "mmu": r"(?m)^walk: fetch idx \d va 0x[0-9a-f]{16} -> pa 0x[0-9a-f]+",
    "int": r"(?i)svc|exception",
    "exec": r"(?m)^vCPU 0: pc 0x[0-9a-f]{16} flags 0x[0-9a-f]+$",
    "cpu": r"(?is)x0 ?[0= ].*x30",
}


def case_log_items():
    for item, pattern in LOG_TEXT.items():
        r = run(*boot_args("-serial", "null", "-d", item, "-D", "log"))
        check(r.returncode == 0 and not r.stderr, f"{item}: {r.returncode} {r.stderr[-300:]!r}")
        text = pathlib.Path("log").read_text()
        check(re.search(pattern, text), f"{item}: {pattern} is not in {text[:600]!r}")
        check(text.isascii() and text.endswith("\n"), f"{item}: not whole lines of plain text")


def case_log_all_to_stderr():
    r = run(*boot_args("-serial", "null", "-d", ",".join(LOG_TEXT)))
    check(r.returncode == 0, f"{r.returncode}")
    for item, pattern in LOG_TEXT.items():
        check(re.search(pattern, r.stderr.decode()), f"{item} is missing")


def case_log_filter():
    r = run(*boot_args("-serial", "null", "-d", "in_asm,op,out_asm", "-dfilter", "0x1000..0x1fff,0x5000+16", "-D", "log"))
    check(r.returncode == 0 and pathlib.Path("log").read_text() == "", "blocks outside the ranges were logged")
    r = run(*boot_args("-serial", "null", "-d", "in_asm", "-dfilter", "0x40200000+0x10000", "-D", "log"))
    check("svc #0x7" in pathlib.Path("log").read_text(), "blocks inside the range were not logged")


def main():
    global emulator, image
    emulator = os.path.abspath(sys.argv[1])
    cases = {n[5:].replace("_", "-"): f for n, f in globals().items() if n.startswith("case_")}
    names = sys.argv[2:] or list(cases)
    if not shutil.which("aarch64-linux-gnu-gcc"):
        print("1..0 # SKIP aarch64-linux-gnu-gcc is not installed")
        return 0
    failed = False
    print(f"1..{len(names)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="calque-cli-") as top:
        top = pathlib.Path(top)
        subprocess.run(["aarch64-linux-gnu-gcc", "-c", HERE / "guest.S", "-o", top / "guest.o"], check=True)
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", top / "guest.o", top / "guest"], check=True)
        image = (top / "guest").read_bytes()
        for i, name in enumerate(names, 1):
            folder = top / name
            folder.mkdir()
            os.chdir(folder)
            try:
                cases[name]()
                print(f"ok {i} - {name}", flush=True)
            except Exception as e:
                failed = True
                print(f"not ok {i} - {name}")
                for line in (str(e) if isinstance(e, Failure) else traceback.format_exc()).splitlines():
                    print("#", line)
                sys.stdout.flush()
        os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
