#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Debian's kernels with many vCPUs: topology, CPUs that go off and on, load, idling. TAP output.

    smp_test.py EMULATOR CASE [CASE...]        'list' prints the cases. Those of amd64 need EMULATOR's name for it

What the guest does is smp_guest.sh, which an archive behind the initial file system brings along. A case passes when the
results are right, the kernel has complained of nothing (soft lock-ups, stalls, clocks) and the guest has powered off in time.
"""
import gzip
import itertools
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tools"))
boot_test = __import__("boot_test")
Failure, Guest, want = boot_test.Failure, boot_test.Guest, boot_test.want


def initrd(guest):
    """The common initial file system with the guest's script behind it; removed when it is dropped."""
    entry = __import__("make-initrd").entry
    n = itertools.count(1)
    archive = entry(n, "smp_guest.sh", 0o100755, (HERE / "smp_guest.sh").read_bytes()) + entry(n, "TRAILER!!!", 0)
    file = tempfile.NamedTemporaryFile(prefix="calque-smp-")
    file.write((boot_test.CACHE / f"{guest}-initrd.gz").read_bytes() + gzip.compress(archive))
    file.flush()
    return file


def results(g):
    """What the guest says until it powers off."""
    seen = {}
    while True:
        match = g.expect(rb"smp: (\S+) ?([^\r\n]*)\r*\n")
        name, value = match.group(1).decode(), match.group(2).decode()
        if name == "ends":
            break
        if name == "failed":
            raise Failure(f"the guest: {value}")
        seen[name] = value
    want(seen.get("complaints"), "0", "number of the kernel's complaints")
    want(g.finish(), 0, "exit status")
    return seen


def span(first, n):
    return str(first) if n == 1 else f"{first}-{first + n - 1}"


