#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints "N passed, N failed" (and skipped) over the single test cases in meson's JUnit reports; exit status 1 if any failed."""
import sys
import xml.etree.ElementTree

passed = failed = skipped = 0
for case in (c for report in sys.argv[1:] for c in xml.etree.ElementTree.parse(report).getroot().iter("testcase")):
    if case.find("failure") is not None or case.find("error") is not None:
        failed += 1
        print("failed:", case.get("classname", ""), case.get("name", ""))
    elif case.find("skipped") is not None:
        skipped += 1
    else:
        passed += 1
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or not passed else 0)
