"""The tables of what models make of the same rows: Markdown from what each said.

Owns: the figures by which models are compared, and the sentences that follow from them. Knows no file and no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score, roc_curve

from contestants import DRAWN, Said
from kept import NO_STEP
from tables import ALLOWED, macro
from vectors import Rows
from verdict import BENIGN, CLASSES

CLSTM, ALONE, SHUFFLED = "CLSTM", "CLSTM, shown no past", "CLSTM, shown another flow's past"
PER_FLOW, FOREST = "per-flow network", "random forest"
# The share of benign flows that an operator would bear.
BORNE = 0.001


@dataclass(frozen=True)
class Comparison:
    """Rows, and what every model said of them."""

    judged: Rows
    said: Mapping[str, Said]
    # By model and class: what the model said that had not learnt the class.
    families: Mapping[str, Mapping[str, Said]]

    @property
    def truth(self) -> np.ndarray:
        """What is true of the rows."""
        return self.judged.classes

    @property
    def with_past(self) -> np.ndarray:
        """Which rows have anything before them."""
        return (self.judged.steps[:, :-1] != NO_STEP).any(axis=1)

    def macro(self, name: str, where: np.ndarray | None = None) -> float:
        """Macro-F1 of a model's likeliest classes, over some of the rows."""
        rows = np.ones(len(self.truth), bool) if where is None else where
        return macro(self.truth[rows], self.said[name].likeliest[rows])

    def auc(self, name: str) -> float:
        """How well a model's score tells attacks from what is benign."""
        return float(roc_auc_score(self.truth != BENIGN, self.said[name].scores))

    def found(self, name: str) -> float:
        """The share of attacks above all but so many benign flows."""
        return found_at(self.truth != BENIGN, self.said[name].scores, BORNE)

    def without(self, name: str) -> tuple[float, float]:
        """Of classes that a model had not learnt the mean AUC, and the mean share that is found."""
        figures = []
        for family, said in self.families[name].items():
            keep = (self.truth == BENIGN) | (self.truth == CLASSES.index(family))
            attacked, scores = self.truth[keep] != BENIGN, said.scores[keep]
            figures.append((roc_auc_score(attacked, scores), found_at(attacked, scores, ALLOWED)))
        auc, found = np.mean(figures, axis=0)
        return float(auc), float(found)


def found_at(attacked: np.ndarray, scores: np.ndarray, share: float) -> float:
    """The share of attacks that score higher than all but this share of benign flows."""
    rates, found, _ = roc_curve(attacked, scores)
    return float(found[rates <= share].max())


def tables(one: Comparison) -> Iterator[str]:
    """Everything there is to print."""
    yield from models(one)
    yield from sentences(one)
    yield from classes(one)


def models(one: Comparison) -> Iterator[str]:
    """A line a model."""
    families = ("mean AUC of families not learnt", f"found at {ALLOWED:.1%}") if one.families else ()
    columns = ("macro-F1", "AUC", f"attacks found at {BORNE:.1%} of benign flows", "fit, s of a core", *families)
    yield f"| model | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"
    for name, said in one.said.items():
        figures = [f"{one.macro(name):.3f}", f"{one.auc(name):.3f}", f"{one.found(name):.3f}", f"{said.seconds:.0f}"]
        if one.families:
            figures += [f"{figure:.3f}" for figure in one.without(name)] if name in one.families else ["", ""]
        yield f"| {name} | {' | '.join(figures)} |"
    yield ""
    yield "Macro-F1 is that of the likeliest class, without thresholds. All learn the rows that the shipped model"
    yield f"learns, all but the networks {DRAWN:,} draws of them by the same weights, and see the flow alone unless the"
    yield "line says more; every vector has features of its context, though. Scores are compared as they come, without"
    yield "temperature and rounding."
    yield "*Thresholds*: of each attack the one feature and the one value of it that have the best F1 against all other"
    yield "rows that are learnt; where several are reached, the one that is right there most often counts.\n"


def sentences(one: Comparison) -> Iterator[str]:
    """What the figures say of the past of a flow."""
    ours, theirs, past = one.macro(CLSTM), one.macro(PER_FLOW), one.with_past
    beats = "beats" if ours > theirs else "does not beat"
    yield f"**By macro-F1 the sequence {beats} the single flow**: {ours:.3f} against {theirs:.3f} of the same network"
    yield f"fitted without a past ({ours - theirs:+.3f}); of attacks {one.found(CLSTM):.1%} are found against"
    yield f"{one.found(PER_FLOW):.1%}. {past.mean():.0%} of the judged flows have a past; among these it is"
    yield f"{one.macro(CLSTM, past):.3f} against {one.macro(PER_FLOW, past):.3f}. Shown no past, the CLSTM has"
    yield f"{one.macro(ALONE):.3f}, shown another flow's {one.macro(SHUFFLED):.3f}."
    best = max((name for name in one.said if name not in (CLSTM, ALONE, SHUFFLED)), key=one.macro)
    more = "more than" if one.macro(best) > ours else "no more than"
    yield f"Of the other models *{best}* has the best macro-F1: {one.macro(best):.3f}, {more} the CLSTM.\n"


def classes(one: Comparison) -> Iterator[str]:
    """F1 of each class."""
    names = (CLSTM, ALONE, SHUFFLED, PER_FLOW, FOREST)
    yield f"| class: F1 | flows | with a past | {' | '.join(names)} |"
    yield f"| --- |{' ---: |' * (2 + len(names))}"
    for kind in np.unique(one.truth):
        own = one.truth == kind
        scores = (f1_score(own, one.said[name].likeliest == kind) for name in names)
        told = " | ".join(f"{score:.3f}" for score in scores)
        yield f"| {CLASSES[kind]} | {own.sum():,} | {one.with_past[own].mean():.0%} | {told} |"
    yield ""
