"""The tables of the model card: Markdown from verdicts.

Owns: how each figure is counted. Knows no file and no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score, roc_curve

from judge import ATTACKS, Bounds, Judged
from verdict import BENIGN, CLASSES, Incident

# Of probabilities, for the calibration.
BINS = 15
# The share of benign flows that may alarm where a family is judged that nobody learnt.
ALLOWED = 0.005


def final_flows(some: Iterable[Judged], bounds: Bounds) -> tuple[np.ndarray, ...]:
    """Of final flows with a known class: that class, the likeliest, the one alarmed for, the score."""
    columns = []
    for one in some:
        rows = one.capture.rows
        keep = rows.final & (rows.classes >= BENIGN)
        columns.append([part[keep] for part in (rows.classes, one.likeliest, one.alarming(bounds), one.scores)])
    return tuple(np.concatenate(column) for column in zip(*columns, strict=True))


def flows(some: list[Judged], bounds: Bounds) -> Iterator[str]:
    """Precision, recall and F1 of each class: a flow is of a class if it alarms for it, else benign."""
    truth, likeliest, alarmed, scores = final_flows(some, bounds)
    yield "| class | flows | alarms | precision | recall | F1 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    figures = precision_recall_fscore_support(truth, alarmed, labels=range(len(CLASSES)), zero_division=0.0)
    for kind, precision, recall, f1, count in zip(range(len(CLASSES)), *figures, strict=True):
        alarms = int((alarmed == kind).sum())
        if count or alarms:
            measured = f"{recall:.3f} | {f1:.3f}" if count else " | "
            yield f"| {CLASSES[kind]} | {count:,} | {alarms:,} | {precision:.3f} | {measured} |"
    yield ""
    yield f"Macro-F1 of the {len(np.unique(truth))} classes there are: **{macro(truth, alarmed):.3f}**; "
    yield f"of the likeliest class, without thresholds: {macro(truth, likeliest):.3f}. "
    benign = truth == BENIGN
    yield f"AUC of the score, attack against benign: {roc_auc_score(~benign, scores):.3f}. "
    wrong = int((alarmed[benign] != BENIGN).sum())
    yield f"Benign flows that alarm: {wrong:,} of {int(benign.sum()):,} ({wrong / benign.sum():.2%}).\n"


def macro(truth: np.ndarray, found: np.ndarray) -> float:
    """The mean F1 of the classes that there are."""
    f1 = precision_recall_fscore_support(truth, found, labels=np.unique(truth), zero_division=0.0)[2]
    return float(np.mean(f1))


def attacks(some: list[Judged], bounds: Bounds) -> Iterator[str]:
    """Of every run its attacks: how many of their flows alarm, and the incidents."""
    yield "| run | attack: its flows that alarm / that alarm for it / all | incidents found / there are | beside them |"
    yield "| --- | --- | ---: | --- |"
    for one in some:
        rows, alarmed = one.capture.rows, one.alarming(bounds)
        parts = []
        for kind in np.unique(rows.classes[rows.classes > BENIGN]):
            own = alarmed[rows.final & (rows.classes == kind)]
            parts.append(f"{CLASSES[kind]} {(own > BENIGN).sum()} / {(own == kind).sum()} / {len(own)}")
        truth, raised = one.truth, one.raised(bounds)
        name = one.capture.source.name.removeprefix("lab/")
        beside = named(one.strays(bounds)) or "none"
        yield f"| {name} | {', '.join(parts) or 'none'} | {len(truth & raised)} / {len(truth)} | {beside} |"
    yield ""


def calibration(some: list[Judged]) -> Iterator[str]:
    """How far the score is from the share of attacks among flows that have it: the expected calibration error."""
    truth, _, _, scores = final_flows(some, Bounds())
    attacked = truth != BENIGN
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in np.unique(bins):
        own = bins == number
        error += own.mean() * abs(scores[own].mean() - attacked[own].mean())
    yield f"Expected calibration error of the score over {BINS} bins: {error:.4f}.\n"


def families(by_name: Mapping[str, list[Judged]]) -> Iterator[str]:
    """Of each class what a model that never learnt it says of it."""
    yield f"| family | flows | AUC | found at {ALLOWED:.1%} of benign flows |"
    yield "| --- | ---: | ---: | ---: |"
    figures = []
    for name, some in by_name.items():
        truth, _, _, scores = final_flows(some, Bounds())
        keep = (truth == BENIGN) | (truth == CLASSES.index(name))
        attacked = truth[keep] != BENIGN
        rates, found, _ = roc_curve(attacked, scores[keep])
        figures.append((roc_auc_score(attacked, scores[keep]), found[rates <= ALLOWED].max()))
        yield f"| {name} | {attacked.sum():,} | {figures[-1][0]:.3f} | {figures[-1][1]:.2f} |"
    (auc, found), worst = np.mean(figures, axis=0), min(figures)[0]
    yield f"\nMean AUC {auc:.3f}, worst {worst:.3f}; found at {ALLOWED:.1%}, mean {found:.2f}.\n"


def files(some: list[Judged], bounds: Bounds) -> Iterator[str]:
    """Files that raise an incident, by origin."""
    yield "| origin held back | benign files: raise an incident / all | attack files: raise one / of its class / all |"
    yield "| --- | ---: | ---: |"
    totals = np.zeros(5, int)
    for origin in sorted({one.capture.source.origin for one in some}):
        counts = np.zeros(5, int)
        for one in some:
            if one.capture.source.origin != origin:
                continue
            raised = {name for name, _ in one.raised(bounds)}
            if one.is_benign:
                counts += (bool(raised), 1, 0, 0, 0)
            else:
                counts += (0, 0, bool(raised), one.capture.source.kind in raised, 1)
        totals += counts
        yield file_row(origin, counts)
    yield file_row("all", totals)
    yield ""


def file_row(name: str, counts: np.ndarray) -> str:
    """A line of `files`."""
    return "| {} | {} / {} | {} / {} / {} |".format(name, *counts)


def named(incidents: Iterable[Incident]) -> str:
    """Incidents in words."""
    by_class = sorted(name for name, _ in incidents)
    return ", ".join(f"{by_class.count(name)} {name}" for name in ATTACKS if name in by_class)
