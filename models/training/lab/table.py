#!/usr/bin/env python3
"""What the runs in a folder hold: a line a run, then totals by class and split; or two folders compared.

Owns: the tables of the lab. `weir flows` with the labels of a run does the counting, `split.tsv`
says which side it is on.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from split import LAB_CLASSES, NONE, SPLITS, Split  # noqa: E402

TARGET = HERE.parents[2] / "target"
JOBS = 2
# By how much two runs of one seed may differ in their flows; one flow is not a difference.
TOLERANCE, SPARE = 0.02, 1
UNLABELLED = "unlabelled"
CLASSES = ("benign", *LAB_CLASSES)

Table = list[tuple[str, ...]]


@dataclass(frozen=True)
class Counted:
    """A run, as it was described and as Weir counts it."""

    name: str
    split: str
    described: dict[str, Any]
    flows: Counter[str]

    @property
    def tools(self) -> str:
        """What attacked, if anything did."""
        return ", ".join(dict.fromkeys(f"{one['kind']}: {one['tool']}" for one in self.described["attacks"])) or "–"

    @property
    def labels(self) -> str:
        """Flows by label, the most first."""
        return ", ".join(f"{label} {count:,}" for label, count in self.flows.most_common())


def counted(weir: Path, split: Split, path: Path) -> Counted:
    """The run whose description is at `path`."""
    name = path.stem
    described = json.loads(path.read_text())
    base = path.parent / name
    argv = [str(weir), "flows", f"{base}.pcap", "--labels", f"{base}.labels.csv", "--log-level", "error"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        flows = Counter(row["Label"] for row in csv.DictReader(program.stdout))
    if program.returncode != 0:
        raise RuntimeError(f"`{' '.join(argv)}` ended with {program.returncode}")
    # Scenarios from elsewhere are no data either.
    return Counted(name, split.lines.get(("scenario", described["scenario"]), NONE), described, flows)


def runs(weir: Path, folder: Path, only: str) -> list[Counted]:
    """Every run in a folder whose name begins with `only`."""
    paths = sorted(path for path in folder.glob(f"{only}*.json") if path.with_suffix(".pcap").exists())
    with ThreadPoolExecutor(JOBS) as pool:
        return list(pool.map(partial(counted, weir, Split.read()), paths))


def by_run(found: Iterable[Counted]) -> Table:
    """A line a run."""
    header = ("run", "split", "tools", "packets", "flows by label", "seconds")
    return [header, *(
        (one.name, one.split, one.tools, f"{one.described['packets']:,}", one.labels,
         f"{one.described['seconds']:.0f}")
        for one in found
    )]


def totals(found: Sequence[Counted]) -> Table:
    """A line a class: its flows, and how many settings make them, in each split."""
    flows: Counter[tuple[str, str]] = Counter()
    settings: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        for label, count in one.flows.items():
            flows[label, one.split] += count
        for attack in one.described["attacks"]:
            settings[attack["label"], one.split].add(attack["setting"])
    labels = [*CLASSES, *sorted({label for label, _ in flows} - {*CLASSES})]
    header = ("class", *(f"{split}: flows, settings" for split in SPLITS))
    return [header, *(
        (label, *(f"{flows[label, split]:,}, {len(settings[label, split])}" for split in SPLITS)) for label in labels
    )]


def hours(found: Iterable[Counted]) -> Table:
    """A line a split: its runs, packets and hours."""
    lines: Table = [("split", "runs", "packets", "hours", "hours in which nobody attacks")]
    for split in (*SPLITS, NONE):
        own = [one.described for one in found if one.split == split]
        seconds = sum(one["seconds"] for one in own), sum(one["seconds"] for one in own if not one["attacks"])
        packets = sum(one["packets"] for one in own)
        lines.append((split, str(len(own)), f"{packets:,}", *(f"{each / 3600:.1f}" for each in seconds)))
    return lines


def unfinished(found: Iterable[Counted]) -> Table:
    """A line an attack that was cut short or of which a program failed; to some tools a refused log-in is a failure."""
    header = ("run", "attack", "what did not end by itself and well")
    return [header, *(
        (one.name, attack["setting"], ", ".join(attack["unfinished"]))
        for one in found for attack in one.described["attacks"] if attack.get("unfinished")
    )]


def shown(table: Table, markdown: bool) -> Iterator[str]:
    """A table as text, or as Markdown."""
    if markdown:
        header, *rows = table
        yield from (f"| {' | '.join(row)} |" for row in (header, ("---",) * len(header), *rows))
    else:
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        yield from ("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)
    yield ""


def differences(one: Counted, other: Counted) -> Iterator[str]:
    """In what two runs of the same scenario and seed differ by more than they may."""
    for label in sorted({*one.flows, *other.flows}):
        own, its = one.flows[label], other.flows[label]
        if not own or not its:
            yield f"{one.name}: {label} is in one of them only ({own:,} and {its:,})"
        elif abs(own - its) > max(SPARE, TOLERANCE * max(own, its)):
            yield f"{one.name}: {label} {own:,} and {its:,}, {abs(own - its) / max(own, its):.1%}"


def compared(found: Sequence[Counted], others: Sequence[Counted]) -> int:
    """Prints where the runs that are in both folders differ; how many do."""
    by_name = {one.name: one for one in others}
    pairs = [(one, by_name[one.name]) for one in found if one.name in by_name]
    differ = [list(differences(*pair)) for pair in pairs]
    for line in (line for lines in differ for line in lines):
        print(line)
    print(f"{len(pairs)} runs compared, {sum(map(bool, differ))} differ by more than {TOLERANCE:.0%}")
    return sum(map(bool, differ)) if pairs else 1


def main() -> int:
    """Prints the tables, or the differences; exit status 1 if there are any, or a flow without a label."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="runs")
    parser.add_argument("--only", default="", metavar="NAME", help="runs whose names begin like this")
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="other runs of the same scenarios")
    parser.add_argument("--markdown", action="store_true")
    built = next((kind for kind in ("release", "debug") if (TARGET / kind / "weir").exists()), "release")
    parser.add_argument("--weir", type=Path, default=TARGET / built / "weir", help="who counts")
    args = parser.parse_args()
    if not args.weir.exists():
        parser.error(f"there is no {args.weir}: `cargo build` makes one")
    found = runs(args.weir, args.folder, args.only)
    if args.against:
        return 1 if compared(found, runs(args.weir, args.against, args.only)) else 0
    for table in (by_run(found), totals(found), hours(found), unfinished(found)):
        print(*shown(table, args.markdown), sep="\n")
    return 1 if any(one.flows[UNLABELLED] for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
