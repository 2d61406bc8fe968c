#!/usr/bin/env python3
"""Fits the models: one a fold of the cross-validation, and the one that is shipped.

Owns: which captures each model may see, and what each says of those it has not seen. Keeps both in
the work folder, for `evaluate.py` and `export.py`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

import data
import fit
from data import Capture
from model import Clstm, scores
from settings import Settings, settings
from sources import DEMO, TRAIN

SHIPPED = "shipped"
BATCH = 4_096


def main() -> int:
    """Fits every fold, then the model of all of them."""
    chosen = settings(__doc__)
    captures = chosen.captures()
    known = [capture for capture in captures if capture.source.role == TRAIN]
    folds = sorted({capture.source.fold for capture in known})
    for fold in folds:
        model = fitted(fold, [capture for capture in known if capture.source.fold != fold], chosen)
        keep_scores(model, [capture for capture in known if capture.source.fold == fold], chosen)
    model = fitted(SHIPPED, known, chosen)
    keep_scores(model, [capture for capture in captures if capture.source.role != TRAIN], chosen)
    return 0


def fitted(name: str, captures: Iterable[Capture], chosen: Settings) -> Clstm:
    """A model fitted to these captures."""
    captures = list(captures)
    if any(capture.source.role != TRAIN for capture in captures):
        raise ValueError(f"model `{name}` would see what it is tested on")
    start = time.monotonic()
    rng = fit.seeded()
    training = data.examples((one for one in captures if not one.source.stops), rng)
    stopping = data.held_back((one for one in captures if one.source.stops), rng)
    print(f"{name}: {len(training)} sequences, {len(stopping)} to stop by", file=sys.stderr)
    model = fit.fit(training, stopping, name)
    torch.save(model.state_dict(), chosen.model_path(name))
    print(f"{name}: fitted in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return model


def keep_scores(model: Clstm, captures: Iterable[Capture], chosen: Settings) -> None:
    """What a model says of captures it has not seen."""
    for capture in captures:
        np.savez(chosen.scores_path(capture.source), **score(model, capture))


def score(model: Clstm, capture: Capture) -> dict[str, np.ndarray]:
    """Of every row the mean over its scopes of class probabilities and of the anomaly score."""
    sequences, mask = capture.rows.sequences, capture.rows.mask
    scopes = sequences.shape[1]
    flat = sequences.reshape(-1, *sequences.shape[2:]), mask.reshape(-1, mask.shape[2])
    probabilities, anomaly = [], []
    for at in range(0, len(flat[0]), BATCH):
        both = scores(model, *(torch.from_numpy(part[at : at + BATCH]) for part in flat))
        probabilities.append(both[0].numpy())
        anomaly.append(both[1].numpy())
    by_row = np.concatenate(probabilities).reshape(len(sequences), scopes, -1)
    return {
        "probabilities": by_row.mean(axis=1),
        "anomaly": np.concatenate(anomaly).reshape(len(sequences), scopes).mean(axis=1),
    }


if __name__ == "__main__":
    sys.exit(main())
