#!/usr/bin/env python3
"""Prints what forests and the CLSTM make of flows of CIC-IDS2017 that came later than what they learnt from; Markdown.

Owns: which models are compared, the tables. Refuses: to choose anything by the rows of the test; `--validate` compares
the same models within the training part and leaves those rows out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import precision_recall_fscore_support

import cic2017_flows as flows_of
import cic2017_net as net
from cic2017_flows import HISTORY, NO_STEP, SCOPES, SERVICE, SOURCE, TARGET, Flows

REPOSITORY = Path(__file__).resolve().parents[2]
SEED = 20_261_125
SEEDS = (SEED, SEED + 1, SEED + 2)
TREES = 200
# Draws of test rows behind an interval.
DRAWS = 1000
FOREST, BOOSTING, PER_FLOW, CLSTM = "random forest", "HistGradientBoosting", "per-flow network", "CLSTM"
PLAN = net.Plan()
# Validation's choice. Gaps and counts are left out of the model that is judged whatever they score: see `CAVEATS`.
CHOSEN_SCOPES = (SOURCE,)
AS_IS, ALONE, SHUFFLED, OTHERS, TEST_ONLY = "as is", "alone", "shuffled", "another flow's past", "test rows alone"


@dataclass(frozen=True)
class Model:
    """One line of the comparison."""

    kind: str
    counts: bool = False
    # Whether the mean of the nine flows before stands beside the flow; of the forest.
    past: bool = False
    scopes: tuple[str, ...] = CHOSEN_SCOPES
    context: str = AS_IS
    seed: int = SEED

    @property
    def name(self) -> str:
        """As the table has it."""
        also = [note for note, is_so in (("mean of its past", self.past), ("gaps and counts", self.counts)) if is_so]
        inputs = "flow columns" + "".join(f" + {note}" for note in also)
        if self.kind != CLSTM:
            return f"{self.kind}: {inputs}"
        told = {AS_IS: "", ALONE: ", context length 1", SHUFFLED: ", contexts shuffled"}[self.context]
        return f"CLSTM, {' and '.join(self.scopes)}: {inputs}{told}"


@dataclass(frozen=True)
class Trial:
    """Rows learnt from and rows judged, with what each may look back at."""

    flows: Flows
    learnt: np.ndarray
    judged: np.ndarray
    # Of each scope [flows, steps].
    steps: dict[str, np.ndarray]
    counts: np.ndarray

    @classmethod
    def of(cls, flows: Flows, learnt: np.ndarray, judged: np.ndarray) -> Trial:
        """Rows learnt from look back at such rows alone, judged ones at both."""
        both = learnt | judged
        choice = learnt[:, np.newaxis]
        steps = {
            scope: np.where(choice, flows_of.past(flows, scope, learnt), flows_of.past(flows, scope, both))
            for scope in SCOPES
        }
        counts = np.where(choice, flows_of.counts(flows, learnt), flows_of.counts(flows, both))
        gaps = [flows_of.gaps(flows, steps[scope]) for scope in SCOPES]
        counts = np.concatenate([counts, *gaps], axis=1)
        return cls(flows, np.flatnonzero(learnt), np.flatnonzero(judged), steps, counts)

    @property
    def truth(self) -> np.ndarray:
        """The classes of the judged rows."""
        return self.flows.classes[self.judged]

    def columns(self, model: Model) -> np.ndarray:
        """What a model sees of each flow."""
        parts = [self.flows.columns]
        if model.past:
            padded = np.concatenate([_logs(self.flows.columns), np.zeros_like(parts[0][:1])])
            for scope in model.scopes:
                before = self.steps[scope][:, :HISTORY]
                total = sum(padded[step] for step in before.T)
                parts.append(total / np.maximum((before != NO_STEP).sum(axis=1), 1)[:, np.newaxis])
        return np.concatenate([*parts, self.counts] if model.counts else parts, axis=1)

    def sequences(self, model: Model, context: str) -> np.ndarray:
        """The steps of a model's scopes, [scopes, flows, steps]."""
        steps = np.stack([self.steps[scope] for scope in model.scopes])
        if context == ALONE:
            steps[:, :, :HISTORY] = NO_STEP
        if context == TEST_ONLY:
            is_judged = np.zeros(len(self.flows) + 1, bool)
            is_judged[self.judged] = True
            steps[~is_judged[steps]] = NO_STEP
        if context in (SHUFFLED, OTHERS):
            rng = np.random.default_rng(SEED)
            for rows in (self.learnt, self.judged):
                steps[:, rows, :HISTORY] = steps[:, rng.permutation(rows), :HISTORY]
        return steps


Answers = dict[str, np.ndarray]


def _logs(columns: np.ndarray) -> np.ndarray:
    return np.sign(columns) * np.log1p(np.abs(columns))


