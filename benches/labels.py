#!/usr/bin/env python3
"""How often `weir smells` says of a manifest what its author wrote into its name; Markdown.

Owns: the names of polaris' and checkov's own test cases, which say whether a file passes the check that its folder is
called after, and the call of Weir on each file alone. Of a check of Weir's that looks at many flags only those count that
the check of checkov is about. Refuses: files whose names say both.

    labels.py FOLDER --checkov-source DIR [--weir PATH] [--show]
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreement import CHECKS, GOAL, HERE

SECONDS = 60


@dataclass(frozen=True)
class Case:
    """A file, whether it has the smell, the checks that would find it, and the flags that they would name."""

    source: str
    path: Path
    has_smell: bool
    checks: frozenset[str]
    flags: frozenset[str]


def main() -> int:
    """Prints how many agree; exit status 1 below the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkov-source", type=Path, required=True, help="…/checkov/kubernetes/checks/resource/k8s")
    parser.add_argument("--weir", type=Path, default=HERE.parent / "target" / "release" / "weir")
    parser.add_argument("--show", action="store_true", help="list the files that are seen otherwise")
    args = parser.parse_args()
    names = references()
    cases = [*polaris(args.folder, names), *checkov(args.folder, args.checkov_source, names)]
    right = 0
    print("| labels of | files | agree |\n| --- | --- | --- |")
    for source in sorted({case.source for case in cases}):
        own = [case for case in cases if case.source == source]
        agreed = [found(args.weir, case) == case.has_smell for case in own]
        right += sum(agreed)
        print(f"| {source} | {len(own)} | {sum(agreed) / len(own):.1%} |")
        for case, agrees in zip(own, agreed, strict=True):
            if args.show and not agrees:
                print(f"{case.path.relative_to(args.folder)}: {case.has_smell}, {sorted(case.checks)}", file=sys.stderr)
    print(f"| both | {len(cases)} | {right / len(cases):.1%} |")
    return int(right / len(cases) < GOAL)


def references() -> dict[tuple[str, str], frozenset[str]]:
    """By a linter and what it calls a check, what Weir calls it."""
    found: dict[tuple[str, str], set[str]] = {}
    for part in CHECKS.read_text().split("\n## ")[1:]:
        for tool, name in re.findall(r"(\S+) `([^`]+)`", part.split("\nElsewhere:", 1)[1].split("\n", 1)[0]):
            found.setdefault((tool, name), set()).add(part.split("\n", 1)[0])
    return {name: frozenset(ids) for name, ids in found.items()}


def polaris(folder: Path, names: dict[tuple[str, str], frozenset[str]]) -> Iterator[Case]:
    """`test/checks/<check>/success….yaml` and `failure….yaml`."""
    for path in sorted(folder.glob("polaris/test/checks/*/*.y*ml")):
        checks = names.get(("polaris", path.parent.name))
        if checks and (label := re.match(r"success|failure", path.name)):
            yield Case("polaris", path, label.group() == "failure", checks, frozenset())


def checkov(folder: Path, source: Path, names: dict[tuple[str, str], frozenset[str]]) -> Iterator[Case]:
    """`example_<class>/…PASSED….yaml` and `…FAILED….yaml`."""
    for path in sorted(folder.glob("checkov/tests/kubernetes/checks/example_*/*.y*ml")):
        code = source / f"{path.parent.name.removeprefix('example_')}.py"
        labels = set(re.findall(r"PASSED|FAILED", path.name.upper()))
        if len(labels) != 1 or not code.exists():
            continue
        text = code.read_text()
        name = re.search(r'id = "(CKV_K8S_\d+)"', text)
        checks = names.get(("checkov", name.group(1))) if name else None
        if checks:
            yield Case("checkov", path, labels == {"FAILED"}, checks, frozenset(re.findall(r"--([a-z][a-z-]+)", text)))


def found(weir: Path, case: Case) -> bool:
    """Whether Weir finds the smell in a file."""
    argv = [weir, "smells", case.path, "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS)
    own = [one for one in json.loads(done.stdout)["smells"] if one["id"] in case.checks]
    is_control = any(one["category"] == "control-plane" for one in own)
    return any(not is_control or case.flags.intersection(re.findall(r"[a-z][a-z-]+", one["message"])) for one in own)


if __name__ == "__main__":
    sys.exit(main())
