# SPDX-License-Identifier: MIT
"""What the runners of bare-metal tests share: running a guest that prints TAP, and merging the TAP of several runs."""
import re
import subprocess

SECONDS = 30


def run(command, executable=None):
    """The lines that the guest printed; a line that bails out when it did not end by itself."""
    try:
        done = subprocess.run(command, executable=executable, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
        lines, error = done.stdout, f"exit status {done.returncode}" if done.returncode else None
    except subprocess.TimeoutExpired as e:
        lines, error = e.stdout or b"", f"still running after {SECONDS} s"
    lines = lines.decode(errors="replace").replace("\r", "").splitlines()
    return lines + ([f"Bail out! {error}"] if error else [])


def where(elf, line, tool, back):
    """Adds the source line to a failed check's address, which is back bytes behind the call."""
    match = re.match(r"# at 0x([0-9a-f]+):", line)
    if not match or not tool:
        return line
    found = subprocess.run([tool, "-e", elf, hex(int(match.group(1), 16) - back)], capture_output=True, text=True).stdout
    return f"{line} ({found.split('/')[-1].strip()})"


def tap(lines, mode, first, locate):
    """Prints a run's tests, numbered from first; returns how many there were, and whether all is well. locate: what adds places to other lines."""
    n, good, planned = 0, True, None
    for line in lines:
        match = re.match(r"(ok|not ok) \d+ - (.*)", line)
        plan = re.match(r"1\.\.(\d+)", line)
        if match:
            n += 1
            good &= match.group(1) == "ok"
            print(f"{match.group(1)} {first + n} - {mode}: {match.group(2)}")
        elif plan:
            planned = int(plan.group(1))
        else:
            print("# " + locate(line).removeprefix("# "))
    if planned != n or not n:
        print(f"not ok {first + n + 1} - {mode}: runs to its end")
        return n + 1, False
    return n, good
