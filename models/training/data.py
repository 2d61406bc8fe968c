"""Rows to what a training run is fed: caps, weights, and splits by origin.

Owns: which rows are trained on and how much each weighs. Refuses to put rows of one origin on both
sides of a split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import vectors
from sources import UNKNOWN, Source
from vectors import Rows
from verdict import BENIGN, CLASSES

# Of one class.
ROWS_OF_FILE = 500
ROWS_OF_ORIGIN = 4_000
# A class is not made to weigh more than so many times what its rows do by themselves.
CLASS_WEIGHT = 4.0
MIXED_WEIGHT = 0.25


@dataclass(frozen=True)
class Capture:
    """A source and its rows."""

    source: Source
    rows: Rows


@dataclass(frozen=True)
class Examples:
    """Sequences with a class and a weight; the two scopes of a row are two examples."""

    sequences: np.ndarray
    mask: np.ndarray
    classes: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)


def load(weir: Path, sources: Iterable[Source], cache: Path) -> list[Capture]:
    """The rows of every capture that holds a flow, extracted where they are not in the cache."""
    captures = (Capture(source, vectors.rows(weir, source, cache)) for source in sources)
    return [capture for capture in captures if len(capture.rows)]


def examples(captures: Iterable[Capture], rng: np.random.Generator) -> Examples:
    """The rows to train on: capped by file and origin, weighed by file and class."""
    chosen: dict[tuple[str, int], list[tuple[Capture, np.ndarray]]] = defaultdict(list)
    for capture in captures:
        for kind, rows in _known(capture, rng):
            chosen[capture.source.origin, kind].append((capture, rows))
    parts, weights = [], []
    for files in chosen.values():
        share = min(1.0, ROWS_OF_ORIGIN / sum(len(rows) for _, rows in files))
        for capture, rows in files:
            rows = _some(rows, max(1, round(share * len(rows))), rng)
            parts.append(capture.rows.take(rows))
            # A file of many rows tells more than one of few, but not as many times more.
            weight = 1.0 / np.sqrt(len(rows)) * (MIXED_WEIGHT if capture.source.mixed else 1.0)
            weights.append(np.full(len(rows), weight))
    return _flat(parts, np.concatenate(weights), CLASS_WEIGHT)


def held_back(captures: Iterable[Capture], rng: np.random.Generator) -> Examples:
    """The rows by which a run is stopped: every file weighs the same."""
    found = [(capture, rows) for capture in captures for _, rows in _known(capture, rng)]
    weights = [np.full(len(rows), 1.0 / len(rows)) for _, rows in found]
    return _flat([capture.rows.take(rows) for capture, rows in found], np.concatenate(weights), 1.0)


def _known(capture: Capture, rng: np.random.Generator) -> Iterator[tuple[int, np.ndarray]]:
    """Rows of every class of a capture, not too many of each."""
    for kind in np.unique(capture.rows.classes):
        if kind != UNKNOWN:
            yield int(kind), _some(np.flatnonzero(capture.rows.classes == kind), ROWS_OF_FILE, rng)


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _flat(parts: list[Rows], weights: np.ndarray, most: float) -> Examples:
    """Rows as examples: attacks weigh alike, but none more than `most` times its rows; benign weighs as all of them."""
    classes = np.concatenate([part.classes for part in parts])
    totals = np.bincount(classes, weights, len(CLASSES))
    factors = np.divide(totals[1:].max(), totals, out=np.zeros_like(totals), where=totals > 0)
    factors = np.minimum(factors, most)
    factors[BENIGN] = (factors * totals)[1:].sum() / totals[BENIGN]
    weights = weights * factors[classes]
    scopes = parts[0].sequences.shape[1]
    return Examples(
        sequences=np.concatenate([part.sequences.reshape(-1, *part.sequences.shape[2:]) for part in parts]),
        mask=np.concatenate([part.mask.reshape(-1, part.mask.shape[2]) for part in parts]),
        classes=np.repeat(classes, scopes),
        weights=np.repeat(weights / weights.mean(), scopes).astype(np.float32),
    )


def baseline(captures: Iterable[Capture]) -> np.ndarray:
    """The median of the vectors of benign final rows, in raw units."""
    newest = [
        capture.rows.sequences[(capture.rows.classes == BENIGN) & capture.rows.final, 0, -1]
        for capture in captures
    ]
    return np.median(np.concatenate(newest), axis=0)
