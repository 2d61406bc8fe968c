#!/usr/bin/env python3
"""Documents a second that `weir smells` looks at, and how long other linters take for the same folder; Markdown.

Owns: the calls and their CPU time, children among it. Other linters run once, because they take minutes.

    smells.py FOLDER [--weir PATH] [--checkov PATH] [--trivy PATH] [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = 3600


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weir", type=Path, default=HERE.parent / "target" / "release" / "weir")
    parser.add_argument("--checkov", type=Path)
    parser.add_argument("--trivy", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    argv = [args.weir, "smells", args.folder, "--format", "json"]
    found = json.loads(subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS).stdout)
    own_s = statistics.median(cpu_s(argv) for _ in range(args.runs))
    print("| linter | CPU | times Weir |\n| --- | --- | --- |")
    print(f"| weir: {found['objects']} objects, {found['objects'] / own_s:,.0f} a second | {own_s:.2f} s | 1 |")
    with tempfile.NamedTemporaryFile() as report:
        others = {
            "checkov": [args.checkov, "-d", args.folder, "--framework", "kubernetes", "-o", "json", "--skip-download"],
            "trivy": [args.trivy, "config", "--skip-check-update", "--format", "json", "-o", report.name, args.folder],
        }
        for name, other in others.items():
            if other[0]:
                took_s = cpu_s(other)
                print(f"| {name} | {took_s:.1f} s | {took_s / own_s:,.0f} |")
    return 0


def cpu_s(argv: list[str | Path]) -> float:
    """CPU seconds that a command takes, with its children."""
    def used() -> float:
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime

    before = used()
    subprocess.run(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=SECONDS,
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE"})
    return used() - before


if __name__ == "__main__":
    sys.exit(main())
