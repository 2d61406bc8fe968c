#!/usr/bin/env python3
"""Whole test runs of the lab through `weir detect`: how soon attacks are told, and what is told that is none; Markdown.

Owns: these figures. `detected` has the incidents, `attacked` what is true. Time is that of packets, from the first of
an attack to the verdict that made it an incident.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import attacked
from attacked import Attack, Run
from detected import AS_IT_IS, Detector, Incident
from settings import settings
from split import TEST

MEDIAN_S, TAIL_S = 5.0, 20.0
FALSE_AN_HOUR = 1.0


@dataclass(frozen=True)
class Told:
    """An attack and what was told of it: after how long, or as part of an incident that was there, or nothing."""

    run: str
    attack: Attack
    delay_s: float | None
    joined: bool

    @classmethod
    def of(cls, run: Run, attack: Attack, incidents: Sequence[Incident]) -> Told:
        """The first incident that fits counts."""
        opened = [one.detected_us for one in incidents if attack.fits(one)]
        delay_s = (min(opened) - attack.first_us) / 1e6 if opened else None
        return cls(run.name, attack, delay_s, not opened and any(attack.joins(one) for one in incidents))


@dataclass(frozen=True)
class Whole:
    """A run and the incidents in it."""

    run: Run
    incidents: list[Incident]

    @property
    def told(self) -> list[Told]:
        """Its attacks, one by one."""
        return [Told.of(self.run, attack, self.incidents) for attack in self.run.attacks]

    @property
    def beside(self) -> list[Incident]:
        """The incidents none of whose lives tells of an attack, once each."""
        fit = {one.id for one in self.incidents for attack in self.run.attacks if attack.fits(one)}
        return list({one.id: one for one in self.incidents if one.id not in fit}.values())


def main() -> int:
    """Prints every figure."""
    place = settings(__doc__)
    print(*lines(place.weir, place.recorded, place.work), sep="\n")
    return 0


def lines(weir: Path, recorded: Path, work: Path, splits: Iterable[str] = (TEST,)) -> Iterator[str]:
    """All figures of the runs that are recorded."""
    runs, detector = attacked.runs(recorded, splits), Detector.of(weir, work)
    detector.all((run.capture, AS_IT_IS) for run in runs)
    found = [Whole(run, detector.incidents(run.capture)) for run in runs]
    yield from delays([told for one in found for told in one.told])
    yield from benign([one for one in found if not one.run.attacks])
    yield from beside([one for one in found if one.run.attacks])


def delays(told: Sequence[Told]) -> Iterator[str]:
    """How long it takes, by class and over all."""
    yield "### Time to detect\n"
    if not told:
        yield "No attack was recorded.\n"
        return
    yield "| class | attacks | told | part of an earlier incident | never told | median s | 95 % s | longest s |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    by_class: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        by_class[one.attack.kind].append(one)
    for name, own in sorted(by_class.items()):
        yield row(name, own)
    yield row("all", told)
    median, tail = percentiles([math.inf if one.delay_s is None else one.delay_s for one in told if not one.joined])
    yield f"\nWith those that were never told: median {seconds(median)}, 95 % within {seconds(tail)} "
    yield f"(goals: {seconds(MEDIAN_S)}, {seconds(TAIL_S)}).\n"
    missed = [one for one in told if one.delay_s is None and not one.joined]
    late = [one for one in told if one.delay_s is not None and one.delay_s > TAIL_S]
    yield from listed("Never told", [f"{one.run}: {one.attack.setting}" for one in missed])
    yield from listed(
        f"After {seconds(TAIL_S)}", [f"{one.run}: {one.attack.setting}, {seconds(one.delay_s)}" for one in late])


def row(name: str, own: Sequence[Told]) -> str:
    """A line of the table of delays."""
    found = [one.delay_s for one in own if one.delay_s is not None]
    joined = sum(one.joined for one in own)
    counts = f"{len(own)} | {len(found)} | {joined} | {len(own) - len(found) - joined}"
    median, tail = percentiles(found)
    return f"| {name} | {counts} | {median:.1f} | {tail:.1f} | {max(found, default=math.nan):.1f} |"


def seconds(value: float) -> str:
    """A time in words."""
    return f"{value:.1f} s" if math.isfinite(value) else "never"


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile, each a value that occurs, so that what is infinite may be among them."""
    if not values:
        return math.nan, math.nan
    ordered = np.sort(values)
    return tuple(float(ordered[math.ceil(share * len(ordered)) - 1]) for share in (0.5, 0.95))


def benign(some: Sequence[Whole]) -> Iterator[str]:
    """What is told where nobody attacks."""
    yield "### False incidents in benign hours\n"
    hours = sum(one.run.hours for one in some)
    if not hours:
        yield "No benign run was recorded.\n"
        return
    strays = [(one.run.name, incident) for one in some for incident in one.beside]
    yield f"{len(strays)} in {hours:.2f} h of {len(some)} runs: **{len(strays) / hours:.2f} an hour** "
    yield f"(goal: at most {FALSE_AN_HOUR:g}); {counted(incident for _, incident in strays)}.\n"
    yield from listed("What they are", [described(run, incident) for run, incident in strays])


def beside(some: Sequence[Whole]) -> Iterator[str]:
    """What is told beside attacks, and of their hosts under a name that does not fit."""
    yield "### False incidents beside attacks\n"
    hours = sum(one.run.hours for one in some)
    if not hours:
        yield "No run with an attack was recorded.\n"
        return
    strays: list[tuple[str, Incident]] = []
    misnamed: list[tuple[str, Incident]] = []
    for one in some:
        for incident in one.beside:
            is_near = any(attack.touches(incident) for attack in one.run.attacks)
            (misnamed if is_near else strays).append((one.run.name, incident))
    yield f"{len(strays)} in {hours:.2f} h of {len(some)} runs are about no host of an attack or outside its time "
    yield f"({counted(incident for _, incident in strays)}): {len(strays) / hours:.2f} an hour. "
    yield f"{len(misnamed)} are about such a host under a name that does not fit "
    yield f"({counted(incident for _, incident in misnamed)}).\n"
    yield from listed("Beside", [described(run, incident) for run, incident in strays])
    yield from listed("Misnamed", [described(run, incident) for run, incident in misnamed])


def counted(incidents: Iterable[Incident]) -> str:
    """How many of which class."""
    counts = Counter(one.kind for one in incidents)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def described(run: str, incident: Incident) -> str:
    """An incident in a line."""
    said = incident.said
    why = "; ".join(said["why"][:2])
    return f"{run}: {incident.kind} about {incident.pivot}, score {said['score']:.3f}, {said['flows']} flows: {why}"


def listed(title: str, items: Sequence[str]) -> Iterator[str]:
    """A list under a title, where there is something to list."""
    if items:
        yield f"{title}:\n"
        yield from (f"- {item}" for item in items)
        yield ""


if __name__ == "__main__":
    sys.exit(main())
