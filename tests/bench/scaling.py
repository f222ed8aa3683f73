#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times parallel work (parwork.c, beside this file) in a guest over numbers of vCPUs, on calque and on another emulator in turn.

    scaling.py --guest arm64 --ours build/calque-system-aarch64 [--peer qemu-system-aarch64 | --no-peer] [--cpus 1,2,4,8,16]
               [--cases one,copies,jobs] [--runs 3] [--scale 10]

Both run Debian's cloud kernel and the same initial file system, from ../../check's cache. The host's clock takes the times, as lines
arrive on the serial port (firmware may have left escape codes ahead of one). Runs alternate, and the table has medians: milliseconds of each, how much faster than with the first
number of vCPUs each is, and peer/ours (above 1: ours is faster); in brackets the time of host CPUs that the emulator used, which
says more on a host that is busy with other things. For "copies" with N vCPUs the work is N times that of "one".
Exit status: 0; 1 when a run failed or a checksum differs; 2 for unusable arguments.
"""
import argparse
import os
import pathlib
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = pathlib.Path(os.environ.get("CALQUE_CACHE", pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "calque"))
GUESTS = {
    "arm64": dict(machine="virt,gic-version=3", console="ttyAMA0", cc="aarch64-linux-gnu-gcc", peer="qemu-system-aarch64", peer_cpu="max,pauth-impdef=on"),
    "amd64": dict(machine="q35", console="ttyS0", cc="gcc", peer="qemu-system-x86_64", peer_cpu="max"),
}
CASES = ["one", "copies", "jobs", "faults", "forks", "pingpong", "atomic"]
DEPENDS_ON_CPUS = ("copies",)  # the checksums that do


def make_initrd(guest, folder):
    program, initrd = folder / "parwork", folder / "initrd.gz"
    subprocess.run([GUESTS[guest]["cc"], "-O2", "-static", str(HERE / "parwork.c"), "-o", str(program), "-lpthread"], check=True)
    subprocess.run([sys.executable, str(ROOT / "tools/make-initrd.py"), "--busybox", str(CACHE / f"{guest}-busybox"), "--init", str(ROOT / "tools/init.sh"),
                    "--add", f"bin/parwork={program}", "-o", str(initrd)], check=True)
    return initrd


def cpu_ms(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def run_guest(command, timeout):
    """{case: (ms, ms of CPU)}, {case: checksum}, what went wrong if the run did not come to its end."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    timer = threading.Timer(timeout, lambda: os.killpg(child.pid, signal.SIGKILL))
    timer.start()
    times, sums, begun, tail, ended = {}, {}, {}, [], False
    for line in child.stdout:
        now = time.monotonic()
        tail = (tail + [line])[-15:]
        if match := re.search(rb"BEGIN (\w+)", line):
            begun[match[1].decode()] = (now, cpu_ms(child.pid))
        elif match := re.search(rb"END (\w+) (\w+)", line):
            name = match[1].decode()
            start, cpu = begun[name]
            times[name], sums[name] = ((now - start) * 1e3, cpu_ms(child.pid) - cpu), match[2].decode()
        ended |= b"ALL-DONE" in line
    child.wait()
    timer.cancel()
    return times, sums, None if ended else "did not end: " + shlex.join(command) + "\n" + b"".join(tail).decode(errors="replace")


def measure(args, sides, initrd):
    """{(case, cpus, side): [(ms, ms of CPU)]}, whether all went well."""
    got, sums, good = {}, {}, True
    kernel = CACHE / f"{args.guest}-cloud/vmlinuz"
    for _ in range(args.runs):
        for n in args.cpus:
            for side, (emulator, cpu) in sides.items():
                todo = "+".join(["parwork", str(n), str(args.scale), *args.cases]) + ";echo+ALL-DONE;poweroff+-f"
                command = [*shlex.split(emulator), "-M", GUESTS[args.guest]["machine"], "-cpu", cpu, "-accel", "tcg,thread=multi", "-smp", str(n), "-m", "1G",
                           "-nographic", "-no-reboot", "-kernel", str(kernel), "-initrd", str(initrd),
                           "-append", f"console={GUESTS[args.guest]['console']} quiet panic=-1 calque.run={todo}"]
                times, checks, error = run_guest(command, args.timeout)
                if error:
                    print(f"{side}, {n} vCPUs: {error}", file=sys.stderr)
                    good = False
                for case, value in checks.items():
                    key = (case, n if case in DEPENDS_ON_CPUS else 0)
                    if sums.setdefault(key, value) != value:
                        print(f"{side}, {n} vCPUs: {case}: checksum {value}, elsewhere {sums[key]}", file=sys.stderr)
                        good = False
                for case, both in times.items():
                    got.setdefault((case, n, side), []).append(both)
    return got, good


def print_table(args, got, sides):
    medians = {key: statistics.median(ms for ms, _ in values) for key, values in got.items()}
    used = {key: statistics.median(ms for _, ms in values) for key, values in got.items()}
    print(f"{args.guest}, {args.runs} runs, medians; host CPUs: {os.cpu_count()}")
    print(f"{'case':9s} {'vCPUs':>5s}" + "".join(f" {side + ' ms':>9s} {'(CPU)':>8s} {'speed-up':>8s}" for side in sides) + ("  peer/ours" if "peer" in sides else ""))
    for case in args.cases:
        for n in args.cpus:
            row = f"{case:9s} {n:5d}"
            for side in sides:
                ms, first = medians.get((case, n, side)), medians.get((case, args.cpus[0], side))
                work = n / args.cpus[0] if case == "copies" else 1
                row += f" {ms:9.0f} {'(%.0f)' % used[case, n, side]:>8s} {work * first / ms:8.2f}" if ms and first else f" {'-':>9s} {'':>8s} {'-':>8s}"
            if "peer" in sides and (case, n, "ours") in medians and (case, n, "peer") in medians:
                row += f" {medians[case, n, 'peer'] / medians[case, n, 'ours']:10.2f}"
            print(row)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words = lambda s: s.split(",")
    p.add_argument("--guest", choices=GUESTS, required=True)
    p.add_argument("--ours", required=True)
    p.add_argument("--peer")
    p.add_argument("--no-peer", action="store_true")
    p.add_argument("--cpus", type=lambda s: [int(n) for n in words(s)], default=[1, 2, 4, 8, 16])
    p.add_argument("--cases", type=words, default=CASES)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--scale", type=int, default=10)
    p.add_argument("--cpu", default="max", help="ours")
    p.add_argument("--timeout", type=float, default=300, help="seconds for a run")
    args = p.parse_args()
    if unknown := set(args.cases) - set(CASES):
        p.error(f"no case '{unknown.pop()}'; there are: {', '.join(CASES)}")
    sides = {"ours": (args.ours, args.cpu)}
    if not args.no_peer:
        sides["peer"] = (args.peer or GUESTS[args.guest]["peer"], GUESTS[args.guest]["peer_cpu"])
    with tempfile.TemporaryDirectory(prefix="calque-scaling-") as folder:
        got, good = measure(args, sides, make_initrd(args.guest, pathlib.Path(folder)))
    print_table(args, got, sides)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
