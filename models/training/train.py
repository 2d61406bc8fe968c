#!/usr/bin/env python3
"""Fits the models: the one that is shipped, and those that judge what it has learnt from.

Owns: which captures each model may see, and what each says of those it has not seen. Keeps both in the work folder,
for `evaluate`, `costs` and `export`; what is there is not made again.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch

import data
import fit
from data import Capture
from model import Clstm
from settings import Settings, settings
from sources import DEMO, UNKNOWN, Source
from split import LAB_CLASSES, TEST, TRAIN, VALIDATION
from verdict import CLASSES

SHIPPED, CHOSEN, FOLD, ORIGIN, FAMILY = "shipped", "chosen", "fold", "origin", "family"
FOLDS = 4
PROCESSES = 2
BATCH = 8_192


@dataclass(frozen=True)
class Plan:
    """One model: what it does not see, and what it is asked about."""

    kind: str
    part: str = ""

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.kind}-{self.part}".strip("-").replace("/", "_")

    def learns(self, source: Source) -> bool:
        """Whether it is fitted to a capture."""
        if source.split == DEMO or (source.is_lab and source.split == TEST):
            return False
        match self.kind:
            case "chosen":
                return not source.is_lab or source.split == TRAIN
            case "fold":
                return not source.is_lab or str(fold(source.scenario)) != self.part
            case "origin":
                return source.origin != self.part
        return True

    def judges(self, source: Source) -> bool:
        """Whether what it says of a capture is kept."""
        return self.kind == FAMILY and source.is_lab or not self.learns(source)

    @property
    def without(self) -> int:
        """The class that it does not learn, wherever it is."""
        return CLASSES.index(self.part) if self.kind == FAMILY else UNKNOWN


def fold(scenario: str) -> int:
    """Which part of the lab's scenarios that may be learnt from a scenario is in."""
    return hashlib.sha256(scenario.encode()).digest()[0] % FOLDS


def plans(captures: list[Capture]) -> Iterator[Plan]:
    """Every model there is to fit."""
    yield Plan(SHIPPED)
    yield Plan(CHOSEN)
    yield from (Plan(FOLD, str(number)) for number in range(FOLDS))
    yield from (Plan(ORIGIN, name) for name in sorted({one.source.origin for one in captures if one.source.is_public}))
    yield from (Plan(FAMILY, name) for name in LAB_CLASSES)


def main() -> int:
    """Fits what is not there yet, two models at a time."""
    chosen = settings(__doc__)
    captures = chosen.captures()
    todo = [plan for plan in plans(captures) if not chosen.model_path(plan.name).exists()]
    # Forked and not sent, so that all share the rows.
    with ProcessPoolExecutor(PROCESSES, get_context("fork"), Fitter.share, (captures, chosen)) as pool:
        for number, name in enumerate(pool.map(Fitter.carry_out, todo), 1):
            print(f"{number} of {len(todo)}: {name} is fitted", file=sys.stderr)
    return 0


class Fitter:
    """What a process of its own does: fit one model, then ask it."""

    captures: list[Capture]
    chosen: Settings

    @classmethod
    def share(cls, captures: list[Capture], chosen: Settings) -> None:
        """What every fit needs."""
        cls.captures, cls.chosen = captures, chosen

    @classmethod
    def carry_out(cls, plan: Plan) -> str:
        """Fits a model and keeps what it says; the model last, so that what has one is whole."""
        rows, start = examples(plan, cls.captures), time.process_time()
        fitted = fit.fit(*rows, plan.name)
        seconds = time.process_time() - start
        for capture in cls.captures:
            if plan.judges(capture.source):
                np.save(cls.chosen.logits_path(plan.name, capture.source.name), logits(fitted.model, capture))
        curves = {"learnt": fitted.learnt, "held": fitted.held, "seconds": seconds}
        cls.chosen.curves_path(plan.name).write_text(json.dumps(curves))
        torch.save(fitted.model.state_dict(), cls.chosen.model_path(plan.name))
        return plan.name


def examples(plan: Plan, captures: list[Capture]) -> tuple[data.Examples, data.Examples | None]:
    """What a model is fitted to, and what it is watched by: rows of the lab that it does not see."""
    rng = fit.seeded()
    learnt = [one for one in captures if plan.learns(one.source)]
    watched = [one for one in captures if one.source.split in (TRAIN, VALIDATION) and not plan.learns(one.source)]
    held = [one for one in watched if one.source.is_lab]
    return data.examples(learnt, rng, plan.without), data.examples(held, rng) if held else None


def logits(model: Clstm, capture: Capture) -> np.ndarray:
    """Of every row the logits of all classes, before the temperature."""
    found = []
    with torch.no_grad():
        for at in range(0, len(capture.rows), BATCH):
            sequences, mask = capture.rows.sequences(slice(at, at + BATCH))
            scaled = model.scaled(torch.from_numpy(sequences))
            found.append(model.logits(scaled, torch.from_numpy(mask)).numpy())
    return np.concatenate(found)


if __name__ == "__main__":
    sys.exit(main())
