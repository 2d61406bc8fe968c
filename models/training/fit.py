"""Fits one CLSTM to examples, and stops when held-back files no longer gain.

Owns: the loss, the optimiser, the seed, early stopping. `train.py` says which models are fitted.
"""

from __future__ import annotations

import copy
import sys
import time

import numpy as np
import torch
from torch.nn import functional

from data import Examples
from model import Clstm
from verdict import BENIGN

SEED = 20_261_125
# The matrices are too small for more to help; `train.py` fits two models at a time.
THREADS = 1
BATCH = 512
RATE = 1.5e-3
DECAY = 1e-2
MOST_EPOCHS = 6
PATIENCE = 2
SMOOTHING = 0.05
# Weights are averaged over the last steps, about 1 / (1 - KEPT) of them: one step more or less must not matter.
KEPT = 0.995
# How often a sequence is cut to a shorter one, as when a server or a pair is new.
CUT = 0.3


def seeded() -> np.random.Generator:
    """The same start for every fit."""
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    return np.random.default_rng(SEED)


def fit(training: Examples, stopping: Examples, name: str) -> Clstm:
    """The averaged weights of the epoch with the least loss on `stopping`."""
    rng = seeded()
    newest = torch.from_numpy(training.sequences[:, -1])
    model = Clstm(newest.shape[1])
    model.fit_scaling(newest)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    steps = MOST_EPOCHS * (len(training) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps)
    mean = copy.deepcopy(model)
    best, best_loss, waited = mean, float("inf"), 0
    for epoch in range(MOST_EPOCHS):
        start = time.monotonic()
        model.train()
        order = rng.permutation(len(training))
        for at in range(0, len(order), BATCH):
            rows = order[at : at + BATCH]
            optimiser.zero_grad()
            batch_loss(model, training, rows, cut(training.mask[rows], rng)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            follow(mean, model)
        loss = mean_loss(mean, stopping)
        took = time.monotonic() - start
        print(f"{name}: epoch {epoch + 1}, loss {loss:.4f} on files held back, {took:.0f} s", file=sys.stderr)
        if loss < best_loss:
            best, best_loss, waited = copy.deepcopy(mean), loss, 0
            continue
        waited += 1
        if waited == PATIENCE:
            break
    return best.eval()


def follow(mean: Clstm, model: Clstm) -> None:
    """Moves the averaged weights towards those just reached."""
    with torch.no_grad():
        for averaged, newest in zip(mean.parameters(), model.parameters(), strict=True):
            averaged.lerp_(newest, 1.0 - KEPT)


def cut(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some of the masks with fewer steps, the newest always among them."""
    longest = np.where(rng.random(len(mask)) < CUT, rng.integers(1, mask.shape[1] + 1, len(mask)), mask.shape[1])
    kept = np.arange(mask.shape[1]) >= mask.shape[1] - longest[:, np.newaxis]
    return mask * kept.astype(np.float32)


def batch_loss(model: Clstm, batch: Examples, rows: np.ndarray, mask: np.ndarray) -> torch.Tensor:
    """Weighted cross-entropy of the class, and of attack against benign."""
    sequences, classes, weights = (
        torch.from_numpy(column[rows]) for column in (batch.sequences, batch.classes, batch.weights)
    )
    logits, anomaly = model(sequences, torch.from_numpy(mask))
    attack = (classes != BENIGN).float() * (1.0 - SMOOTHING) + SMOOTHING / 2
    by_class = functional.cross_entropy(logits, classes, reduction="none", label_smoothing=SMOOTHING)
    by_attack = functional.binary_cross_entropy_with_logits(anomaly, attack, reduction="none")
    return (weights * (by_class + by_attack)).mean()


def mean_loss(model: Clstm, held: Examples) -> float:
    """The loss on what is not trained on."""
    model.eval()
    parts = np.array_split(np.arange(len(held)), len(held) // BATCH + 1)
    with torch.no_grad():
        losses = [batch_loss(model, held, rows, held.mask[rows]).item() for rows in parts]
    return float(np.average(losses, weights=[len(rows) for rows in parts]))
