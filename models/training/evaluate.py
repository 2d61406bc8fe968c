#!/usr/bin/env python3
"""Prints what the models score on captures whose origin they have not seen; Markdown.

Owns: the tables of the model card. Needs the models and scores that `train.py` keeps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import numpy as np
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from data import Capture
from judge import ATTACKS, Incident, Judged, Thresholds, chosen
from settings import Settings, settings
from sources import DEMO
from split import TEST, TRAIN
from verdict import BENIGN, CLASSES

Trial = tuple[Judged, Thresholds]


def main() -> int:
    """Prints every table."""
    place = settings(__doc__)
    judged = [kept(capture, place) for capture in place.captures()]
    known = of_role(judged, TRAIN)
    shipped = chosen(known)
    public = list(crossed(known))
    print("## Public captures, each origin held back in turn\n")
    print(*flow_table(public), sep="\n")
    print(*file_table(public), sep="\n")
    print("## Lab runs held back, the shipped model\n")
    lab = [(one, shipped) for one in of_role(judged, TEST)]
    print(*flow_table(lab), sep="\n")
    print(*run_table(lab), sep="\n")
    print("## The bundled demo, the shipped model\n")
    print(*run_table([(one, shipped) for one in of_role(judged, DEMO)]), sep="\n")
    return 0


def kept(capture: Capture, place: Settings) -> Judged:
    """What the model that has not seen a capture says of it."""
    with np.load(place.scores_path(capture.source)) as scores:
        return Judged.of(capture, scores["probabilities"], scores["anomaly"])


def of_role(judged: Iterable[Judged], role: str) -> list[Judged]:
    """The captures of one role."""
    return [one for one in judged if one.capture.source.role == role]


def crossed(known: list[Judged]) -> Iterator[Trial]:
    """Public captures with thresholds that were chosen on every other origin."""
    for fold in sorted({one.capture.source.fold for one in known if not one.capture.source.is_lab}):
        thresholds = chosen(one for one in known if one.capture.source.fold != fold)
        yield from ((one, thresholds) for one in known if one.capture.source.fold == fold)


def final_flows(trials: Iterable[Trial]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of final flows with a known class: that class, the likeliest, the one alarmed for, the score."""
    columns = []
    for one, thresholds in trials:
        rows = one.capture.rows
        keep = rows.final & (rows.classes >= BENIGN)
        columns.append([part[keep] for part in (rows.classes, one.kinds, one.alarming(thresholds), one.scores)])
    truth, likeliest, alarmed, scores = (np.concatenate(column) for column in zip(*columns, strict=True))
    return truth, likeliest, alarmed, scores


def flow_table(trials: list[Trial]) -> Iterator[str]:
    """Precision, recall and F1 of each class: a flow is of a class if it alarms for it, else benign."""
    truth, likeliest, alarmed, scores = final_flows(trials)
    present = np.unique(truth)
    yield "| class | flows | alarms | precision | recall | F1 |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    figures = precision_recall_fscore_support(truth, alarmed, labels=range(len(CLASSES)), zero_division=0.0)
    for kind, precision, recall, f1, flows in zip(range(len(CLASSES)), *figures, strict=True):
        alarms = int((alarmed == kind).sum())
        if flows or alarms:
            measured = f"{recall:.3f} | {f1:.3f}" if flows else " | "
            yield f"| {CLASSES[kind]} | {flows:,} | {alarms:,} | {precision:.3f} | {measured} |"
    yield ""
    yield f"Macro-F1 of the {len(present)} classes there are: {macro(truth, alarmed):.3f}; "
    yield f"of the likeliest class, without thresholds: {macro(truth, likeliest):.3f}."
    benign = truth == BENIGN
    yield f"AUC of the score, attack against benign: {roc_auc_score(~benign, scores):.3f}."
    wrong = int((alarmed[benign] != BENIGN).sum())
    yield f"Benign flows that alarm: {wrong:,} of {int(benign.sum()):,} ({wrong / benign.sum():.2%}).\n"


def macro(truth: np.ndarray, found: np.ndarray) -> float:
    """The mean F1 of the classes that there are."""
    f1 = precision_recall_fscore_support(truth, found, labels=np.unique(truth), zero_division=0.0)[2]
    return float(np.mean(f1))


def file_table(trials: list[Trial]) -> Iterator[str]:
    """Files that raise an incident, by origin."""
    yield "| origin held back | benign files: raise an incident / all | attack files: raise one / of the right class / all |"
    yield "| --- | ---: | ---: |"
    totals = np.zeros(5, int)
    for origin in sorted({one.capture.source.origin for one, _ in trials}):
        counts = np.zeros(5, int)
        for one, thresholds in trials:
            if one.capture.source.origin != origin:
                continue
            raised = {name for name, _ in one.raised(thresholds)}
            if one.is_benign:
                counts += (bool(raised), 1, 0, 0, 0)
            else:
                counts += (0, 0, bool(raised), one.capture.source.kind in raised, 1)
        totals += counts
        yield file_row(origin, counts)
    yield file_row("all", totals)
    yield ""


def file_row(name: str, counts: np.ndarray) -> str:
    """A line of `file_table`."""
    return "| {} | {} / {} | {} / {} / {} |".format(name, *counts)


def run_table(trials: list[Trial]) -> Iterator[str]:
    """Incidents of every lab run against those its labels tell of."""
    yield "| run | incidents there are | found | raised beside them |"
    yield "| --- | --- | ---: | --- |"
    for one, thresholds in trials:
        truth, raised = one.truth, one.raised(thresholds)
        beside = named(raised - truth) or "none"
        name = one.capture.source.name.removeprefix("lab/")
        yield f"| {name} | {named(truth) or 'none'} | {len(truth & raised)} / {len(truth)} | {beside} |"
    yield ""
    benign = [bool(one.raised(thresholds)) for one, thresholds in trials if one.is_benign]
    attacked = [bool(one.raised(thresholds) & one.truth) for one, thresholds in trials if not one.is_benign]
    yield f"Benign runs that raise an incident: {sum(benign)} of {len(benign)}. "
    yield f"Attack runs that raise one of theirs: {sum(attacked)} of {len(attacked)}.\n"


def named(incidents: Iterable[Incident]) -> str:
    """Incidents in words."""
    by_class = sorted(name for name, _ in incidents)
    return ", ".join(f"{by_class.count(name)} {name}" for name in ATTACKS if name in by_class)


if __name__ == "__main__":
    sys.exit(main())
