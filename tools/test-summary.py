#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints "N passed, N failed" (and skipped) over the single test cases of meson's test runs; exit status 1 if any failed.

    test-summary.py BUILD_FOLDER...

Cases are in the JUnit report. A program that crashes or is killed between its cases has no failed case there: it is one by itself,
known from the JSON report.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

GOOD = ("OK", "SKIP", "EXPECTEDFAIL")


def read_suites(path):
    # A test's output can hold control characters, which meson copies and XML forbids.
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", path.read_text(errors="replace"))
    return xml.etree.ElementTree.fromstring(text.encode()).iter("testsuite")


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for folder in sys.argv[1:]:
        logs = pathlib.Path(folder) / "meson-logs"
        bad_programs = {t["name"] for t in map(json.loads, (logs / "testlog.json").read_text().splitlines()) if t["result"] not in GOOD}
        for suite in read_suites(logs / "testlog.junit.xml"):
            for case in suite.iter("testcase"):
                failed = case.find("failure") is not None or case.find("error") is not None
                counts["failed" if failed else "skipped" if case.find("skipped") is not None else "passed"] += 1
                if failed:
                    print("failed:", case.get("classname", ""), case.get("name", ""))
                    bad_programs -= {n for n in bad_programs if case.get("classname", "").endswith(n) or case.get("name", "") == n}
        for name in sorted(bad_programs):
            counts["failed"] += 1
            print("failed:", name, "(ended before its time)")
    print("{passed} passed, {failed} failed".format(**counts) + (", {skipped} skipped".format(**counts) if counts["skipped"] else ""))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
