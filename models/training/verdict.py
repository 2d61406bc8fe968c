"""What a model's answer means: the classes, the verdict on a flow, the incident rule.

Owns: the rules that training, evaluation and the engine share to the digit. Knows no file and no
network.
"""

from __future__ import annotations

from dataclasses import dataclass
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

CLASSES = (
    "benign", "scan", "dos-flood", "dos-slow", "dos-reflection", "brute-force", "web-attack",
    "beacon", "exfiltration", "lateral-movement", "exploit",
)
BENIGN = 0
SEQUENCE_LENGTH = 10

# Incidents are about the victim of these classes and about the culprit of the others.
TARGET_PIVOT = frozenset({"dos-flood", "dos-slow", "dos-reflection", "brute-force", "web-attack", "exploit"})
# One flow of these can be the whole attack, so that its second alarm is enough.
SINGLE_FLOW = frozenset({"dos-slow", "exfiltration", "beacon", "lateral-movement", "web-attack", "exploit"})
WINDOW_US = 60_000_000
FLOWS_IN_WINDOW = 3
VERDICTS_OF_ONE = 2


def rounded(scores: np.ndarray) -> np.ndarray:
    """Scores as they are before anything is decided on them."""
    return np.round(scores.astype(np.float64), 4)


@dataclass(frozen=True)
class Alarm:
    """One verdict that alarms."""

    time_us: int
    flow: str
    label: str
    pivot: str


def incidents(alarms: Iterable[Alarm]) -> set[tuple[str, str]]:
    """The (class, pivot) of every incident that these alarms, in order of time, raise."""
    raised = set()
    by_pivot: dict[tuple[str, str], list[Alarm]] = defaultdict(list)
    verdicts: dict[tuple[str, str, str], int] = defaultdict(int)
    for alarm in alarms:
        key = (alarm.label, alarm.pivot)
        recent = [one for one in by_pivot[key] if alarm.time_us - one.time_us <= WINDOW_US]
        recent.append(alarm)
        by_pivot[key] = recent
        verdicts[*key, alarm.flow] += 1
        if len({one.flow for one in recent}) >= FLOWS_IN_WINDOW:
            raised.add(key)
        elif alarm.label in SINGLE_FLOW and verdicts[*key, alarm.flow] >= VERDICTS_OF_ONE:
            raised.add(key)
    return raised
