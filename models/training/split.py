#!/usr/bin/env python3
"""Which data is trained on, which stops and tunes a training, and which only tests it.

Owns: `split.tsv` and the check that nothing is on two sides of it: no scenario, no seed, no tool
with its settings, no origin. Needs nothing but the scenario files; run alone, it prints what is wrong.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE / "lab"))

from scenario import SCENARIOS, AttackSpec  # noqa: E402

TABLE = HERE / "split.tsv"
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# No data: what only shows that the lab works, or is measured by a bench.
NONE = "none"
KINDS = ("scenario", "origin")
# Of the classes of `verdict`, whose rules need NumPy, those that the lab plays: it exploits nothing.
LAB_CLASSES = (
    "scan", "dos-flood", "dos-slow", "dos-reflection", "brute-force", "web-attack", "beacon", "exfiltration",
    "lateral-movement",
)

# Segmentation offload on and off.
RUNS = 2
LEAST_SETTINGS = 3
LEAST_BENIGN_HOURS, LEAST_TEST_HOURS = 10.0, 5.0


class SplitError(Exception):
    """A line of the table that says nothing, or something that has no line."""


@dataclass(frozen=True)
class Split:
    """The lines of the table by kind and name."""

    lines: dict[tuple[str, str], str]

    @classmethod
    def read(cls, path: Path = TABLE) -> Split:
        """The table, which is `kind, name, split` with a header."""
        lines: dict[tuple[str, str], str] = {}
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file, delimiter="\t"), 2):
                kind, name, split = row["kind"], row["name"], row["split"]
                if kind not in KINDS or split not in (*SPLITS, NONE):
                    raise SplitError(f"{path.name}:{number}: `{kind} {name} {split}` says nothing")
                if (kind, name) in lines:
                    raise SplitError(f"{path.name}:{number}: the {kind} `{name}` has two lines")
                lines[kind, name] = split
        return cls(lines)

    def scenario(self, name: str) -> str:
        """The split of a scenario of the lab."""
        return self._of("scenario", name)

    def origin(self, name: str) -> str:
        """The split of an origin of public captures."""
        return self._of("origin", name)

    def names(self, kind: str) -> set[str]:
        """All that has a line."""
        return {name for own, name in self.lines if own == kind}

    def _of(self, kind: str, name: str) -> str:
        if (kind, name) not in self.lines:
            raise SplitError(f"the {kind} `{name}` has no line in {TABLE.name}")
        return self.lines[kind, name]


@dataclass(frozen=True)
class Played:
    """What a scenario file says of one scenario, as far as a split is concerned."""

    name: str
    seed: int
    seconds: float
    attacks: tuple[AttackSpec, ...]

    @classmethod
    def of(cls, table: dict[str, Any]) -> Played:
        """From a table of a scenario file, whose other keys the lab checks before it plays."""
        attacks = tuple(
            AttackSpec(one["class"], one["kind"], one["tool"], one["at_s"], one["most_s"], one.get("settings", {}),
                       quiet=one.get("quiet", False))
            for one in table.get("attacks", ())
        )
        return cls(table["name"], table["seed"], table["seconds"], attacks)


def played(folder: Path = SCENARIOS) -> list[Played]:
    """Every scenario there is."""
    tables = (tomllib.loads(path.read_text()).get("scenario", []) for path in sorted(folder.glob("*.toml")))
    return [Played.of(table) for own in tables for table in own]


def mistakes(split: Split, scenarios: list[Played]) -> Iterator[str]:
    """Everything that is wrong with a split of these scenarios."""
    names = {one.name for one in scenarios}
    yield from (f"the scenario `{name}` has no line" for name in sorted(names - split.names("scenario")))
    yield from (f"there is no scenario `{name}`" for name in sorted(split.names("scenario") - names))
    data = [one for one in scenarios if split.lines.get(("scenario", one.name), NONE) != NONE]
    seeds = Counter(one.seed for one in scenarios)
    yield from (f"{times} scenarios have the seed {seed}" for seed, times in sorted(seeds.items()) if times > 1)
    yield from _shared(split, data)
    yield from _thin(split, data)
    yield from _short(split, data)


def _shared(split: Split, data: list[Played]) -> Iterator[str]:
    """What is on two sides."""
    sides: dict[str, set[str]] = defaultdict(set)
    for one in data:
        for what in (f"seed {one.seed}", *(f"setting `{attack.setting}`" for attack in one.attacks)):
            sides[what].add(split.scenario(one.name))
    for what, own in sorted(sides.items()):
        if len(own) > 1:
            yield f"the {what} is in {' and '.join(sorted(own))}"


def _thin(split: Split, data: list[Played]) -> Iterator[str]:
    """Classes and kinds of attacks of which there is not enough."""
    by_class: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_kind: dict[str, list[AttackSpec]] = defaultdict(list)
    for one in data:
        for attack in one.attacks:
            by_class[attack.label, split.scenario(one.name)].add(attack.setting)
            by_kind[attack.kind].append(attack)
    unknown = {label for label, _ in by_class} - {*LAB_CLASSES}
    yield from (f"`{label}` is no class of the lab" for label in sorted(unknown))
    for label in LAB_CLASSES:
        for side in SPLITS:
            if (found := len(by_class[label, side])) < LEAST_SETTINGS:
                yield f"{label} has {found} settings in {side}, not {LEAST_SETTINGS}"
    for kind, attacks in sorted(by_kind.items()):
        if (found := len({attack.setting for attack in attacks})) < LEAST_SETTINGS:
            yield f"the kind {kind} has {found} settings, not {LEAST_SETTINGS}"
        if len({attack.quiet for attack in attacks}) < 2:
            yield f"the kind {kind} is only {'quiet' if attacks[0].quiet else 'loud'}"


def _short(split: Split, data: list[Played]) -> Iterator[str]:
    """Benign time that is missing."""
    found = benign_hours(split, data)
    if (total := sum(found.values())) < LEAST_BENIGN_HOURS:
        yield f"{total:.1f} h are benign, not {LEAST_BENIGN_HOURS:.0f} h"
    if found[TEST] < LEAST_TEST_HOURS:
        yield f"{found[TEST]:.1f} h of {TEST} are benign, not {LEAST_TEST_HOURS:.0f} h"


def benign_hours(split: Split, data: Iterable[Played]) -> dict[str, float]:
    """Hours in which nobody attacks, with offload on and off, of each split."""
    hours: dict[str, float] = defaultdict(float)
    for one in data:
        if not one.attacks:
            hours[split.scenario(one.name)] += RUNS * one.seconds / 3600
    return hours


def main() -> int:
    """Prints every mistake; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--scenarios", type=Path, default=SCENARIOS)
    args = parser.parse_args()
    try:
        found = list(mistakes(Split.read(args.table), played(args.scenarios)))
    except (OSError, KeyError, SplitError, tomllib.TOMLDecodeError) as error:
        found = [f"{type(error).__name__}: {error}"]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
