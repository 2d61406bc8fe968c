"""The rows of captures, from Weir's extractor or from what the repository keeps of the lab.

Owns: what a row is to those who train and judge, and keeping what was extracted, one file a capture. No address, port
or time is in a vector; they are kept beside it for the incident rule and for labels.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import numpy as np

import kept
from extract import extracted, features_of, vectors
from kept import NO_STEP, Kept
from sources import Source
from verdict import SEQUENCE_LENGTH

WELL_KNOWN = 1024


@dataclass(frozen=True)
class Rows:
    """The rows of a capture, in the order Weir wrote them, and the vectors that their sequences are made of."""

    # [vectors, features]; the last is all zeros, which is what `NO_STEP` finds.
    vectors: np.ndarray
    # [rows, steps], each a vector or `NO_STEP`; the newest last.
    steps: np.ndarray
    classes: np.ndarray
    final: np.ndarray
    flow: np.ndarray
    source: np.ndarray
    target: np.ndarray
    # The last packet of the flow so far.
    time_us: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def newest(self) -> np.ndarray:
        """The vector that each row is about, [rows, features]."""
        return self.vectors[self.steps[:, -1]]

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows, with all vectors."""
        own = {one.name: getattr(self, one.name)[rows] for one in fields(self) if one.name != "vectors"}
        return replace(self, **own)

    def cut(self, length: int) -> Rows:
        """The same rows with sequences of at most so many steps."""
        steps = self.steps.copy()
        steps[:, : SEQUENCE_LENGTH - length] = NO_STEP
        return replace(self, steps=steps)

    def sequences(self, rows: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of some rows the sequences, [rows, steps, features], and which steps are vectors, [rows, steps]."""
        steps = self.steps[rows]
        return self.vectors[steps], (steps != NO_STEP).astype(np.float32)


def feature_names(weir: Path, capture: Path) -> list[str]:
    """The catalogue, in order, as the extractor writes it."""
    with tempfile.TemporaryDirectory() as folder:
        return features_of(extracted(weir, capture, None, Path(folder)))


def rows(weir: Path, source: Source, cache: Path) -> Rows:
    """The rows of a capture, extracted now if they have not been by this binary."""
    if source.run:
        own = kept.read(source.path, source.run)
        return of(own, source.classes(own.labels.tolist(), np.zeros(len(own), np.int64)))
    path = cache / f"{_key(weir, source)}.npz"
    if not path.exists():
        own, ports = vectors(weir, source.path, source.labels)
        made = of(own, source.classes(own.labels.tolist(), _server_port(ports)))
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp.npz")
        np.savez(unfinished, **{one.name: getattr(made, one.name) for one in fields(Rows)})
        unfinished.rename(path)
    with np.load(path) as found:
        return Rows(*(found[one.name] for one in fields(Rows)))


def of(own: Kept, classes: np.ndarray) -> Rows:
    """The whole ones of kept rows."""
    whole = own.whole
    return Rows(
        vectors=np.concatenate([own.vectors, np.zeros_like(own.vectors[:1])]),
        steps=own.steps()[whole],
        classes=classes[whole],
        final=own.final[whole],
        flow=own.flow[whole],
        source=own.hosts[whole, 0],
        target=own.hosts[whole, 1],
        time_us=own.time_us[whole],
    )


def _key(weir: Path, source: Source) -> str:
    """What the rows depend on: the extractor, the capture, what is said of it."""
    found = hashlib.sha256(repr(source).encode() + _digest(weir))
    for path in (source.path, source.labels):
        if path:
            found.update(path.read_bytes())
    return found.hexdigest()[:24]


@cache
def _digest(weir: Path) -> bytes:
    return hashlib.sha256(weir.read_bytes()).digest()


def _server_port(ports: np.ndarray) -> np.ndarray:
    """Of each flow the side with the well-known port, else the target's."""
    source, target = ports.T
    return np.where((source < WELL_KNOWN) & (target >= WELL_KNOWN), source, target)
