"""Rows to what a training run is fed: which rows, and how often each is drawn.

Owns: the weights. A class is drawn by the root of its rows, and what is benign four times as often as all attacks
together; within a class a file of many rows counts for more than one of few, but not as many times more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import vectors
from kept import NO_STEP
from sources import UNKNOWN, Source
from vectors import Rows
from verdict import BENIGN, CLASSES

BENIGN_SHARE = 4.0
MIXED_WEIGHT = 0.25
# Of one class and one file of the public captures, of which some are very large.
ROWS_OF_FILE = 2_000


@dataclass(frozen=True)
class Capture:
    """A source and its rows."""

    source: Source
    rows: Rows


@dataclass(frozen=True)
class Examples:
    """Rows with a class, and how they are drawn."""

    # The last is all zeros, which is what `NO_STEP` finds.
    vectors: np.ndarray
    steps: np.ndarray
    classes: np.ndarray
    # The sum of the weights up to each row; the last is 1.
    cumulated: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def drawn(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """So many rows."""
        found = np.searchsorted(self.cumulated, rng.random(count))
        return np.minimum(found, len(self.cumulated) - 1)


def load(weir: Path, sources: Iterable[Source], cache: Path) -> list[Capture]:
    """The rows of every capture that holds a flow, extracted where they are not in the cache."""
    captures = (Capture(source, vectors.rows(weir, source, cache)) for source in sources)
    return [capture for capture in captures if len(capture.rows)]


def examples(captures: Iterable[Capture], rng: np.random.Generator, without: int = UNKNOWN) -> Examples:
    """The rows of known class of captures, but for those of the class `without`."""
    found, steps, classes, weights, offset = [], [], [], [], 0
    for capture in captures:
        rows = capture.rows
        for kind in np.unique(rows.classes):
            if kind in (UNKNOWN, without):
                continue
            own = _some(np.flatnonzero(rows.classes == kind), capture.source.is_lab, rng)
            moved = rows.steps[own]
            steps.append(np.where(moved == NO_STEP, NO_STEP, moved + offset))
            classes.append(rows.classes[own])
            weight = (MIXED_WEIGHT if capture.source.mixed else 1.0) / np.sqrt(len(own))
            weights.append(np.full(len(own), weight))
        found.append(rows.vectors[:-1])
        offset += len(rows.vectors) - 1
    every = np.concatenate(classes)
    cumulated = np.cumsum(_drawn(every, np.concatenate(weights)))
    nothing = np.zeros_like(found[0][:1])
    return Examples(np.concatenate([*found, nothing]), np.concatenate(steps), every, cumulated / cumulated[-1])


def _some(rows: np.ndarray, is_all: bool, rng: np.random.Generator) -> np.ndarray:
    if is_all or len(rows) <= ROWS_OF_FILE:
        return rows
    return np.sort(rng.choice(rows, ROWS_OF_FILE, replace=False))


def _drawn(classes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights by which every class is drawn as often as it shall be."""
    shares = np.sqrt(np.bincount(classes, minlength=len(CLASSES)).astype(float))
    shares[BENIGN] = BENIGN_SHARE * shares[BENIGN + 1 :].sum()
    sums = np.bincount(classes, weights, minlength=len(CLASSES))
    return weights * (shares / np.where(sums > 0, sums, 1.0))[classes]


def baseline(captures: Iterable[Capture]) -> np.ndarray:
    """The usual value of every feature: the median over benign rows, every capture counting the same."""
    medians = [
        np.median(capture.rows.newest[capture.rows.classes == BENIGN], axis=0)
        for capture in captures
        if (capture.rows.classes == BENIGN).any()
    ]
    return np.median(np.stack(medians), axis=0)
