"""Rows to what a training run is fed: caps, weights, and splits by origin.

Owns: which rows are trained on and how much each weighs. Refuses to put rows of one origin on both
sides of a split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import vectors
from sources import UNKNOWN, Source
from vectors import Rows
from verdict import BENIGN, CLASSES

ROWS_OF_FILE = 1_500
ROWS_OF_ORIGIN = 8_000
# A class is not made to weigh more than so many times what its rows do by themselves.
CLASS_WEIGHT = 20.0
MIXED_WEIGHT = 0.5


@dataclass(frozen=True)
class Capture:
    """A source and its rows."""

    source: Source
    rows: Rows


@dataclass(frozen=True)
class Batchable:
    """Sequences with a class and a weight; the two scopes of a row are two examples."""

    sequences: np.ndarray
    mask: np.ndarray
    classes: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)


def load(weir: Path, sources: Iterable[Source], cache: Path) -> list[Capture]:
    """Every capture's rows, extracted where they are not in the cache."""
    return [Capture(source, vectors.rows(weir, source, cache)) for source in sources]


def fold(source: Source) -> str:
    """The part of the cross-validation that holds this source back: its origin.

    The lab's runs are many small origins; they are held back in two halves, even and odd.
    """
    if source.is_lab:
        return "lab/" + ("odd" if sum(source.name.encode()) % 2 else "even")
    return source.origin


def stopping(source: Source) -> bool:
    """Whether a file is kept from the gradient to say when to stop: one in eight, by name."""
    return sum(source.name.encode()) % 8 == 0


def examples(captures: Iterable[Capture], rng: np.random.Generator) -> Batchable:
    """The rows to train on: capped by file and origin, weighed by file and class."""
    chosen: dict[tuple[str, int], list[tuple[Capture, np.ndarray]]] = defaultdict(list)
    for capture in captures:
        for kind in np.unique(capture.rows.classes):
            if kind == UNKNOWN:
                continue
            rows = np.flatnonzero(capture.rows.classes == kind)
            chosen[_group(capture.source), int(kind)].append((capture, _some(rows, ROWS_OF_FILE, rng)))
    parts, weights = [], []
    for files in chosen.values():
        share = min(1.0, ROWS_OF_ORIGIN / sum(len(rows) for _, rows in files))
        for capture, rows in files:
            rows = _some(rows, max(1, round(share * len(rows))), rng)
            parts.append(capture.rows.take(rows))
            # A file of many rows tells more than one of few, but not as many times more.
            weight = 1.0 / np.sqrt(len(rows)) * (MIXED_WEIGHT if capture.source.mixed else 1.0)
            weights.append(np.full(len(rows), weight, np.float32))
    return _flat(parts, np.concatenate(weights))


def _group(source: Source) -> str:
    return "lab" if source.is_lab else source.origin


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _flat(parts: list[Rows], weights: np.ndarray) -> Batchable:
    classes = np.concatenate([part.classes for part in parts])
    weights = weights / weights.mean()
    totals = np.bincount(classes, weights, len(CLASSES))
    wanted = totals.sum() / np.count_nonzero(totals)
    factors = np.divide(wanted, totals, out=np.zeros_like(totals), where=totals > 0)
    weights = weights * np.minimum(factors, CLASS_WEIGHT)[classes]
    scopes = parts[0].sequences.shape[1]
    return Batchable(
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
