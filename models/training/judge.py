"""Probabilities to alarms, incidents and what they cost.

Owns: the verdict on every row of a capture, what is true there, and how many false incidents an hour so much evidence
costs. `verdict` has the rule by which alarms become incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from data import Capture
from verdict import BENIGN, CLASSES, TARGET_PIVOT, Incident, Word, peaks, rounded, weights_of

ATTACKS = CLASSES[1:]
# From which score on a flow may alarm; a class that is learnt from no attack must be surer than the others, because
# each flow that alarms is one that somebody sees.
SCORES = (0.5, 0.9, 0.98, 0.995, 0.999, 0.9998)
LEAST_SCORES = {"unknown": 0.9}
# Evidence in nats, each a tenth more than the one before.
WEIGHTS = (0.0, *(float(value) for value in np.round(2.0 * 1.1 ** np.arange(90), 2)))
# What nobody reaches.
NEVER = 10_000.0


class Point(NamedTuple):
    """What bounds of a class come to: false incidents an hour, and in which share of runs with an attack they find it."""

    per_hour: float
    score: float
    nats: float
    found: float


# The dearest first, which finds the most; the last costs nothing.
Cost = list[Point]


@dataclass(frozen=True)
class Bounds:
    """Of every attack from which score on a flow alarms, and how much evidence makes an incident.

    A class without a score never alarms, one without a weight needs none.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """A capture and what a model says of each of its rows."""

    capture: Capture
    # Of each row the likeliest class, the likeliest attack, and how likely any attack is.
    likeliest: np.ndarray
    attacks: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, capture: Capture, probabilities: np.ndarray) -> Judged:
        """The verdicts by `src/detect/verdict.rs`."""
        likely = rounded(probabilities)
        return cls(capture, likely.argmax(axis=1), likely[:, 1:].argmax(axis=1) + 1, rounded(1.0 - probabilities[:, 0]))

    @property
    def is_benign(self) -> bool:
        """Whether nobody attacks in it."""
        return bool((self.capture.rows.classes == BENIGN).all())

    @property
    def truth(self) -> set[Incident]:
        """The attacks that its labels tell of flow by flow."""
        return set(peaks(self._words(np.maximum(self.capture.rows.classes, BENIGN))))

    def alarming(self, bounds: Bounds) -> np.ndarray:
        """The class of every row that alarms, else benign."""
        least = np.array([np.inf, *(bounds.scores.get(name, np.inf) for name in ATTACKS)])
        return np.where(self.scores >= least[self.attacks], self.attacks, BENIGN)

    def peaks(self, bounds: Bounds) -> dict[Incident, float]:
        """Of every class and pivot that has enough flows the most evidence at once."""
        return peaks(self._words(self.alarming(bounds)))

    def raised(self, bounds: Bounds) -> set[Incident]:
        """The incidents."""
        found = self.peaks(bounds).items()
        return {about for about, weight in found if weight >= bounds.weights.get(about[0], 0.0)}

    @property
    def involved(self) -> set[str]:
        """The hosts that have a part in an attack."""
        rows = self.capture.rows
        attacks = rows.classes > BENIGN
        return {str(host) for host in (*rows.source[attacks], *rows.target[attacks])}

    def strays(self, bounds: Bounds) -> set[Incident]:
        """Incidents about hosts that have no part in an attack; all, where nobody attacks.

        An attack under another's name is a mistake too, but it is no false alarm.
        """
        involved = self.involved
        return {(name, pivot) for name, pivot in self.raised(bounds) if pivot not in involved}

    def _words(self, kinds: np.ndarray) -> Iterator[Word]:
        """The verdicts on all flows that ever alarm, in order of time."""
        rows = self.capture.rows
        told = np.flatnonzero(np.isin(rows.flow, np.unique(rows.flow[kinds != BENIGN])))
        weights = weights_of(self.scores)
        for at in told[np.argsort(rows.time_us[told], kind="stable")]:
            name = CLASSES[kinds[at]]
            pivot = rows.target[at] if name in TARGET_PIVOT else rows.source[at]
            about = (name, str(pivot)) if kinds[at] != BENIGN else None
            yield Word(int(rows.time_us[at]), str(rows.flow[at]), about, float(weights[at]))


def best(judged: Judged) -> dict[str, list[float]]:
    """Of every attack the most evidence that any of its hosts had, for every score; below zero where there was none."""
    involved, found = judged.involved, {name: [-1.0] * len(SCORES) for name in ATTACKS}
    for at, score in enumerate(SCORES):
        for (name, pivot), weight in judged.peaks(Bounds(dict.fromkeys(ATTACKS, score))).items():
            if pivot in involved:
                found[name][at] = max(found[name][at], weight)
    return found


def most(judged: Judged) -> dict[str, list[list[float]]]:
    """Of every attack the evidence that each host had at most, for every score."""
    found: dict[str, list[list[float]]] = {name: [[] for _ in SCORES] for name in ATTACKS}
    for at, score in enumerate(SCORES):
        for (name, _), weight in judged.peaks(Bounds(dict.fromkeys(ATTACKS, score))).items():
            found[name][at].append(weight)
    return found


def costs(
    benign: Sequence[dict[str, list[list[float]]]], attacked: Sequence[dict[str, list[float]]], hours: float,
) -> dict[str, Cost]:
    """What bounds cost in so many hours in which nobody attacks, and what they find: what `most` and `best` say."""
    found = {}
    for name in ATTACKS:
        points = [Point(0.0, 1.0, NEVER, 0.0)]
        for at, score in enumerate(SCORES):
            if score < LEAST_SCORES.get(name, 0.0):
                continue
            false = np.array([weight for one in benign for weight in one[name][at]])
            right = np.array([one[name][at] for one in attacked])
            points += [
                Point(float((false >= nats).sum()) / hours, score, nats, float((right >= nats).mean()))
                for nats in WEIGHTS
            ]
        found[name] = worth(points)
    return found


def worth(points: Iterable[Point]) -> Cost:
    """Those points than which none that costs no more finds as much; of equals the strictest, which alarms least."""
    found: Cost = []
    for point in sorted(points, key=lambda one: (one.per_hour, -one.found, -one.score, -one.nats)):
        if not found or point.found > found[-1].found:
            found.append(point)
    return found[::-1]


def within(costs_of: Mapping[str, Cost], per_hour: float) -> Bounds:
    """The bounds that cost at most so much together, as `src/detect/budget.rs` chooses them."""
    chosen = {name: cost[-1] for name, cost in costs_of.items()}
    while True:
        left = per_hour - sum(point.per_hour for point in chosen.values())
        steps = [
            ((point.found - chosen[name].found) / (point.per_hour - chosen[name].per_hour), name, point)
            for name, cost in costs_of.items() for point in cost
            if point.per_hour > chosen[name].per_hour and point.per_hour - chosen[name].per_hour <= left
        ]
        if not steps:
            break
        _, name, point = max(steps, key=lambda step: step[0])
        chosen[name] = point
    return Bounds({name: point.score for name, point in chosen.items()},
                  {name: point.nats for name, point in chosen.items()})
