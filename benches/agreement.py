#!/usr/bin/env python3
"""How often `weir smells` says of a manifest what checkov or `trivy config` says of it; Markdown.

Owns: the call of the three, and the comparison document by document. A case is a document of a file of which checkov or
trivy has an opinion; Weir agrees where it says the same as one of the two. What each calls the same check is told by the
references of Weir's checks. Refuses: to leave out what one of them cannot read: it is counted.

    agreement.py FOLDER --checkov PATH --trivy PATH [--weir PATH] [--work PATH] [--show WEIR-101]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKS = HERE.parent / "docs" / "checks.md"
GOAL = 0.97
SHOWN = 40
SECONDS = 1800
# What checks of a number look at: trivy says of a whole file that it passes, and a Service passes each check of pods.
WORKLOADS = frozenset((
    "Pod", "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job", "CronJob",
    "PodTemplate", "DeploymentConfig", "Rollout", "List",
))
ROLES, BINDINGS = frozenset(("Role", "ClusterRole", "List")), frozenset(("RoleBinding", "ClusterRoleBinding", "List"))
KINDS = {
    **{f"WEIR-{number}": BINDINGS for number in (356, 401, 410, 411, 412, 416)},
    **{f"WEIR-{number}": ROLES for number in (402, 403, 404, 405, 406, 407, 408, 409, 414, 415, 417)},
    "WEIR-355": frozenset(("ServiceAccount", "List")), "WEIR-703": frozenset(("Ingress", "List")),
    "WEIR-710": frozenset(("Service", "List")), "WEIR-856": frozenset(("ConfigMap", "List")),
}
# A document: the file, and which one of it.
Place = tuple[str, int]


@dataclass
class Opinions:
    """What a linter says: of each of its checks the documents that fail, and those that it has looked at."""

    failed: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    seen: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))

    def says(self, ids: Iterable[str], place: Place) -> bool | None:
        """Whether a document fails one of some checks; none if no check has looked at it."""
        ids = [*ids]
        if any(place in self.failed[one] for one in ids):
            return True
        return False if any(place in self.seen[one] for one in ids) else None


class Documents:
    """Where the documents of files begin, and what is in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts: dict[str, list[int]] = {}
        self._kinds: dict[Place, str] = {}
        self._names: dict[Place, str] = {}

    def kind(self, place: Place) -> str:
        """The kind of the object in a document."""
        self.place(place[0], 1)
        return self._kinds.get(place, "")

    def named(self, file: str, message: str) -> Place:
        """The document of a file whose object a message names; the first one if none is."""
        self.place(file, 1)
        words = set(re.findall(r"[\w.-]+", message.lower()))
        fits = sorted(place for place, name in self._names.items()
                      if place[0] == file and {name.lower(), self._kinds.get(place, "").lower()} <= words)
        return fits[0] if fits else (file, 1)

    def place(self, file: str, line: int) -> Place:
        """The document that a line is in."""
        starts = self._starts.get(file)
        if starts is None:
            lines = (self._folder / file).read_text(errors="replace").splitlines()
            starts = [1, *(number + 2 for number, text in enumerate(lines) if re.match(r"---(\s|$)", text))]
            self._starts[file] = starts
            for number, text in enumerate(lines, 1):
                if kind := re.match(r"""\s*"?kind"?:\s*["']?(\w+)""", text):
                    self._kinds.setdefault((file, bisect_right(starts, number)), kind.group(1))
                if name := re.match(r"""  name:\s*["']?([\w.-]+)""", text):
                    self._names.setdefault((file, bisect_right(starts, number)), name.group(1))
        return file, bisect_right(starts, line)


def main() -> int:
    """Prints the table; exit status 1 where a check misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkov", type=Path, required=True)
    parser.add_argument("--trivy", type=Path, required=True)
    parser.add_argument("--weir", type=Path, default=HERE.parent / "target" / "release" / "weir")
    parser.add_argument("--work", type=Path, default=HERE.parent / "target" / "agreement", help="what they said is kept here")
    parser.add_argument("--show", metavar="ID", help="list the cases in which this check agrees with neither")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    documents = Documents(args.folder)
    ours = of_weir(args, documents)
    theirs = {"checkov": of_checkov(args, documents), "trivy": of_trivy(args, documents)}
    print("| check | cases | agrees with one | with checkov | with trivy | only Weir finds it | only they find it |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    missed = [one for one in references() if not row(one, ours, theirs, documents, args.show)]
    print(f"\nBelow {GOAL:.0%}: {', '.join(one.id for one in missed) or 'none'}.")
    return int(bool(missed))


@dataclass
class Check:
    """A check of Weir's, and what others call it."""

    id: str
    title: str
    names: dict[str, list[str]]


def references() -> Iterator[Check]:
    """The checks that checkov or trivy have too."""
    for part in CHECKS.read_text().split("\n## ")[1:]:
        names = {tool: re.findall(rf"{tool} `([^`]+)`", part) for tool in ("checkov", "trivy")}
        if any(names.values()):
            title = re.search(r"^\*\*(.*)\*\*", part, re.M)
            yield Check(part.split("\n", 1)[0], title.group(1) if title else "", names)