def check_topology(g, sockets, dies, clusters, cores, threads, die_ids_of_machine=False):
    """Linux's idea of each CPU's place. Its clusters are those of the tree on arm64, and those who share an L2 on amd64; AMD's dies are numbered through."""
    seen = results(g)
    arm = "cpu0.die_id" not in seen
    per_cluster, per_socket = cores * threads, dies * clusters * cores * threads
    for cpu in range(sockets * per_socket):
        def check(name, value):
            want(seen.get(f"cpu{cpu}.{name}"), str(value), f"cpu{cpu}'s {name}")
        core, cluster = cpu // threads * threads, cpu // per_cluster * per_cluster
        check("physical_package_id", cpu // per_socket)
        check("thread_siblings_list", span(core, threads))
        check("package_cpus_list", span(cpu // per_socket * per_socket, per_socket))
        check("cluster_cpus_list", span(cluster, per_cluster) if arm else span(core, threads))
        check("2", span(core, threads))
        check("3", span(cluster, per_cluster))
        if arm:
            check("core_id", cpu // threads % cores)
        else:
            die = cpu // per_cluster // clusters
            check("die_id", die if die_ids_of_machine else die % dies)


def case_topology_threads(g):
    check_topology(g, 2, 1, 1, 2, 2)


def case_topology_amd(g):
    check_topology(g, 2, 1, 1, 2, 2, die_ids_of_machine=True)


def case_topology_clusters(g):
    check_topology(g, 1, 1, 2, 3, 1)


def case_topology_gaps(g):
    """Two dies of three cores: ids with gaps."""
    check_topology(g, 1, 2, 1, 3, 1)


def case_hotplug(rounds):
    def case(g):
        want(results(g).get("rounds"), str(rounds), "rounds")
    return case


def case_everywhere(n):
    def case(g):
        seen = results(g)
        want(seen.get("cpus"), str(n), "number of CPUs")
        want(seen.get("same"), "1", "number of different checksums")
    return case


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def case_idle(g):
    """Of one host core; the aim is 3 %, the limit leaves room for slow hosts, and is far below one vCPU that polls."""
    g.expect(rb"smp: idle begins")
    before, start = cpu_seconds(g.pid), time.monotonic()
    while time.monotonic() < start + 10:
        g.read_some()
    share = (cpu_seconds(g.pid) - before) / (time.monotonic() - start)
    print(f"# idle: {share * 100:.1f} % of a core", flush=True)
    if share > 0.1:
        raise Failure(f"while idle the guest takes {share * 100:.1f} % of a core")
    results(g)


def two_at_once(case):
    """The same guest a second time beside it."""
    case.twice = True
    return case


# name: (function, -smp, further options, what the guest does, seconds)
COMMON = {
    "topology-threads": (case_topology_threads, "8,sockets=2,cores=2,threads=2", [], "topology", 120),
    "hotplug": (case_hotplug(20), "4", [], "hotplug+20", 240),
    "hotplug-100": (case_hotplug(100), "4", [], "hotplug+100", 900),
    "hotplug-single-thread": (case_hotplug(20), "3", ["-accel", "tcg,thread=single"], "hotplug+20", 400),
    "smp8": (case_everywhere(8), "8", [], "everywhere", 150),
    "smp8-twice": (two_at_once(case_everywhere(8)), "8", [], "everywhere", 300),
    "smp16": (case_everywhere(16), "16", [], "everywhere", 300),
    "smp32": (case_everywhere(32), "32", [], "everywhere", 600),
    "smp64": (case_everywhere(64), "64", [], "everywhere", 900),
    "idle8": (case_idle, "8", [], "idle", 150),
}
CASES = {
    **COMMON,
    "topology-clusters": (case_topology_clusters, "6,clusters=2", [], "topology", 120),
    "topology-gicv2": (case_topology_threads, "8,sockets=2,cores=2,threads=2", ["-M", "virt,gic-version=2"], "topology", 120),
    **{f"amd64-{name}": case for name, case in COMMON.items()},
    "amd64-hotplug-mwait": (case_hotplug(20), "4", ["-cpu", "max,+monitor"], "hotplug+20", 400),
    "amd64-topology-gaps": (case_topology_gaps, "6,dies=2", [], "topology", 120),
    "amd64-topology-epyc": (case_topology_amd, "8,sockets=2,cores=2,threads=2", ["-cpu", "EPYC-Rome"], "topology", 120),
}


def command(emulator, name, archive):
    _, smp, options, what, _ = CASES[name]
    guest = boot_test.guest_of(name)
    machine, console = boot_test.GUESTS[guest]
    return [emulator, *([] if "-M" in options else ["-M", machine]), *([] if "-cpu" in options else ["-cpu", "max"]), "-m", "1G", "-nographic", "-smp", smp,
            "-kernel", str(boot_test.CACHE / f"{guest}-cloud/vmlinuz"), "-initrd", archive.name,
            "-append", f"console={console} quiet calque.run=sh+/smp_guest.sh+{what}", *options]


def run(emulator, name):
    function, seconds = CASES[name][0], CASES[name][4]
    slower = float(os.environ.get("CALQUE_TEST_SLOWER", "1"))
    archive = initrd(boot_test.guest_of(name))
    start = time.monotonic()
    guests = [Guest(command(emulator, name, archive), seconds * slower) for _ in range(2 if getattr(function, "twice", False) else 1)]
    g = None
    try:
        for g in guests:
            function(g)
        return time.monotonic() - start, None, b""
    except (Failure, OSError) as e:
        return time.monotonic() - start, e, g.output
    finally:
        for g in guests:
            g.close()


def main():
    if sys.argv[1:] == ["list"]:
        print("\n".join(CASES))
        return 0
    emulator, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    guests = {boot_test.guest_of(n) for n in names}
    missing = [f for g in guests for f in (boot_test.CACHE / f"{g}-initrd.gz", boot_test.CACHE / f"{g}-cloud/vmlinuz") if not f.exists()]
    if missing:
        print(f"1..0 # SKIP {missing[0]} is not there; ./check fetches it")
        return 0
    return boot_test.report("smp", emulator, names, run)


if __name__ == "__main__":
    sys.exit(main())
