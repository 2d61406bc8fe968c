"""What the CLSTM is compared with: models that learn the same rows, and see less of them or see it otherwise.

Owns: how each is made, and how many rows it is given. Knows no file; `compare` says what is learnt and what is judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

import fit
import train
from data import Capture, Examples
from fit import SEED
from kept import NO_STEP
from model import PLAIN, Clstm, on_scale
from vectors import Rows
from verdict import BENIGN, CLASSES

# Draws of rows, weighed as those of the network are, which sees seven times as many; more would take too long.
DRAWN = 60_000
TREES = 200
ROUNDS, LEAVES, PENALTY = 100, 15, 1.0


@dataclass(frozen=True)
class Said:
    """Of every row the likeliest class, and how likely any attack is; and what the fit took, in seconds of one core."""

    likeliest: np.ndarray
    scores: np.ndarray
    seconds: float

    @classmethod
    def of(cls, probabilities: np.ndarray, seconds: float) -> Said:
        """From the probability of every class, [rows, classes]."""
        return cls(probabilities.argmax(axis=1), 1.0 - probabilities[:, BENIGN].astype(np.float64), seconds)


# What is learnt from, and what is judged.
Contestant = Callable[[Examples, Capture], Said]
Columns = Callable[[np.ndarray, np.ndarray], np.ndarray]


def newest(vectors: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The flow itself, with all features."""
    return vectors[steps[:, -1]]


def plain(vectors: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The flow itself, without the features of its context."""
    return newest(vectors, steps)[:, :PLAIN]


def with_past(vectors: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The flow itself beside the mean of what was before it, of counts that of their logarithm."""
    before = steps[:, :-1]
    total = sum(on_scale(torch.from_numpy(vectors[step])).numpy() for step in before.T)
    length = np.maximum((before != NO_STEP).sum(axis=1), 1)[:, np.newaxis].astype(np.float32)
    return np.concatenate([newest(vectors, steps), total / length], axis=1)


def forest(columns: Columns) -> Contestant:
    """A random forest."""
    return _classifier(lambda: RandomForestClassifier(TREES, n_jobs=1, random_state=SEED), columns)


def boosting(columns: Columns) -> Contestant:
    """Gradient boosting."""
    return _classifier(lambda: HistGradientBoostingClassifier(
        max_iter=ROUNDS, max_leaf_nodes=LEAVES, l2_regularization=PENALTY, early_stopping=False, random_state=SEED,
    ), columns)


def _classifier(made: Callable[[], RandomForestClassifier | HistGradientBoostingClassifier],
                columns: Columns) -> Contestant:
    def said(learnt: Examples, judged: Capture) -> Said:
        rows = sample(learnt)
        start, model = time.process_time(), made()
        model.fit(columns(learnt.vectors, learnt.steps[rows]), learnt.classes[rows])
        seconds = time.process_time() - start
        probabilities = np.zeros((len(judged.rows), len(CLASSES)))
        probabilities[:, model.classes_] = model.predict_proba(columns(judged.rows.vectors, judged.rows.steps))
        return Said.of(probabilities, seconds)
    return said


def sample(learnt: Examples) -> np.ndarray:
    """Rows as they are drawn for the network, some several times: with weights the boosting takes ten times as long."""
    return learnt.drawn(fit.seeded(), DRAWN)


def per_flow(learnt: Examples, judged: Capture) -> Said:
    """The same network, fitted to sequences without a past and shown none."""
    start = time.process_time()
    fitted = fit.fit(replace(learnt, steps=alone(learnt.steps)), None, "per-flow network")
    return network(fitted.model, replace(judged, rows=judged.rows.cut(1)), time.process_time() - start)


def network(model: Clstm, judged: Capture, seconds: float) -> Said:
    """What a network says."""
    return Said.of(torch.from_numpy(train.logits(model, judged)).softmax(dim=1).numpy(), seconds)


def alone(steps: np.ndarray) -> np.ndarray:
    """Sequences of nothing but their newest step."""
    found = np.full_like(steps, NO_STEP)
    found[:, -1] = steps[:, -1]
    return found


def shuffled(rows: Rows) -> Rows:
    """The same rows, each with the past of another."""
    steps = rows.steps.copy()
    steps[:, :-1] = steps[np.random.default_rng(SEED).permutation(len(rows)), :-1]
    return replace(rows, steps=steps)


@dataclass(frozen=True)
class Rule:
    """A class is said of rows whose feature, times the sign, reaches the threshold."""

    kind: int
    feature: int
    sign: float
    threshold: float
    f1: float

    def fires(self, vectors: np.ndarray) -> np.ndarray:
        """Of which rows it is said."""
        return self.sign * vectors[:, self.feature] >= self.threshold


def thresholds(learnt: Examples, judged: Capture) -> Said:
    """For each attack the one feature and the one threshold with the best F1; of rules that fire the purest counts."""
    rows, start = sample(learnt), time.process_time()
    vectors, classes = newest(learnt.vectors, learnt.steps[rows]), learnt.classes[rows]
    rules = list(best_rules(vectors, classes).values())
    rules.sort(key=lambda one: -purity(one.fires(vectors), classes == one.kind))
    kinds = np.array([BENIGN, *(one.kind for one in rules)])
    outcomes = first_that_fires(rules, vectors)
    attacked = np.array([purity(outcomes == at, classes != BENIGN) for at in range(len(kinds))])
    seconds = time.process_time() - start
    found = first_that_fires(rules, judged.rows.newest)
    return Said(kinds[found], attacked[found], seconds)


def first_that_fires(rules: list[Rule], vectors: np.ndarray) -> np.ndarray:
    """Of each row the number of its first rule, from 1; 0 where none fires."""
    found = np.zeros(len(vectors), int)
    for number, rule in reversed(list(enumerate(rules, 1))):
        found[rule.fires(vectors)] = number
    return found


def purity(where: np.ndarray, right: np.ndarray) -> float:
    """The share of some rows that are right."""
    return float((where & right).sum() / max(where.sum(), 1))


def best_rules(vectors: np.ndarray, classes: np.ndarray) -> dict[int, Rule]:
    """Of each attack the rule with the best F1 against all other rows."""
    found: dict[int, Rule] = {}
    kinds = [int(kind) for kind in np.unique(classes) if kind != BENIGN]
    for feature in range(vectors.shape[1]):
        for sign in (1.0, -1.0):
            order = np.argsort(-sign * vectors[:, feature], kind="stable")
            values = sign * vectors[order, feature]
            # A threshold takes all rows of a value or none.
            last = np.flatnonzero(np.append(values[:-1] != values[1:], True))
            for kind in kinds:
                own = classes[order] == kind
                f1 = 2 * np.cumsum(own)[last] / (last + 1 + own.sum())
                at = int(f1.argmax())
                if kind not in found or f1[at] > found[kind].f1:
                    found[kind] = Rule(kind, feature, sign, float(values[last[at]]), float(f1[at]))
    return found
