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
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

import judge
import sources
import train
import vectors
from data import Capture
from extract import vectors as extracted
from fit import seeded
from judge import Bounds, Cost, Judged, within
from model import Clstm
from settings import HERE, Settings, settings
from sources import Source
from split import TEST
from train import FOLD, PROCESSES, Plan
from verdict import BENIGN

FILE = HERE / "costs.json"
TEMPERATURES = np.arange(0.5, 3.01, 0.05)
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
    seeded()
    place = settings(__doc__)
    runs = [one for one in sources.lab(place.lab) if one.split != TEST]
    temperature = fitted_temperature(place, runs)
    benign = [one for one in runs if one.scenario.startswith("benign-")]
    with ProcessPoolExecutor(PROCESSES, get_context("fork")) as pool:
        judged = list(pool.map(partial(whole, place, temperature), benign))
    hours = sum(hours_of(one.capture) for one in judged)
    scores = {name: min(least, 1.0) for name, least in within(judge.score_costs(judged), SHARE).items()}
    costs = judge.weight_costs(judged, Bounds(scores), hours)
    found = Costs(hours, len(judged), temperature, scores, costs)
    FILE.write_text(json.dumps(asdict(found), indent=1) + "\n")
    print(f"{hours:.2f} h in {len(judged)} runs; temperature {temperature:.2f}")
    return 0


def plan_of(source: Source) -> Plan:
    """The model that has not seen a run of the lab."""
    return Plan(FOLD, str(train.fold(source.scenario)))


def fitted_temperature(place: Settings, runs: list[Source]) -> float:
    """What logits are divided by so that the likelihood of the rows that are kept is greatest."""
    logits, classes = [], []
    for source in runs:
        rows = vectors.rows(place.weir, source, place.work / "vectors")
        known = rows.classes >= BENIGN
        logits.append(np.load(place.logits_path(plan_of(source).name, source.name))[known])
        classes.append(rows.classes[known])
    said, truth = torch.from_numpy(np.concatenate(logits)), torch.from_numpy(np.concatenate(classes))
    losses = [torch.nn.functional.cross_entropy(said / value, truth).item() for value in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def whole(place: Settings, temperature: float, source: Source) -> Judged:
    """All rows of a run, and what the model that has not seen it says of them; without their vectors."""
    seeded()
    capture = Capture(source, whole_rows(place, source))
    logits = train.logits(model(place, plan_of(source)), capture)
    told = Capture(source, replace(capture.rows, vectors=capture.rows.vectors[:0]))
    return Judged.of(told, torch.from_numpy(logits / temperature).softmax(dim=1).numpy())


def whole_rows(place: Settings, source: Source) -> vectors.Rows:
    """All rows of a recorded run."""
    capture = place.recorded / f"{source.run}.pcap"
    own, _ = extracted(place.weir, capture, place.recorded / f"{source.run}.labels.csv")
    return vectors.of(own, source.classes(own.labels.tolist(), np.zeros(len(own), np.int64)))


def model(place: Settings, plan: Plan) -> Clstm:
    """A fitted model."""
    state = torch.load(place.model_path(plan.name))
    found = Clstm(len(state["mean"]))
    found.load_state_dict(state)
    return found.eval()


def hours_of(capture: Capture) -> float:
    """How long a capture is, from the first row to the last."""
    return float(np.ptp(capture.rows.time_us)) / 3.6e9


def read(path: Path = FILE) -> Costs:
    """What was counted last."""
    return Costs(**json.loads(path.read_text()))


if __name__ == "__main__":
    sys.exit(main())
