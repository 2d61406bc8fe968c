"""Fits one CLSTM to examples.

Owns: the loss, the optimiser, the seed, how long it takes. `train` says which models are fitted.
"""

from __future__ import annotations

import copy
import sys
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from data import Examples
from kept import NO_STEP
from model import Clstm
from verdict import BENIGN, STRANGE

SEED = 20_261_125
# The matrices are too small for more to help; `train` fits two models at a time.
THREADS = 1
# More steps learn the lab by heart: what is lost on scenarios that are held back rises from about 500 on.
BATCH, STEPS = 512, 800
RATE, DECAY = 2e-3, 1e-2
# Weights are averaged over the last steps, about 1 / (1 - KEPT) of them: one step more or less must not matter.
KEPT = 0.98
# Benign rows of a batch of which a strange one is made, and how much of it is another's: what comes from nobody
# must not look benign only because no attack that was learnt looks like it.
STRANGE_ROWS, EXCHANGED = 128, (0.1, 0.7)
# How often a sequence is cut to a shorter one, as when a pair is new.
CUT = 0.3
REPORTED = 100
SCALED_ROWS = 1 << 16


@dataclass
class Fitted:
    """A model, and how it came about: the mean loss of every so many steps, and on rows held back after them."""

    model: Clstm
    learnt: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)


def seeded() -> np.random.Generator:
    """The same start for every fit."""
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    return np.random.default_rng(SEED)


def fit(training: Examples, held: Examples | None, name: str) -> Fitted:
    """The averaged weights after all steps; `held` is only looked at."""
    rng, start = seeded(), time.monotonic()
    model = Clstm(training.vectors.shape[1])
    model.fit_scaling(torch.from_numpy(training.vectors[training.steps[training.drawn(rng, SCALED_ROWS), -1]]))
    vectors = scaled(model, training.vectors)
    watched = scaled(model, held.vectors) if held else None
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=STEPS)
    mean = copy.deepcopy(model)
    fitted, losses = Fitted(mean), []
    for step in range(1, STEPS + 1):
        model.train()
        rows = training.drawn(rng, BATCH)
        steps, classes = cut(training.steps[rows], rng), training.classes[rows]
        loss = loss_of(model, vectors[steps], steps, classes, strange(vectors, steps, classes, rng))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        follow(mean, model)
        losses.append(loss.item())
        if step % REPORTED == 0:
            fitted.learnt.append(float(np.mean(losses[-REPORTED:])))
            said = f"{name}: step {step} of {STEPS}, loss {fitted.learnt[-1]:.4f}"
            if held is not None and watched is not None:
                fitted.held.append(held_loss(mean, watched, held))
                said += f", {fitted.held[-1]:.4f} on what is held back"
            print(f"{said}, {time.monotonic() - start:.0f} s", file=sys.stderr)
    mean.eval()
    return fitted


def scaled(model: Clstm, vectors: np.ndarray) -> torch.Tensor:
    """All vectors as the layers read them; the last, which stands for no step, stays at zero."""
    parts = [model.scaled(torch.from_numpy(part)) for part in np.array_split(vectors, len(vectors) // SCALED_ROWS + 1)]
    found = torch.cat(parts)
    found[NO_STEP] = 0.0
    return found


def follow(mean: Clstm, model: Clstm) -> None:
    """Moves the averaged weights towards those just reached."""
    with torch.no_grad():
        for averaged, newest in zip(mean.parameters(), model.parameters(), strict=True):
            averaged.lerp_(newest, 1.0 - KEPT)


def cut(steps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some of the sequences with fewer steps, the newest always among them."""
    rows, longest = steps.shape
    length = np.where(rng.random(rows) < CUT, rng.integers(1, longest + 1, rows), longest)
    return np.where(np.arange(longest) >= longest - length[:, np.newaxis], steps, NO_STEP)


def strange(
    vectors: torch.Tensor, steps: np.ndarray, classes: np.ndarray, rng: np.random.Generator,
) -> tuple[torch.Tensor, np.ndarray]:
    """Sequences that nobody sent, and their steps: benign ones in whose newest vector part of the features is that of
    another benign one.
    """
    benign = np.flatnonzero(classes == BENIGN)[:STRANGE_ROWS]
    sequences = vectors[steps[benign]]
    others = vectors[steps[rng.permutation(benign), -1]]
    shares = rng.uniform(*EXCHANGED, (len(benign), 1))
    exchanged = torch.from_numpy(rng.random(others.shape) < shares)
    sequences[:, -1] = torch.where(exchanged, others, sequences[:, -1])
    return sequences, steps[benign]


def loss_of(
    model: Clstm, sequences: torch.Tensor, steps: np.ndarray, classes: np.ndarray,
    made_up: tuple[torch.Tensor, np.ndarray] | None = None,
) -> torch.Tensor:
    """The cross-entropy of sequences that are scaled, and of others that are of the class `unknown`."""
    if made_up:
        sequences = torch.cat([sequences, made_up[0]])
        steps = np.concatenate([steps, made_up[1]])
        classes = np.concatenate([classes, np.full(len(made_up[1]), STRANGE)])
    mask = torch.from_numpy((steps != NO_STEP).astype(np.float32))
    return functional.cross_entropy(model.logits(sequences, mask), torch.from_numpy(classes))


def held_loss(model: Clstm, vectors: torch.Tensor, held: Examples) -> float:
    """The loss on rows that are not trained on, weighed as those that are."""
    model.eval()
    rows = held.drawn(np.random.default_rng(SEED), 16 * BATCH)
    with torch.no_grad():
        return loss_of(model, vectors[held.steps[rows]], held.steps[rows], held.classes[rows]).item()
