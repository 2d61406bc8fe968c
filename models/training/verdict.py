"""What a model's answer means: the classes, the verdict on a flow, the incident rule.

Owns: the rules that training, evaluation and the engine share to the digit. Knows no file and no
network.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

CLASSES = (
    "benign", "scan", "dos-flood", "dos-slow", "dos-reflection", "brute-force", "web-attack",
    "beacon", "exfiltration", "lateral-movement", "exploit", "unknown",
)
BENIGN = 0
# No capture has it: it is learnt from vectors that are made up.
STRANGE = CLASSES.index("unknown")
SEQUENCE_LENGTH = 10

# Incidents are about the victim of these classes and about the culprit of the others.
TARGET_PIVOT = frozenset({"dos-flood", "dos-slow", "dos-reflection", "brute-force", "web-attack", "exploit"})
# One flow of these can be the whole attack, so that its second alarm is enough, and each on it adds evidence.
SINGLE_FLOW = frozenset(
    {"dos-slow", "exfiltration", "beacon", "lateral-movement", "web-attack", "exploit", "unknown"},
)
WINDOW_US = 60_000_000
FLOWS_IN_WINDOW = 3
VERDICTS_OF_ONE = 2
# Flows that are remembered of one class and pivot.
FLOWS = 1_024
HALF_STEP = 0.5e-4

# A class, and the host that an incident of it is about.
Incident = tuple[str, str]


def rounded(scores: np.ndarray) -> np.ndarray:
    """Scores as they are before anything is decided on them."""
    return np.round(scores.astype(np.float64), 4)


def weights_of(scores: np.ndarray) -> np.ndarray:
    """The evidence in scores, in nats, as `src/detect/weight.rs` has it."""
    likely = np.clip(scores, HALF_STEP, 1.0 - HALF_STEP)
    return np.maximum(np.round(100.0 * np.log(likely / (1.0 - likely))) / 100.0, 0.0)


@dataclass(frozen=True)
class Word:
    """One verdict on a flow: what it speaks for, if it alarms."""

    time_us: int
    flow: str
    about: Incident | None
    weight: float


@dataclass
class Candidate:
    """Flows that alarmed lately for one class and pivot: of each when, the evidence, and how often in a row."""

    flows: OrderedDict[str, tuple[int, float, int]] = field(default_factory=OrderedDict)
    total: float = 0.0
    most: float = -1.0

    def take(self, flow: str) -> int:
        """Forgets a flow; how often in a row it alarmed."""
        _, weight, row = self.flows.pop(flow, (0, 0.0, 0))
        self.total -= weight
        return row

    def add(self, word: Word, row: int) -> None:
        """Takes an alarm, and forgets what is too old; notes how much evidence there is if it is of enough flows."""
        while self.flows:
            oldest, (time_us, _, _) = next(iter(self.flows.items()))
            if word.time_us - time_us <= WINDOW_US and len(self.flows) < FLOWS:
                break
            self.take(oldest)
        is_single = word.about[0] in SINGLE_FLOW
        weight = word.weight * (row if is_single else 1)
        self.flows[word.flow] = word.time_us, weight, row
        self.total += weight
        is_enough = len(self.flows) >= FLOWS_IN_WINDOW
        if is_enough or is_single and any(row >= VERDICTS_OF_ONE for _, _, row in self.flows.values()):
            # Hundredths add up without a remainder that matters, once rounded.
            self.most = max(self.most, round(self.total, 2))


def peaks(words: Iterable[Word]) -> dict[Incident, float]:
    """Of verdicts in order of time the most evidence that each class and pivot had at once, of enough flows."""
    candidates: dict[Incident, Candidate] = defaultdict(Candidate)
    standing: dict[str, Incident] = {}
    for word in words:
        before = standing.pop(word.flow, None)
        # A verdict replaces the one before it on the same flow.
        row = candidates[before].take(word.flow) if before else 0
        if word.about:
            candidates[word.about].add(word, row + 1 if before == word.about else 1)
            standing[word.flow] = word.about
    return {about: candidate.most for about, candidate in candidates.items() if candidate.most >= 0.0}
