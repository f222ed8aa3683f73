#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's stress-ng, which checks what it computes, under Debian's kernel on several vCPUs. TAP output.

    stress_test.py EMULATOR GUEST-CASE [...]        GUEST: arm64 or amd64, for which EMULATOR has the name; 'list' prints the cases

A case passes when stress-ng says that its run was successful, none of its stressors was left out, and the kernel has found nothing
wrong: no stall, lock-up, warning or oops in its log.
"""
import os
import re
import sys
import time

from boot_test import CACHE, Failure, Guest, emulator_command, power_off, report, to_shell

# Stressors and how many processes of each. What they are good for here:
# cpu, qsort, vm: arithmetic of all kinds, memory; futex, sem, mutex, switch, pipe: wake-ups; membarrier, tlb-shootdown, munmap: IPIs
# and TLB maintenance; mmap, fork, clone: page tables; sigq, sigsegv, timer: exceptions, interrupts; atomic, lockbus: atomics.
# Not madvise: where the kernel has MADV_HWPOISON it poisons pages, and now and then dies of one by SIGBUS.
CORE = {"cpu": 1, "vm": 1, "futex": 1, "membarrier": 1, "mmap": 1, "fork": 1, "tlb-shootdown": 1}
WAKE = {"switch": 2, "pipe": 2, "sem": 2, "mutex": 2, "timer": 1}
MEMORY = {"munmap": 1, "clone": 1, "sigq": 1, "sigsegv": 1, "atomic": 2, "lockbus": 2, "qsort": 1}
# name: (stressors, seconds)
CASES = {
    "quick": (CORE, 4),
    "quick-more": (WAKE | MEMORY, 4),
    "core": ({s: 2 * n for s, n in CORE.items()}, 60),
    "wake": (WAKE, 30),
    "memory": (MEMORY, 30),
}
BOUNDS = "--vm-bytes 32m --mmap-bytes 32m"  # of 1 GB
BAD = rb"stall|lockup|BUG|[Oo]ops|WARNING|Call [Tt]race|hung|blocked for more|unstable|clocksource watchdog"


def stress(g, stressors, seconds):
    to_shell(g)
    g.prompt()
    # Lines shorter than the shell's editor folds at.
    for words in (f"a='--verify --metrics-brief -t {seconds} {BOUNDS}'", "b=", *(f'b="$b --{s} {n}"' for s, n in stressors.items())):
        g.type(words.encode() + b"\r")
        g.prompt()
    start = len(g.output)
    g.type(b"stress-ng $a $b; echo status $?\r")
    g.expect(rb"\r+\nstatus \d+\r+\n")
    said = g.output[start:]
    # Status 3: successful, but the system was too short of something (memory, processes, time) for one of them.
    if b"successful run completed" not in said or b"unsuccessful" in said or not re.search(rb"\nstatus [03]\r", said):
        lines = [line for line in said.decode(errors="replace").split("\r\n") if "metrc:" not in line]
        raise Failure("\n# ".join(["stress-ng has failed", *lines]))
    # On a host that is busy one may not get to its first round: the list at the start tells what is run at all.
    dispatched = re.search(rb"dispatching hogs: ([^\[]*)", said).group(1)
    for s in stressors:
        if not re.search(rb"\d " + s.encode() + rb"[,\s]", dispatched):
            raise Failure(f"the stressor {s} was left out")
    power_off(g)
    if match := re.search(BAD, g.output):
        raise Failure(f"the kernel said '{match.group(0).decode()}'")


def run(emulator, name):
    guest, case = name.split("-", 1)
    stressors, seconds = CASES[case]
    slower = float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
    command = emulator_command(emulator, guest, ["-smp", "4"], CACHE / f"{guest}-cloud/vmlinuz", CACHE / f"{guest}-stress.gz")
    g = Guest(command, (120 + 5 * seconds) * slower)
    start = time.monotonic()
    try:
        stress(g, stressors, seconds)
        return time.monotonic() - start, None, b""
    except (Failure, OSError) as e:
        return time.monotonic() - start, e, g.output
    finally:
        g.close()


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(f"{guest}-{case}" for guest in ("arm64", "amd64") for case in CASES))
        return 0
    emulator, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    missing = [f for n in names for f in (CACHE / f"{n.split('-')[0]}-cloud/vmlinuz", CACHE / f"{n.split('-')[0]}-stress.gz") if not f.exists()]
    if missing:
        print(f"1..0 # SKIP {missing[0]} is not there; ./check fetches it")
        return 0
    return report("stress", emulator, names, run)


if __name__ == "__main__":
    sys.exit(main())
