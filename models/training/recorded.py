"""Whole runs of a recording of the lab, and what models say of them.

Owns: keeping it, one file a run and model. The repository keeps some rows of a run, because a run has many; what
happens in an hour needs all.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

import train
import vectors
from data import Capture
from extract import vectors as extracted
from fit import seeded
from judge import Judged
from model import Clstm
from settings import Settings
from sources import Source
from train import FOLD, SHIPPED, Plan
from split import TEST
from vectors import Rows

# Of a run that was judged nobody asks for the vectors any more.
COLUMNS = [one.name for one in fields(Rows) if one.name not in ("vectors", "steps")]


@dataclass(frozen=True)
class Whole:
    """A run, all its rows, and what a model that has not seen its scenario says of them."""

    source: Source
    logits: np.ndarray
    # [rows, 2], of who opened the flow and of the other side.
    ports: np.ndarray
    rows: Rows

    @cached_property
    def hours(self) -> float:
        """How long it is, from the first row to the last."""
        return float(np.ptp(self.rows.time_us)) / 3.6e9

    def judged(self, temperature: float, some: np.ndarray | slice = slice(None)) -> Judged:
        """The verdicts on some of its rows."""
        probabilities = torch.from_numpy(self.logits[some] / temperature).softmax(dim=1).numpy()
        return Judged.of(Capture(self.source, self.rows.take(some)), probabilities)


def plan_of(source: Source) -> Plan:
    """The model that has not seen a run of the lab."""
    return Plan(SHIPPED) if source.split == TEST else Plan(FOLD, str(train.fold(source.scenario)))


def is_there(place: Settings, source: Source) -> bool:
    """Whether a run was recorded."""
    return bool(source.run) and (place.recorded / f"{source.run}.pcap").exists()


def whole(place: Settings, source: Source) -> Whole:
    """A recorded run; extracted and judged now if it has not been."""
    plan = plan_of(source)
    path = place.whole_path(plan.name, source.run)
    if not path.exists():
        seeded()
        rows, ports = whole_rows(place, source)
        own = {name: getattr(rows, name) for name in COLUMNS}
        unfinished = path.with_suffix(".tmp.npz")
        np.savez(unfinished, logits=train.logits(model(place, plan), Capture(source, rows)), ports=ports, **own)
        unfinished.rename(path)
    with np.load(path) as found:
        count = len(found["classes"])
        bare = {"vectors": np.zeros((1, 0), np.float32), "steps": np.full((count, 1), -1)}
        rows = Rows(**bare, **{name: found[name] for name in COLUMNS})
        return Whole(source, found["logits"], found["ports"], rows)


def capture(place: Settings, source: Source) -> Capture:
    """A recorded run with all its vectors, extracted now."""
    return Capture(source, whole_rows(place, source)[0])


def whole_rows(place: Settings, source: Source) -> tuple[Rows, np.ndarray]:
    """All rows of a recorded run, and the ports of their flows."""
    capture = place.recorded / f"{source.run}.pcap"
    own, ports = extracted(place.weir, capture, place.recorded / f"{source.run}.labels.csv")
    return vectors.of(own, source.classes(own.labels.tolist(), np.zeros(len(own), np.int64))), ports


def model(place: Settings, plan: Plan) -> Clstm:
    """A fitted model."""
    state = torch.load(place.model_path(plan.name))
    found = Clstm(len(state["mean"]))
    found.load_state_dict(state)
    return found.eval()