def answers(trial: Trial, model: Model) -> Answers:
    """The classes a model gives the judged rows, fitted to those learnt from; by what it is shown as their past."""
    columns, classes = trial.columns(model), trial.flows.classes
    if model.kind in (FOREST, BOOSTING):
        made = RandomForestClassifier(TREES, random_state=model.seed, n_jobs=1) if model.kind == FOREST else (
            # Without the penalty and the weights, the leaves of classes of a dozen rows run away.
            HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, l2_regularization=1.0,
                                           class_weight="balanced", early_stopping=False, random_state=model.seed))
        made.fit(columns[trial.learnt], classes[trial.learnt])
        return {AS_IS: made.predict(columns[trial.judged])}
    scaled = net.Scaling(columns[trial.learnt], trial.flows.columns.shape[1])(columns)
    vectors = torch.cat([scaled, torch.zeros(1, scaled.shape[1])])
    is_sequence = model.kind == CLSTM
    steps = trial.sequences(model, model.context if is_sequence else ALONE)
    fitted = net.fit(vectors, steps, classes, trial.learnt, PLAN, model.seed, is_sequence)
    shown = {AS_IS: steps}
    if is_sequence and model.context == AS_IS:
        shown |= {context: trial.sequences(model, context) for context in (ALONE, OTHERS, TEST_ONLY)}
    return {
        context: net.probabilities(fitted, vectors, own[:, trial.judged]).argmax(axis=1)
        for context, own in shown.items()
    }


def lines() -> list[Model]:
    """The models that are compared: the chosen one and the per-flow network with three seeds, all else with one."""
    return [
        *(Model(CLSTM, seed=seed) for seed in SEEDS),
        Model(FOREST), Model(FOREST, counts=True), Model(FOREST, past=True),
        Model(CLSTM, counts=True),
        Model(CLSTM, context=SHUFFLED), Model(CLSTM, context=ALONE),
        *(Model(PER_FLOW, seed=seed) for seed in SEEDS), Model(PER_FLOW, counts=True),
        *(Model(CLSTM, scopes=(scope,)) for scope in (SERVICE, TARGET)),
        Model(BOOSTING), Model(BOOSTING, counts=True),
    ]


def f1_of(trial: Trial, found: np.ndarray) -> float:
    """Macro-F1 of the classes that there are."""
    present = np.unique(trial.truth)
    return float(np.mean(precision_recall_fscore_support(trial.truth, found, labels=present, zero_division=0.0)[2]))


# The trial, in every process of the pool.
shared: dict[str, Trial] = {}


def _begin() -> None:
    torch.set_num_threads(1)


def _task(model: Model) -> Answers:
    found = answers(shared["trial"], model)
    print(f"{model.name}, seed {model.seed}: {f1_of(shared['trial'], found[AS_IS]):.4f}", file=sys.stderr)
    return found


def compared(trial: Trial, models: list[Model], jobs: int) -> dict[Model, Answers]:
    """What every model answers; some at a time."""
    shared["trial"] = trial
    # Forked, so that no process has to read the file again.
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin) as pool:
        return dict(zip(models, pool.map(_task, models), strict=True))


def table(trial: Trial, found: dict[Model, Answers]) -> Iterator[str]:
    """Macro-F1 of every model."""
    yield "| model | macro-F1 | by seed | rows wrong |"
    yield "| --- | ---: | --- | ---: |"
    by_name: dict[str, list[Answers]] = {}
    for model, answer in found.items():
        by_name.setdefault(model.name, []).append(answer)
    for name, seeds in by_name.items():
        yield _line(trial, name, [one[AS_IS] for one in seeds])
        if OTHERS in seeds[0] and name == Model(CLSTM).name:
            for context, told in ((OTHERS, "the same nets, shown another flow's past"),
                                  (ALONE, "the same nets, shown no past"),
                                  (TEST_ONLY, "the same nets, shown no row learnt from")):
                yield _line(trial, f"{name}; {told}", [one[context] for one in seeds])
    yield ""


def _line(trial: Trial, name: str, seeds: list[np.ndarray]) -> str:
    scores = [f1_of(trial, one) for one in seeds]
    wrong = np.mean([(one != trial.truth).sum() for one in seeds])
    by_seed = " ".join(f"{score:.4f}" for score in scores) if len(scores) > 1 else ""
    return f"| {name} | {np.mean(scores):.4f} | {by_seed} | {wrong:,.0f} |"


def class_table(trial: Trial, first: np.ndarray, second: np.ndarray) -> Iterator[str]:
    """Precision, recall and F1 of each class, of two models."""
    labels = range(len(trial.flows.labels))
    learnt = np.bincount(trial.flows.classes[trial.learnt], minlength=len(labels))
    figures = [precision_recall_fscore_support(trial.truth, one, labels=labels, zero_division=0.0)
               for one in (first, second)]
    yield "| class | learnt from | judged | CLSTM precision | recall | F1 | forest precision | recall | F1 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for kind in labels:
        told = " | ".join(f"{column[kind]:.3f}" for one in figures for column in one[:3])
        yield f"| {trial.flows.labels[kind]} | {learnt[kind]:,} | {figures[0][3][kind]:,} | {told} |"
    yield ""


