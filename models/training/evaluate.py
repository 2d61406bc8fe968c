#!/usr/bin/env python3
"""Prints what the models say of what they have not seen; Markdown.

Owns: the order of the sections of the model card. `tables` makes each. Needs the models that `train` keeps and the
costs that `costs` counted.
"""

from __future__ import annotations

import sys

import numpy as np
import torch

import costs
import tables
from data import Capture
from judge import Judged
from settings import Settings, settings
from sources import DEMO
from split import LAB_CLASSES, TEST
from train import FAMILY, ORIGIN, SHIPPED, Plan

# False incidents an hour, as the engine allows where nobody says otherwise.
BUDGET = 4.0


def main() -> int:
    """Prints every section."""
    place, known = settings(__doc__), costs.read()
    captures = place.captures()
    bounds = known.bounds(BUDGET)

    def said(kind: str, part: str, one: Capture) -> Judged:
        return judged(place, Plan(kind, part), one, known.temperature)

    test = [said(SHIPPED, "", one) for one in captures if one.source.is_lab and one.source.split == TEST]
    public = [said(ORIGIN, one.source.origin, one) for one in captures if one.source.is_public]
    demo = [said(SHIPPED, "", one) for one in captures if one.source.split == DEMO]
    families = {name: [said(FAMILY, name, one.capture) for one in test] for name in LAB_CLASSES}
    print(f"Bounds for {BUDGET:g} false incidents an hour, counted over {known.hours:.1f} h in {known.runs} runs; from "
          "which score on a flow alarms, and from how many nats on there is an incident: "
          + ", ".join(f"{name} {bounds.scores[name]:.3f} and {weight:.0f}" for name, weight in bounds.weights.items())
          + ".\n")
    print("## The lab's test runs\n")
    print(*tables.flows(test, bounds), sep="\n")
    print(*tables.attacks(test, bounds), sep="\n")
    print(*tables.calibration(test), sep="\n")
    print("## Families that were never learnt\n")
    print(*tables.families(families), sep="\n")
    if public:
        print("## Public captures, each origin held back in turn\n")
        print(*tables.flows(public, bounds), sep="\n")
        print(*tables.files(public, bounds), sep="\n")
    print("## The bundled demo\n")
    print(*tables.attacks(demo, bounds), sep="\n")
    return 0


def judged(place: Settings, plan: Plan, capture: Capture, temperature: float) -> Judged:
    """What a model that has not seen a capture says of it."""
    logits = np.load(place.logits_path(plan.name, capture.source.name))
    return Judged.of(capture, torch.from_numpy(logits / temperature).softmax(dim=1).numpy())


if __name__ == "__main__":
    sys.exit(main())
