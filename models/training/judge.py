"""Scores to alarms, incidents and thresholds.

Owns: the verdict on every row of a capture, what is true there, and how a threshold is chosen.
`verdict` has the rule by which alarms become incidents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from data import Capture
from verdict import BENIGN, CLASSES, TARGET_PIVOT, Alarm, incidents, rounded

ATTACKS = CLASSES[1:]
# From the least a class may alarm at to `NEVER`, which no score reaches.
GRID = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)
NEVER = 1.0
# Of benign files, the share that may raise an incident of one class.
BUDGET = 1 / 500
# Of lab runs, the share in which an attack may be called by the name of one class that it is not.
MISNAMED = 1 / 20

Thresholds = dict[str, float]
Incident = tuple[str, str]


@dataclass(frozen=True)
class Judged:
    """A capture and what a model says of each of its rows."""

    capture: Capture
    kinds: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, capture: Capture, probabilities: np.ndarray, anomaly: np.ndarray) -> Judged:
        """The verdicts, from the means over both scopes."""
        return cls(capture, rounded(probabilities).argmax(axis=1), rounded(anomaly))

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
        """The class of every row that alarms, else benign."""
        least = np.array([np.inf, *(thresholds.get(name, np.inf) for name in ATTACKS)])
        return np.where(self.scores >= least[self.kinds], self.kinds, BENIGN)

    def raised(self, thresholds: Thresholds) -> set[Incident]:
        """The incidents at these thresholds; a class without one never alarms."""
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
        involved = {*rows.source[attacks], *rows.target[attacks]}
        return {(name, pivot) for name, pivot in self.raised(thresholds) if pivot not in involved}

    def _alarms(self, indices: np.ndarray, kinds: np.ndarray) -> Iterable[Alarm]:
        rows = self.capture.rows
        for at in indices:
            name = CLASSES[kinds[at]]
            pivot = rows.target[at] if name in TARGET_PIVOT else rows.source[at]
            yield Alarm(int(rows.time_us[at]), str(rows.flow[at]), name, str(pivot))


def chosen(known: Iterable[Judged]) -> Thresholds:
    """For every class the least threshold that keeps false incidents within the budget.

    `known` are captures that the models which judged them had not seen. Of the lab's runs none may
    raise an incident about a host that has no part in an attack, and few may misname one.
    """
    known = list(known)
    public = [one for one in known if one.is_benign and not one.capture.source.is_lab]
    lab = [one for one in known if one.capture.source.is_lab]
    return {name: _least(name, public, lab) for name in ATTACKS}


def _least(name: str, public: list[Judged], lab: list[Judged]) -> float:
    kind = CLASSES.index(name)
    allowed, misnamed = BUDGET * len(public), MISNAMED * len(lab)
    public, lab = ([one for one in some if (one.kinds == kind).any()] for some in (public, lab))
    for least in GRID:
        at = {name: least}
        is_quiet = sum(bool(one.raised(at)) for one in public) <= allowed and not any(one.strays(at) for one in lab)
        if is_quiet and sum(bool(one.raised(at) - one.truth) for one in lab) <= misnamed:
            return least
    return NEVER