def row(check: Check, ours: Opinions, theirs: dict[str, Opinions], documents: Documents, show: str | None) -> bool:
    """Prints what came of a check; whether it reaches the goal."""
    meant = KINDS.get(check.id, WORKLOADS)
    seen = set().union(*(opinions.seen[name] for tool, opinions in theirs.items() for name in check.names[tool]))
    failed = set().union(*(opinions.failed[name] for tool, opinions in theirs.items() for name in check.names[tool]))
    places = failed | {place for place in seen if documents.kind(place) in meant or place in ours.failed[check.id]}
    agreed, with_tool, extra, missing = 0, defaultdict(list), 0, 0
    for place in sorted(places):
        own = place in ours.failed[check.id]
        said = {tool: opinions.says(check.names[tool], place) for tool, opinions in theirs.items()}
        for tool, verdict in said.items():
            if verdict is not None:
                with_tool[tool].append(verdict == own)
        if own in said.values():
            agreed += 1
            continue
        extra, missing = extra + own, missing + (not own)
        if show == check.id and extra + missing <= SHOWN:
            print(f"{place[0]}, document {place[1]}: Weir {own}, {said}", file=sys.stderr)

    def share(verdicts: list[bool]) -> str:
        return f"{sum(verdicts) / len(verdicts):.1%} of {len(verdicts)}" if verdicts else "-"

    reached = not places or agreed / len(places) >= GOAL
    ratio = f"{agreed / len(places):.1%}" if places else "-"
    print(f"| {check.id} {check.title} | {len(places)} | {ratio}{'' if reached else ' **!**'} | "
          f"{share(with_tool['checkov'])} | {share(with_tool['trivy'])} | {extra} | {missing} |")
    return reached


def said(path: Path, argv: list[str | Path], statuses: tuple[int, ...], output: bool) -> str:
    """What a linter says, as it was kept or as it says now."""
    if not path.exists():
        environment = {**os.environ, "BC_SKIP_MAPPING": "TRUE"}
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, env=environment)
        if done.returncode not in statuses:
            raise SystemExit(f"{argv[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        if output:
            path.write_text(done.stdout)
    return path.read_text()


def of_weir(args: argparse.Namespace, documents: Documents) -> Opinions:
    """What Weir says now, folder by folder: what belongs to different projects is not one cluster.

    Those of its checks that checkov answers by its graph (CKV2) see the whole folder at once, as that does.
    """
    folders, found = defaultdict(list), Opinions()
    for path in sorted(args.folder.rglob("*")):
        if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
            folders[path.parent].append(path)
    at_once = {check.id for check in references() if any(name.startswith("CKV2_") for name in check.names["checkov"])}
    runs = [([args.folder], at_once.__contains__), *((paths, lambda one: one not in at_once) for paths in folders.values())]
    for paths, counts in runs:
        argv = [args.weir, "smells", *paths, "--format", "json"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS)
        for smell in filter(lambda one: counts(one["id"]), json.loads(done.stdout)["smells"]):
            found.failed[smell["id"]].add(documents.place(relative(smell["file"], args.folder), smell["line"]))
    return found


def of_checkov(args: argparse.Namespace, documents: Documents) -> Opinions:
    """What checkov says of resources; each has the lines of its document."""
    argv = [args.checkov, "-d", args.folder, "--framework", "kubernetes", "-o", "json", "--skip-download"]
    told = json.loads(said(args.work / "checkov.json", argv, (0, 1), output=True))
    found = Opinions()
    for kind, into in (("failed_checks", found.failed), ("passed_checks", found.seen)):
        for one in told["results"][kind]:
            place = documents.place(relative(one["file_abs_path"], args.folder), one["file_line_range"][0] + 1)
            into[one["check_id"]].add(place)
    return found


def of_trivy(args: argparse.Namespace, documents: Documents) -> Opinions:
    """What trivy says: failures have lines, what passes is told of whole files."""
    kept = args.work / "trivy.json"
    argv = [args.trivy, "config", "--skip-check-update", "--include-non-failures", "--format", "json", "-o", kept, args.folder]
    told = json.loads(said(kept, argv, (0,), output=False))
    found = Opinions()
    for result in told.get("Results", []):
        if result.get("Type") != "kubernetes":
            continue
        file = result["Target"]
        count = documents.place(file, 10**9)[1]
        for one in result.get("Misconfigurations", []):
            names = {one["ID"], re.sub(r"^AVD-KSV-0*(\d+)$", lambda found: f"KSV{int(found.group(1)):03}", one.get("AVDID", ""))}
            for name in names:
                if one["Status"] == "FAIL":
                    line = one.get("CauseMetadata", {}).get("StartLine", 1)
                    # The first line stands for no line.
                    place = documents.place(file, line) if line > 1 else documents.named(file, one.get("Message", ""))
                    found.failed[name].add(place)
                found.seen[name] |= {(file, number) for number in range(1, count + 1)}
    return found


def relative(file: str, folder: Path) -> str:
    """A file as it is called within the folder."""
    return str(Path(file).resolve().relative_to(folder.resolve()))


if __name__ == "__main__":
    sys.exit(main())
