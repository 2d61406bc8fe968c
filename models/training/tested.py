"""The lab's test runs as one capture: their final flows whose class is known.

Owns: which flows models are compared on. Contexts stay those of the runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

import numpy as np

from data import Capture
from kept import NO_STEP
from split import TEST
from vectors import Rows
from verdict import BENIGN


def is_tested(capture: Capture) -> bool:
    """Whether it is a run of the lab that no model has learnt."""
    return capture.source.is_lab and capture.source.split == TEST


def judged(rows: Rows) -> np.ndarray:
    """Which rows the tables count: final ones of a known class."""
    return rows.final & (rows.classes >= BENIGN)


def tested(captures: Iterable[Capture]) -> Capture:
    """All that the tables of flows count, in one piece."""
    runs = [one for one in captures if is_tested(one)]
    rows = joined([one.rows.take(judged(one.rows)) for one in runs])
    return Capture(replace(runs[0].source, name="lab", run=None), rows)


def joined(parts: list[Rows]) -> Rows:
    """Rows of several captures behind each other. Numbers of flows and hosts mean nothing across them."""
    offsets = np.cumsum([0, *(len(one.vectors) - 1 for one in parts)])
    moved = [
        replace(one, vectors=one.vectors[:-1], steps=np.where(one.steps == NO_STEP, NO_STEP, one.steps + offset))
        for one, offset in zip(parts, offsets, strict=False)
    ]
    found = {one.name: np.concatenate([getattr(part, one.name) for part in moved]) for one in fields(Rows)}
    nothing = np.zeros_like(found["vectors"][:1])
    return Rows(**found | {"vectors": np.concatenate([found["vectors"], nothing])})
