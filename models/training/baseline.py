#!/usr/bin/env python3
"""What `weir baseline` is worth: false incidents and attacks with what was learnt from benign time, and without.

Owns: the experiment, and the rule by which learnt evidence raises what an incident needs, as `src/incident/accepted.rs`
has it. Needs a recording of the lab's test runs. Of every benign run the first half is learnt from and the second
judged; what is learnt from all first halves is then held against the attacks, as if one network had them all.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import costs
import recorded
import sources
from judge import Bounds, Judged
from recorded import Whole
from settings import Settings, settings
from split import TEST
from verdict import CLASSES, TARGET_PIVOT, Incident

# How much more than what was learnt makes an incident.
MARGIN = 1.5

# A class and where: the port that is served, for incidents about a target, else the host.
Place = tuple[str, str]


@dataclass(frozen=True)
class Told:
    """Incidents of a part of a run: of each where it is and its evidence."""

    by_incident: Mapping[Incident, tuple[Place, float]]
    hours: float

    @classmethod
    def of(cls, run: Whole, temperature: float, bounds: Bounds, some: np.ndarray) -> Told:
        """What some rows of a run say."""
        judged = run.judged(temperature, some)
        where = places(judged, run.ports[some], bounds)
        found = {about: (where[about], weight) for about, weight in judged.peaks(bounds).items()}
        times = judged.capture.rows.time_us
        return cls(found, float(np.ptp(times)) / 3.6e9 if len(times) else 0.0)

    def raised(self, bounds: Bounds, learnt: Mapping[Place, float]) -> set[Incident]:
        """The incidents, where so much evidence is usual."""
        return {
            about for about, (place, weight) in self.by_incident.items()
            if weight >= bounds.weights[about[0]] and weight > MARGIN * learnt.get(place, 0.0)
        }


def places(judged: Judged, ports: np.ndarray, bounds: Bounds) -> dict[Incident, Place]:
    """Where each class and pivot that alarms is: for a target, the port that most of its flows go to."""
    rows, kinds = judged.capture.rows, judged.alarming(bounds)
    served: dict[Incident, Counter[int]] = defaultdict(Counter)
    for at in np.flatnonzero(kinds):
        name = CLASSES[kinds[at]]
        pivot = rows.target[at] if name in TARGET_PIVOT else rows.source[at]
        served[name, str(pivot)][int(ports[at, 1])] += 1
    return {
        (name, pivot): (name, f"port {count.most_common(1)[0][0]}" if name in TARGET_PIVOT else f"host {pivot}")
        for (name, pivot), count in served.items()
    }


def learnt(told: Sequence[Told]) -> dict[Place, float]:
    """Of every place the most evidence there was."""
    found: dict[Place, float] = defaultdict(float)
    for one in told:
        for place, weight in one.by_incident.values():
            found[place] = max(found[place], weight)
    return found


def halves(place: Settings, known: costs.Costs, bounds: Bounds) -> Iterator[tuple[str, Told, Told]]:
    """Of every benign test run that was recorded both halves."""
    for source in sources.lab(place.lab):
        if source.split != TEST or not source.scenario.startswith("benign-") or not recorded.is_there(place, source):
            continue
        run = recorded.whole(place, source)
        middle = (run.rows.time_us.min() + run.rows.time_us.max()) // 2
        parts = [run.rows.time_us <= middle, run.rows.time_us > middle]
        first, second = (Told.of(run, known.temperature, bounds, np.flatnonzero(part)) for part in parts)
        yield source.run, first, second


def lines(place: Settings, known: costs.Costs, per_hour: float) -> Iterator[str]:
    """The experiment as Markdown."""
    bounds = known.bounds(per_hour)
    runs = list(halves(place, known, bounds))
    if not runs:
        yield "Not measured: no recording of the lab's test runs.\n"
        return
    hours = sum(second.hours for _, _, second in runs)
    without = sum(len(second.raised(bounds, {})) for _, _, second in runs)
    with_it = sum(len(second.raised(bounds, learnt([first]))) for _, first, second in runs)
    yield f"Second halves of {len(runs)} benign runs, {hours:.2f} h: {without} false incidents ({without / hours:.2f} an "
    yield f"hour) as delivered, {with_it} ({with_it / hours:.2f} an hour) after each network's first half was learnt.\n"
    ports = {place: weight for place, weight in learnt([first for _, first, _ in runs]).items() if "port" in place[1]}
    found = np.zeros(3, int)
    for source in sources.lab(place.lab):
        if source.split == TEST and not source.scenario.startswith("benign-") and recorded.is_there(place, source):
            run = recorded.whole(place, source)
            told = Told.of(run, known.temperature, bounds, np.arange(len(run.rows)))
            involved = run.judged(known.temperature).involved
            without, with_it = ({pivot for _, pivot in told.raised(bounds, one)} for one in ({}, ports))
            found += [bool(without & involved), bool(with_it & involved), 1]
    yield f"Runs with an attack of which an incident tells: {found[0]} of {found[2]} as delivered, {found[1]} with all that "
    yield "those halves learnt of their services.\n"


def main() -> int:
    """Prints the experiment."""
    place, known = settings(__doc__), costs.read()
    print(*lines(place, known, costs.PER_HOUR), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
