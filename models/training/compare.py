#!/usr/bin/env python3
"""Prints what other models make of the rows that the shipped one learns and of those that it is judged on; Markdown.

Owns: which models are compared and what is kept of each, one file a model, so that none is fitted twice. `contestants`
makes them, `comparison` has the tables. Needs the models that `train` keeps. With --families every model is also fitted
without each class of the lab, which takes nine times as long; from then on the table has those figures too.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

import comparison
import contestants
import recorded
import fit
import settings
import train
from comparison import ALONE, CLSTM, FOREST, PER_FLOW, SHUFFLED, Comparison
from contestants import Contestant, Said
from data import Capture
from settings import HERE, Settings
from split import LAB_CLASSES
from tested import tested
from train import FAMILY, PROCESSES, SHIPPED, Plan

# What a kept answer depends on, beside what every fit does.
MODULES = ("compare", "contestants", "tested")
SHOWN: dict[str, Callable[[Capture], Capture]] = {
    CLSTM: lambda judged: judged,
    ALONE: lambda judged: replace(judged, rows=judged.rows.cut(1)),
    SHUFFLED: lambda judged: replace(judged, rows=contestants.shuffled(judged.rows)),
}
# Those that take longest first.
FITTED: dict[str, Contestant] = {
    PER_FLOW: contestants.per_flow,
    "gradient boosting": contestants.boosting(contestants.newest),
    FOREST: contestants.forest(contestants.newest),
    f"{FOREST}, beside the flow the mean of its past": contestants.forest(contestants.with_past),
    f"{FOREST}, without features of the context": contestants.forest(contestants.plain),
    "thresholds": contestants.thresholds,
}


@dataclass(frozen=True)
class Task:
    """A model, and the class that it does not learn, if any."""

    name: str
    family: str = ""

    @property
    def plan(self) -> Plan:
        """The fit of `train` that learns the same."""
        return Plan(FAMILY, self.family) if self.family else Plan(SHIPPED)

    def path(self, place: Settings) -> Path:
        """Where it is kept what the model said."""
        folder = place.fits / f"compared-{digest()}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{re.sub('[^a-zA-Z]+', '-', self.name)}-{self.family or 'shipped'}.npz"


@cache
def digest() -> str:
    """Of the code that answers depend on."""
    code = b"".join((HERE / f"{name}.py").read_bytes() for name in MODULES)
    return hashlib.sha256(code).hexdigest()[:16]


def tasks(families: Iterable[str]) -> list[Task]:
    """Every model there is to ask."""
    return [Task(name, family) for family in ("", *families) for name in (*FITTED, *SHOWN)]


def answers(place: Settings, captures: list[Capture], families: Iterable[str] = ()) -> None:
    """Fits what is not there yet, two models at a time."""
    todo = [task for task in tasks(families) if not task.path(place).exists()]
    if not todo:
        return
    # Forked and not sent, so that all share the rows.
    with ProcessPoolExecutor(PROCESSES, get_context("fork"), Asker.share, (captures, place)) as pool:
        for number, task in enumerate(pool.map(Asker.carry_out, todo), 1):
            without = f" without {task.family}" if task.family else ""
            print(f"{number} of {len(todo)}: {task.name}{without} is compared", file=sys.stderr)


class Asker:
    """What a process of its own does: fit one model, then ask it."""

    captures: list[Capture]
    place: Settings
    judged: Capture

    @classmethod
    def share(cls, captures: list[Capture], place: Settings) -> None:
        """What every task needs."""
        cls.captures, cls.place, cls.judged = captures, place, tested(captures)
        # The boosting would take all cores for each of them.
        threadpool_limits(fit.THREADS)

    @classmethod
    def carry_out(cls, task: Task) -> Task:
        """Keeps what a model says."""
        said = cls.clstm(task) if task.name in SHOWN else cls.fitted(task)
        path = task.path(cls.place)
        unfinished = path.with_suffix(".tmp.npz")
        np.savez(unfinished, **asdict(said))
        unfinished.rename(path)
        return task

    @classmethod
    def fitted(cls, task: Task) -> Said:
        """Of a model that is fitted now."""
        learnt, _ = train.examples(task.plan, cls.captures)
        return FITTED[task.name](learnt, cls.judged)

    @classmethod
    def clstm(cls, task: Task) -> Said:
        """Of the model that `train` fitted."""
        seconds = json.loads(cls.place.curves_path(task.plan.name).read_text())["seconds"]
        return contestants.network(recorded.model(cls.place, task.plan), SHOWN[task.name](cls.judged), seconds)


def kept(place: Settings, task: Task) -> Said:
    """What a model said."""
    with np.load(task.path(place)) as found:
        return Said(found["likeliest"], found["scores"], float(found["seconds"]))


def section(place: Settings, captures: list[Capture]) -> Iterator[str]:
    """The tables; of families those models for which all were tried."""
    answers(place, captures)
    names = (*SHOWN, *FITTED)
    tried = [name for name in names if all(Task(name, family).path(place).exists() for family in LAB_CLASSES)]
    yield from comparison.tables(Comparison(
        judged=tested(captures).rows,
        said={name: kept(place, Task(name)) for name in names},
        families={name: {family: kept(place, Task(name, family)) for family in LAB_CLASSES} for name in tried},
    ))


def main() -> int:
    """Prints the tables."""
    parser = settings.parser(__doc__)
    parser.add_argument("--families", action="store_true", help="fit every model without each class, too")
    options = parser.parse_args()
    place = settings.of(options)
    captures = place.without_demo()
    if options.families:
        answers(place, captures, LAB_CLASSES)
    print(*section(place, captures), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
