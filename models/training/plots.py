#!/usr/bin/env python3
"""Draws how the fits went and what the shipped model says of the lab's test runs, into the folder `plots` of the work.

Owns: which plots there are; `drawing` has their look. Needs the models that `train` keeps.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_curve

import costs
import drawing
from data import Capture
from fit import REPORTED
from settings import Settings, settings
from tables import BINS
from tested import is_tested, judged
from train import SHIPPED, Plan
from verdict import BENIGN, CLASSES

Curves = dict[str, dict[str, list[float]]]


def main() -> int:
    """Writes every plot."""
    place = settings(__doc__)
    truth, said = answers(place, place.without_demo())
    drawn = {
        "learning-curves": learning_curves(curves(place)),
        "confusion": confusion(truth, said),
        "precision-recall": precision_recall(truth, said),
        "calibration": calibration(truth != BENIGN, 1.0 - said[:, BENIGN]),
    }
    folder = place.work / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in drawn.items():
        drawing.write(figure, folder / f"{name}.svg")
        print(folder / f"{name}.svg", file=sys.stderr)
    return 0


def curves(place: Settings) -> Curves:
    """The losses of every model that was fitted."""
    paths = sorted(place.curves_path(SHIPPED).parent.glob("*.json"))
    return {path.stem: json.loads(path.read_text()) for path in paths}


def answers(place: Settings, captures: list[Capture]) -> tuple[np.ndarray, np.ndarray]:
    """Of final flows of the lab's test the class, and what the shipped model finds how likely, [flows, classes]."""
    truth, logits = [], []
    for one in filter(is_tested, captures):
        rows = judged(one.rows)
        truth.append(one.rows.classes[rows])
        logits.append(np.load(place.logits_path(Plan(SHIPPED).name, one.source.name))[rows])
    said = torch.from_numpy(np.concatenate(logits) / costs.read().temperature)
    return np.concatenate(truth), said.softmax(dim=1).numpy()


def learning_curves(found: Curves) -> Figure:
    """The loss on what is learnt, and on rows of the lab that are held back where a model has such."""
    figure, (learnt, held) = drawing.panels(1, 2, "steps", "cross-entropy, nats", size=(10.0, 4.2))
    learnt.set_title("learnt from")
    held.set_title("held back, averaged weights")
    for axes, part in ((learnt, "learnt"), (held, "held")):
        own = {name: one[part] for name, one in found.items() if one[part]}
        named = set(own) if part == "held" else {SHIPPED}
        for name, losses in own.items():
            steps = REPORTED * np.arange(1, len(losses) + 1)
            drawing.line(axes, steps, losses, strong=name in named)
        drawing.end_labels(axes, {name: own[name][-1] for name in named & set(own)})
    others = len(found) - 1
    learnt.text(0.98, 0.96, f"grey: the {others} other fits", transform=learnt.transAxes, ha="right", va="top")
    return figure


def confusion(truth: np.ndarray, said: np.ndarray) -> Figure:
    """Of each class what its flows are most likely taken for, in percent of them."""
    likeliest = said.argmax(axis=1)
    kinds = np.union1d(truth, likeliest)
    counts = confusion_matrix(truth, likeliest, labels=kinds)
    there = counts.sum(axis=1) > 0
    shares = 100.0 * counts[there] / counts[there].sum(axis=1, keepdims=True)
    figure, (axes,) = drawing.panels(1, 1, "likeliest class", "true class, its flows", size=(8.0, 6.4))
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=140.0, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if counts[there][row, column]:
            axes.text(column, row, f"{share:.0f}" if share >= 0.5 else "<1", ha="center", va="center")
    axes.set_xticks(range(len(kinds)), [CLASSES[kind] for kind in kinds], rotation=35, ha="right")
    axes.set_yticks(range(there.sum()), [f"{CLASSES[kind]}, {count:,}" for kind, count in
                                         zip(kinds[there], counts[there].sum(axis=1), strict=True)])
    axes.set_title("% of the true class's flows")
    return figure


def precision_recall(truth: np.ndarray, said: np.ndarray) -> Figure:
    """Of each attack precision by recall, against all other flows, as its probability is asked to be higher."""
    kinds = [int(kind) for kind in np.unique(truth) if kind > BENIGN]
    columns = -(-len(kinds) // 2)
    figure, panels = drawing.panels(2, columns, "recall", "precision", size=(2.4 * columns, 5.2))
    for axes, kind in zip(panels, kinds, strict=False):
        own = truth == kind
        precision, recall, _ = precision_recall_curve(own, said[:, kind])
        drawing.line(axes, recall, precision, strong=True)
        mean = average_precision_score(own, said[:, kind])
        axes.set_title(f"{CLASSES[kind]}\n{own.sum():,} flows, mean precision {mean:.2f}")
        axes.set(xlim=(0.0, 1.02), ylim=(0.0, 1.02), xticks=(0.0, 0.5, 1.0))
    for axes in panels[len(kinds):]:
        axes.set_visible(False)
    return figure


def calibration(attacked: np.ndarray, scores: np.ndarray) -> Figure:
    """How many of the flows that have a score are attacks, and how many flows have it."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    there = np.unique(bins)
    mean = [scores[bins == number].mean() for number in there]
    share = [attacked[bins == number].mean() for number in there]
    counts = [int((bins == number).sum()) for number in there]
    figure, (axes, below) = drawing.panels(2, 1, "score", "", size=(5.2, 6.4), heights=(3, 1))
    drawing.line(axes, (0.0, 1.0), (0.0, 1.0), strong=False)
    drawing.line(axes, mean, share, strong=True, marker="o")
    axes.set(ylabel="share of attacks", xlim=(0.0, 1.0), ylim=(0.0, 1.02))
    axes.text(0.3, 0.2, "as it should be", color=drawing.FAINT)
    below.bar((there + 0.5) / BINS, counts, width=0.9 / BINS, color=drawing.STRONG)
    below.set(ylabel="flows", yscale="log", xlim=(0.0, 1.0))
    return figure


if __name__ == "__main__":
    sys.exit(main())
