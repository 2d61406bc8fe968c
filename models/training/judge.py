"""Probabilities to alarms, incidents and what they cost.

Owns: the verdict on every row of a capture, what is true there, and how many false incidents an hour so much evidence
costs. `verdict` has the rule by which alarms become incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from data import Capture
from verdict import BENIGN, CLASSES, TARGET_PIVOT, Incident, Word, peaks, rounded, weights_of

ATTACKS = CLASSES[1:]
# Scores in steps of a quarter of the odds' logarithm, from what is hardly likely to what is all but sure.
SCORES = tuple(float(value) for value in np.round(1 / (1 + np.exp(-np.arange(-2.0, 9.26, 0.25))), 4))
# Evidence in nats, each a tenth more than the one before.
WEIGHTS = tuple(float(value) for value in np.round(2.0 * 1.1 ** np.arange(90), 2))

# Pairs of a price and what costs it, the dearest first: false incidents an hour, or a share of benign flows.
Cost = list[tuple[float, float]]


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


def score_costs(benign: Sequence[Judged]) -> dict[str, Cost]:
    """Of every attack which share of final benign flows alarms from a score on."""
    final = [one.capture.rows.final for one in benign]
    scores = np.concatenate([one.scores[own] for one, own in zip(benign, final, strict=True)])
    attacks = np.concatenate([one.attacks[own] for one, own in zip(benign, final, strict=True)])

    def share(name: str, least: float) -> float:
        return float(((scores >= least) & (attacks == CLASSES.index(name))).sum()) / len(scores)

    return {name: falling((share(name, least), least) for least in (*SCORES, 1.0)) for name in ATTACKS}


def weight_costs(benign: Sequence[Judged], bounds: Bounds, hours: float) -> dict[str, Cost]:
    """Of every attack how many false incidents an hour so much evidence costs."""
    found: dict[str, list[float]] = {name: [] for name in ATTACKS}
    for one in benign:
        for (name, _), weight in one.peaks(bounds).items():
            found[name].append(weight)

    def per_hour(name: str, least: float) -> float:
        return sum(weight >= least for weight in found[name]) / hours

    return {name: falling((per_hour(name, least), least) for least in (0.0, *WEIGHTS)) for name in ATTACKS}


def falling(points: Iterable[tuple[float, float]]) -> Cost:
    """Of points that cost the same only the first, up to the first that costs nothing."""
    found: Cost = []
    for price, least in points:
        if not found or price < found[-1][0]:
            found.append((price, least))
        if price == 0:
            return found
    # Certainty may still cost something: then nothing but more than certainty costs nothing.
    return [*found, (0.0, float(np.nextafter(found[-1][1], np.inf)))]


def within(costs_of: Mapping[str, Cost], budget: float) -> dict[str, float]:
    """What costs at most the budget together, as `src/detect/budget.rs` chooses it."""
    found = {name: _affordable(cost, 0.0) for name, cost in costs_of.items()}
    for _ in found:
        share = max(0.0, budget - sum(price for price, _ in found.values())) / len(found)
        found = {name: _affordable(costs_of[name], price + share) for name, (price, _) in found.items()}
    return {name: least for name, (_, least) in found.items()}


def _affordable(cost: Cost, price: float) -> tuple[float, float]:
    return next(point for point in cost if point[0] <= price)
