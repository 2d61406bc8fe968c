#!/usr/bin/env python3
"""Counts what bounds cost and what they find: false incidents an hour in whole runs in which nobody attacks, and runs
with an attack of which an incident tells.

Owns: `costs.json`, with the temperature. Needs a recording of the lab, because an incident an hour shows in hours and
not in the rows that are kept; each run is judged by the model that has not seen its scenario.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

import judge
import recorded
import sources
import vectors
from judge import Bounds, Cost, Point, within
from settings import HERE, Settings, settings
from sources import Source
from split import TEST
from train import PROCESSES
from verdict import BENIGN

FILE = HERE / "costs.json"
TEMPERATURES = np.arange(0.5, 3.01, 0.05)
# False incidents an hour, as the engine allows where nobody says otherwise.
PER_HOUR = 1.0


@dataclass(frozen=True)
class Costs:
    """What is known of bounds, and from how much traffic."""

    hours: float
    runs: int
    temperature: float
    costs: dict[str, Cost]

    def bounds(self, per_hour: float) -> Bounds:
        """The bounds that cost at most so many false incidents an hour."""
        return within(self.costs, per_hour)


def main() -> int:
    """Counts, and writes the file."""
    place = settings(__doc__)
    runs = [one for one in sources.lab(place.lab) if one.split != TEST]
    temperature = fitted_temperature(place, runs)
    here = [one for one in runs if recorded.is_there(place, one)]
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        counted = list(pool.map(partial(count, place, temperature), here))
    benign = [one for one in counted if one.is_benign]
    hours = sum(one.hours for one in benign)
    costs = judge.costs([one.most for one in benign], [one.best for one in counted if not one.is_benign], hours)
    FILE.write_text(json.dumps(asdict(Costs(hours, len(benign), temperature, costs)), indent=1) + "\n")
    print(f"{hours:.2f} h in {len(benign)} runs, {len(counted) - len(benign)} with an attack; temperature {temperature:.2f}")
    return 0


@dataclass(frozen=True)
class Count:
    """Of a run what `judge` counts."""

    is_benign: bool
    hours: float
    most: dict[str, list[list[float]]]
    best: dict[str, list[float]]


def count(place: Settings, temperature: float, source: Source) -> Count:
    """Counts in one run."""
    run = recorded.whole(place, source)
    judged = run.judged(temperature)
    if judged.is_benign:
        return Count(True, run.hours, judge.most(judged), {})
    return Count(False, run.hours, {}, judge.best(judged))


def fitted_temperature(place: Settings, runs: list[Source]) -> float:
    """What logits are divided by so that the likelihood of the rows that are kept is greatest."""
    logits, classes = [], []
    for source in runs:
        rows = vectors.rows(place.weir, source, place.work / "vectors")
        known = rows.classes >= BENIGN
        logits.append(np.load(place.logits_path(recorded.plan_of(source).name, source.name))[known])
        classes.append(rows.classes[known])
    said, truth = torch.from_numpy(np.concatenate(logits)), torch.from_numpy(np.concatenate(classes))
    losses = [torch.nn.functional.cross_entropy(said / value, truth).item() for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def read(path: Path = FILE) -> Costs:
    """What was counted last."""
    found = json.loads(path.read_text())
    costs = {name: [Point(*point) for point in cost] for name, cost in found.pop("costs").items()}
    return Costs(**found, costs=costs)


if __name__ == "__main__":
    sys.exit(main())
