#!/usr/bin/env python3
"""Fits the models: one a fold of the cross-validation, and the one that is shipped.

Owns: which captures each model may see, and what each says of those it has not seen. Keeps both in
the work folder, for `evaluate.py` and `export.py`.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

import data
import fit
from data import Capture
from model import Clstm, scores
from settings import Settings, settings
from split import TRAIN

SHIPPED = "shipped"
PROCESSES = 2
BATCH = 4_096


def main() -> int:
    """Fits the model of all origins and one without each."""
    chosen = settings(__doc__)
    captures = chosen.captures()
    folds = sorted({capture.source.fold for capture in captures if capture.source.role == TRAIN})
    # Forked and not sent, so that all share the rows.
    with ProcessPoolExecutor(PROCESSES, get_context("fork"), Fold.share, (captures, chosen)) as pool:
        list(pool.map(Fold.carry_out, (SHIPPED, *folds)))
    return 0


class Fold:
    """What a process of its own does: fit without one fold, then judge that fold."""

    captures: list[Capture]
    chosen: Settings

    @classmethod
    def share(cls, captures: list[Capture], chosen: Settings) -> None:
        """What every fold needs."""
        cls.captures, cls.chosen = captures, chosen

    @classmethod
    def carry_out(cls, name: str) -> None:
        """Fits the model that holds the fold `name` back; keeps it, and what it says of what it has not seen."""
        trained = [one for one in cls.captures if one.source.role == TRAIN]
        tested = [one for one in cls.captures if one.source.role != TRAIN]
        known = [one for one in trained if one.source.fold != name]
        unseen = tested if name == SHIPPED else [one for one in trained if one.source.fold == name]
        model = fitted(name, known)
        torch.save(model.state_dict(), cls.chosen.model_path(name))
        for capture in unseen:
            np.savez(cls.chosen.scores_path(capture.source), **score(model, capture))


def fitted(name: str, captures: list[Capture]) -> Clstm:
    """A model fitted to these captures."""
    start = time.monotonic()
    rng = fit.seeded()
    training = data.examples((one for one in captures if not one.source.stops), rng)
    stopping = data.held_back((one for one in captures if one.source.stops), rng)
    print(f"{name}: {len(training)} sequences, {len(stopping)} to stop by", file=sys.stderr)
    model = fit.fit(training, stopping, name)
    print(f"{name}: fitted in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return model


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
