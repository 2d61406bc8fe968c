#!/usr/bin/env python3
"""Prints what the models say of what they have not seen; Markdown.

Owns: the order of the sections of the model card. `tables` and their like make each. Needs the models that `train`
keeps and the costs that `costs` counted; what takes long is kept beside them and not done again.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

import attacked
import baseline
import compare
import costs
import invariance
import recorded
import reference
import shift
import tables
import whole
from cic2017_flows import NAME as CIC_FLOWS
from costs import Costs
from data import Capture
from judge import Bounds, Judged
from settings import HERE, Settings, settings
from sources import DEMO
from split import LAB_CLASSES, TEST
from tested import is_tested
from train import FAMILY, ORIGIN, SHIPPED, Plan

NO_DATA = "skipped: no ../shared/data\n"
NO_RECORDING = "skipped: no recording of the lab (make lab-all)\n"


@dataclass(frozen=True)
class Evaluation:
    """What every section is made of."""

    place: Settings
    captures: list[Capture]
    known: Costs

    @cached_property
    def bounds(self) -> Bounds:
        """What the budget pays for."""
        return self.known.bounds(costs.PER_HOUR)

    @property
    def is_recorded(self) -> bool:
        """Whether runs of the lab are there as they were captured."""
        return any(self.place.recorded.glob("*.pcap"))

    @cached_property
    def test(self) -> list[Judged]:
        """The shipped model on the lab's test runs."""
        return [self.said(SHIPPED, "", one) for one in self.captures if is_tested(one)]

    def said(self, kind: str, part: str, one: Capture) -> Judged:
        """What a model that has not seen a capture says of it."""
        return judged(self.place, Plan(kind, part), one, self.known.temperature)


def judged(place: Settings, plan: Plan, capture: Capture, temperature: float) -> Judged:
    """The verdicts of a model, from the logits that `train` kept."""
    logits = np.load(place.logits_path(plan.name, capture.source.name))
    return Judged.of(capture, torch.from_numpy(logits / temperature).softmax(dim=1).numpy())


def bounds(own: Evaluation) -> Iterator[str]:
    """What every table of alarms and incidents depends on."""
    yield (f"Bounds for {costs.PER_HOUR:g} false incidents an hour, counted over {own.known.hours:.1f} h in "
           f"{own.known.runs} runs: from which score on a flow alarms, and from how many nats on that is an incident: "
           + ", ".join(f"{name} {own.bounds.scores[name]:.3f} and {weight:.0f}"
                       for name, weight in own.bounds.weights.items()) + ".\n")


def lab(own: Evaluation) -> Iterator[str]:
    """Flows, runs and the calibration, on what the shipped model has not seen."""
    yield "## The lab's test runs: the rows that are kept\n"
    yield from tables.flows(own.test, own.bounds)
    yield from tables.calibration(own.test)
    yield "## The lab's test runs: all rows\n"
    runs = [recorded.whole(own.place, one.capture.source) for one in own.test
            if recorded.is_there(own.place, one.capture.source)]
    if not runs:
        yield NO_RECORDING
        return
    found = [run.judged(own.known.temperature) for run in runs]
    yield from tables.flows(found, own.bounds)
    yield from tables.calibration(found)
    yield from tables.attacks(found, own.bounds)


def families(own: Evaluation) -> Iterator[str]:
    """Each class, by a model that never learnt it."""
    yield "## Families that were never learnt\n"
    yield from tables.families({
        name: [own.said(FAMILY, name, one.capture) for one in own.test] for name in LAB_CLASSES
    })


def public(own: Evaluation) -> Iterator[str]:
    """Captures of others."""
    yield "## Public captures, each origin held back in turn\n"
    found = [own.said(ORIGIN, one.source.origin, one) for one in own.captures if one.source.is_public]
    if not found:
        yield NO_DATA
        return
    yield from tables.flows(found, own.bounds)
    yield from tables.files(found, own.bounds)


def demo(own: Evaluation) -> Iterator[str]:
    """What the bundled capture comes to."""
    yield "## The bundled demo\n"
    found = [own.said(SHIPPED, "", one) for one in own.captures if one.source.split == DEMO]
    yield from tables.attacks(found, own.bounds)


def comparisons(own: Evaluation) -> Iterator[str]:
    """Other models on the same rows."""
    yield "## Compared, on the final flows of the lab's test runs\n"
    yield from compare.section(own.place, own.captures)


def cic2017(own: Evaluation) -> Iterator[str]:
    """The same architecture on flows of CIC-IDS2017, a command of its own; what it printed is kept."""
    if not (own.place.data / CIC_FLOWS).exists():
        yield "## CIC-IDS2017, corrected\n"
        yield NO_DATA
        return
    code = hashlib.sha256((own.place.data / CIC_FLOWS).read_bytes())
    for path in (*sorted(HERE.glob("cic2017*.py")), HERE / "model.py"):
        code.update(path.read_bytes())
    path = own.place.work / f"cic2017-{code.hexdigest()[:16]}.md"
    if not path.exists():
        command = [sys.executable, HERE / "cic2017.py", "--data", own.place.data]
        path.write_text(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    yield path.read_text()


def hours(own: Evaluation) -> Iterator[str]:
    """Whole runs as the engine tells them."""
    yield "## Whole test runs\n"
    yield from whole.lines(own.place.weir, own.place.recorded, own.place.work) if own.is_recorded else [NO_RECORDING]


def local(own: Evaluation) -> Iterator[str]:
    """What knowing a network is worth."""
    yield "## A baseline\n"
    yield from baseline.lines(own.place, own.known, costs.PER_HOUR)


def distance(own: Evaluation) -> Iterator[str]:
    """What the gauge says of networks."""
    yield "## Shift\n"
    yield from shift.table(own.place, own.captures)


def invariances(own: Evaluation) -> Iterator[str]:
    """What must not change a verdict."""
    yield "## Invariances\n"
    if own.is_recorded:
        yield from invariance.lines(own.place.weir, own.place.recorded, own.place.work, [TEST])
    else:
        yield NO_RECORDING


def speed(own: Evaluation) -> Iterator[str]:
    """The model beside the reference CLSTM."""
    yield "## Speed\n"
    model = own.place.model_file
    yield from reference.lines(own.place.bench("reference"), own.place.work, model, reference.bundled())


def reasons(own: Evaluation) -> Iterator[str]:
    """Whether what is named as a reason is one."""
    yield "## Reasons\n"
    if not own.is_recorded:
        yield NO_RECORDING
        return
    captures = [run.capture for run in attacked.runs(own.place.recorded, [TEST]) if run.attacks]
    command = [own.place.bench("faithful"), *captures, "--model", own.place.model_file]
    yield subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


SECTIONS: tuple[Callable[[Evaluation], Iterator[str]], ...] = (
    bounds, lab, hours, local, families, public, demo, comparisons, reasons, distance, invariances, speed, cic2017,
)


def main() -> int:
    """Prints every section as soon as it is there."""
    place = settings(__doc__)
    own = Evaluation(place, place.captures(), costs.read())
    for number, section in enumerate(SECTIONS, 1):
        print(f"{number} of {len(SECTIONS)}: {section.__name__}", file=sys.stderr)
        print(*section(own), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
