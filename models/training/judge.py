"""Probabilities to alarms, incidents and what they cost.

Owns: the verdict on every row of a capture, what is true there, and how many false incidents an hour a threshold
costs. `verdict` has the rule by which alarms become incidents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data import Capture
from verdict import BENIGN, CLASSES, TARGET_PIVOT, Alarm, incidents, rounded

ATTACKS = CLASSES[1:]
# In steps of a quarter of the odds' logarithm, from what is hardly likely to what is all but sure.
GRID = tuple(float(value) for value in np.round(1 / (1 + np.exp(-np.arange(-2.0, 8.01, 0.25))), 4))
# What no score but certainty reaches.
NEVER = 1.0

Thresholds = Mapping[str, float]
# Pairs of false incidents an hour and the threshold that costs them, as `src/detect/budget.rs` reads them.
Cost = list[tuple[float, float]]
Incident = tuple[str, str]


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
        classes = self.capture.rows.classes
        return {(alarm.label, alarm.pivot) for alarm in self._alarms(np.flatnonzero(classes > BENIGN), classes)}

    def alarming(self, thresholds: Thresholds) -> np.ndarray:
        """The class of every row that alarms, else benign; a class without a threshold never alarms."""
        least = np.array([np.inf, *(thresholds.get(name, np.inf) for name in ATTACKS)])
        return np.where(self.scores >= least[self.attacks], self.attacks, BENIGN)

    def raised(self, thresholds: Thresholds) -> set[Incident]:
        """The incidents at these thresholds."""
        kinds = self.alarming(thresholds)
        rows = np.flatnonzero(kinds)
        rows = rows[np.argsort(self.capture.rows.time_us[rows], kind="stable")]
        return incidents(self._alarms(rows, kinds))

    def strays(self, thresholds: Thresholds) -> set[Incident]:
        """Incidents about hosts that have no part in an attack; all, where nobody attacks.

        An attack under another's name is a mistake too, but it is no false alarm.
        """
        rows = self.capture.rows
        attacks = rows.classes > BENIGN
        involved = {*rows.source[attacks].tolist(), *rows.target[attacks].tolist()}
        return {(name, pivot) for name, pivot in self.raised(thresholds) if int(pivot) not in involved}

    def _alarms(self, indices: np.ndarray, kinds: np.ndarray) -> Iterable[Alarm]:
        rows = self.capture.rows
        for at in indices:
            name = CLASSES[kinds[at]]
            pivot = rows.target[at] if name in TARGET_PIVOT else rows.source[at]
            yield Alarm(int(rows.time_us[at]), str(rows.flow[at]), name, str(pivot))


def costs(benign: Sequence[Judged], hours: float) -> dict[str, Cost]:
    """Of every attack what its thresholds cost in so many hours in which nobody attacked."""
    return {name: _cost(name, benign, hours) for name in ATTACKS}


def _cost(name: str, benign: Sequence[Judged], hours: float) -> Cost:
    kind = CLASSES.index(name)
    alarming = [one for one in benign if (one.attacks == kind).any()]
    found: Cost = []
    for threshold in (*GRID, NEVER):
        per_hour = sum(len(one.raised({name: threshold})) for one in alarming) / hours
        # Of thresholds that cost the same the least is enough.
        if not found or per_hour < found[-1][0]:
            found.append((per_hour, threshold))
        if per_hour == 0:
            break
    if found[-1][0] > 0:
        raise ValueError(f"certainty costs {found[-1][0]} incidents of {name} an hour")
    return found


def within(costs_of: Mapping[str, Cost], per_hour: float) -> dict[str, float]:
    """Thresholds that cost at most so much together, as `src/detect/budget.rs` chooses them."""
    found = {name: _affordable(cost, 0.0) for name, cost in costs_of.items()}
    for _ in found:
        share = max(0.0, per_hour - sum(price for price, _ in found.values())) / len(found)
        found = {name: _affordable(costs_of[name], price + share) for name, (price, _) in found.items()}
    return {name: threshold for name, (_, threshold) in found.items()}


def _affordable(cost: Cost, per_hour: float) -> tuple[float, float]:
    return next((price, threshold) for price, threshold in cost if price <= per_hour)