def interval(trial: Trial, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of rows drawn anew within each class 95 % of the macro-F1 of the first, and of its lead over the second."""
    rng = np.random.default_rng(SEED)
    kinds = len(trial.flows.labels)
    by_class = [np.flatnonzero(trial.truth == kind) for kind in np.unique(trial.truth)]
    scores = []
    for _ in range(DRAWS):
        rows = np.concatenate([rng.choice(own, len(own)) for own in by_class])
        scores.append([_macro(trial.truth[rows], one[rows], kinds) for one in (first, second)])
    ours, theirs = np.array(scores).T
    return np.percentile(ours, [2.5, 97.5]), np.percentile(ours - theirs, [2.5, 97.5])


def _macro(truth: np.ndarray, found: np.ndarray, kinds: int) -> float:
    """As `f1_of`, of many draws in less time."""
    right = np.bincount(truth[truth == found], minlength=kinds)
    there, said = np.bincount(truth, minlength=kinds), np.bincount(found, minlength=kinds)
    return float(np.mean(2 * right[there > 0] / (there + said)[there > 0]))


def purity(trial: Trial) -> Iterator[str]:
    """How much of what judged rows look back at is of their own class. Labels are looked at here alone."""
    classes = np.append(trial.flows.classes, -1)
    yield "What a past is made of, by labels that no model sees. The last column is the macro-F1 of an oracle that"
    yield "repeats the label of the flow before.\n"
    yield "| scope | judged rows with a past | flows of it that are of the row's class | the label before |"
    yield "| --- | ---: | ---: | ---: |"
    for scope in SCOPES:
        before = trial.steps[scope][trial.judged, :HISTORY]
        there = before != NO_STEP
        same = (classes[before] == trial.truth[:, np.newaxis])[there].mean()
        last = classes[before[:, -1]]
        yield f"| {scope} | {there.any(axis=1).mean():.1%} | {same:.1%} | {f1_of(trial, last):.3f} |"
    yield ""


def report(trial: Trial, found: dict[Model, Answers]) -> Iterable[str]:
    """Everything there is to print."""
    yield f"{len(trial.learnt):,} flows learnt from, {len(trial.judged):,} judged, {len(trial.flows.labels)} classes."
    yield f"Seed {SEED}; where there are three seeds, {', '.join(map(str, SEEDS))}, each is a net of its own and the"
    yield "first column is the mean of their macro-F1. Destination port, addresses and times of day are no features.\n"
    yield from table(trial, found)
    model = Model(CLSTM)
    chosen, forest = found[model][AS_IS], found[Model(FOREST)][AS_IS]
    own, lead = interval(trial, chosen, forest)
    yield f"Chosen by validation: {model.name}. Seed {SEED}: {f1_of(trial, chosen):.4f};"
    yield f"95 % of the time between {own[0]:.3f} and {own[1]:.3f} when rows are drawn anew within each class, its lead"
    yield f"over the forest of flow columns then between {lead[0]:+.3f} and {lead[1]:+.3f}.\n"
    yield from class_table(trial, chosen, forest)
    yield from purity(trial)
    yield from CAVEATS


CAVEATS = (
    "What to doubt:",
    "- BENIGN (0.5 %), DDoS, Hulk, GoldenEye and the port scans are random samples, the other classes are complete.",
    "  Gaps and counts are therefore not comparable between classes: a benign server looks 200 times quieter than it",
    "  was. Whatever lines with gaps and counts gain over those without may be that artefact, in part or in whole.",
    "- The lines without gaps and counts are not free of it: with 199 of 200 benign flows gone, the past of an attack",
    "  holds fewer benign flows than a sensor would have seen. The table above says how pure a past is.",
    "- The attacks of this data come in blocks, one tool at a time and mostly from one address, and the test is the",
    "  end of the block that training saw the start of. A past tells in which block a flow is. That is what context is",
    "  for, and it is easier here than elsewhere; these figures say nothing of other networks, tools or days.",
    "- A lead over the forest of flow columns is no lead of the architecture: forests that see as much of the past, by",
    "  its mean or by gaps and counts, are in the table too.",
    "- Four classes have 4 to 11 rows in the test and weigh a quarter of the macro-F1: one row is up to 0.016 of it.",
)


def main() -> int:
    """Prints every table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=REPOSITORY.parent / "shared" / "data", help="folder of flows/")
    parser.add_argument("--jobs", type=int, default=2, help="models at a time")
    parser.add_argument("--validate", action="store_true", help="the last 30 %% of the training part, not the test")
    options = parser.parse_args()
    path = options.data / flows_of.NAME
    if not path.exists():
        print("skipped: no ../shared/data")
        return 0
    _begin()
    flows = flows_of.read(path)
    learnt = flows.first(np.ones(len(flows), bool), flows_of.LEARNT)
    judged = ~learnt
    told = "the first 70 % of each class by time against the rest"
    if options.validate:
        told = "within the training part, its first 70 % of each class by time against the rest of it"
        fitted = flows.first(learnt, flows_of.LEARNT)
        learnt, judged = fitted, learnt & ~fitted
    trial = Trial.of(flows, learnt, judged)
    print(f"## CIC-IDS2017, corrected: {told}\n", flush=True)
    print(*report(trial, compared(trial, lines(), options.jobs)), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
