#!/usr/bin/env python3
"""Counts what evidence costs: false incidents an hour, over whole runs in which nobody attacks.

Owns: `costs.json`, with the temperature and the scores from which on flows alarm. Needs a recording of the lab, because
an incident an hour shows in hours and not in the rows that are kept; each run is judged by the model that has not seen
its scenario.
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
from judge import Bounds, Cost, within
from settings import HERE, Settings, settings
from sources import Source
from split import TEST
from train import PROCESSES
from verdict import BENIGN

FILE = HERE / "costs.json"
TEMPERATURES = np.arange(0.5, 3.01, 0.05)
# False incidents an hour, as the engine allows where nobody says otherwise.
PER_HOUR = 4.0
# Of benign flows so many may alarm, over all classes.
SHARE = 0.001


@dataclass(frozen=True)
class Costs:
    """What is known of bounds, and from how much traffic."""

    hours: float
    runs: int
    temperature: float
    # From which score on a flow alarms.
    scores: dict[str, float]
    # What evidence costs, with these scores.
    costs: dict[str, Cost]

    def bounds(self, per_hour: float) -> Bounds:
        """The bounds that cost at most so many false incidents an hour."""
        return Bounds(self.scores, within(self.costs, per_hour))


def main() -> int:
    """Counts, and writes the file."""
    place = settings(__doc__)
    runs = [one for one in sources.lab(place.lab) if one.split != TEST]
    temperature = fitted_temperature(place, runs)
    benign = [one for one in runs if one.scenario.startswith("benign-")]
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        found = list(pool.map(partial(recorded.whole, place), benign))
    judged = [one.judged(temperature) for one in found]
    hours = sum(one.hours for one in found)
    scores = {name: min(least, 1.0) for name, least in within(judge.score_costs(judged), SHARE).items()}
    costs = judge.weight_costs(judged, Bounds(scores), hours)
    FILE.write_text(json.dumps(asdict(Costs(hours, len(judged), temperature, scores, costs)), indent=1) + "\n")
    print(f"{hours:.2f} h in {len(judged)} runs; temperature {temperature:.2f}")
    return 0


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
    return Costs(**json.loads(path.read_text()))


if __name__ == "__main__":
    sys.exit(main())
