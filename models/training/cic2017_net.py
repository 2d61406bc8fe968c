"""The CLSTM of `model`, for the classes of CIC-IDS2017, and its fit.

Owns: the network whose newest vector goes past the LSTM, the loss, the optimiser, the averaging of weights. Refuses: to
know of files or of what is judged; how many steps are made is settled beforehand.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cic2017_flows import NO_STEP
from model import CLIP


@dataclass(frozen=True)
class Plan:
    """How a net is made. Validation chose `power`; the rest was settled beforehand."""

    width: int = 48
    dense: int = 96
    steps: int = 1000
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-2
    dropout: float = 0.2
    blind: float = 0.1
    smoothing: float = 0.005
    # Weights are averaged over the last steps, about 1 / (1 - kept) of them.
    kept: float = 0.99
    # How often a history is cut to a shorter one.
    cut: float = 0.2
    # A class is drawn in proportion to its rows to this power: 0.5 would be one over the root, 0 all alike.
    power: float = 0.25


class Scaling:
    """Mean and spread of vectors of training; raw columns by their signed logarithm, logarithms as they are."""

    def __init__(self, columns: np.ndarray, raw: int) -> None:
        self.raw = raw
        found = self._logs(columns)
        self.mean = found.mean(axis=0)
        self.scale = 1.0 / np.maximum(found.std(axis=0), 0.1)

    def _logs(self, columns: np.ndarray) -> np.ndarray:
        raw = columns[:, : self.raw]
        return np.concatenate([np.sign(raw) * np.log1p(np.abs(raw)), columns[:, self.raw :]], axis=1)

    def __call__(self, columns: np.ndarray) -> torch.Tensor:
        found = (self._logs(columns) - self.mean) * self.scale
        return torch.from_numpy(found.clip(-CLIP, CLIP).astype(np.float32))


class Network(nn.Module):
    """Scaled sequences to the logits of every class; without `sequence`, the newest vector alone."""

    def __init__(self, features: int, classes: int, plan: Plan, sequence: bool) -> None:
        super().__init__()
        self.sequence = sequence
        if sequence:
            self.conv = nn.Conv1d(features, plan.width, kernel_size=3, padding=1)
            self.lstm = nn.LSTM(plan.width, plan.width)
        self.dense = nn.Linear(features + plan.width * sequence, plan.dense)
        self.classes = nn.Linear(plan.dense, classes)
        self.blind = nn.Dropout1d(plan.blind)
        self.dropout = nn.Dropout(plan.dropout)

    def forward(self, sequences: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        steps = self.blind((sequences * mask.unsqueeze(2)).transpose(1, 2))
        joined = steps[:, :, -1]
        if self.sequence:
            local = self.conv(steps).relu() * mask.unsqueeze(1)
            _, (last, _) = self.lstm(local.permute(2, 0, 1))
            joined = torch.cat([last[0], joined], dim=1)
        return self.classes(self.dropout(self.dense(joined).relu()))


class Draws:
    """Rows to learn from, a class in proportion to a power of how many it has."""

    def __init__(self, steps: np.ndarray, classes: np.ndarray, rows: np.ndarray, plan: Plan, seed: int) -> None:
        self.steps, self.rows, self.plan = steps, rows, plan
        self.rng = np.random.default_rng(seed)
        share = np.bincount(classes[rows])[classes[rows]] ** (plan.power - 1.0)
        self.edges = np.cumsum(share / share.sum())

    def next(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows of a batch, and of each its steps in one scope."""
        size = self.plan.batch
        # Evenly spread rather than at random, so that every batch has about its share of each class.
        points = (np.arange(size) + self.rng.random(size)) / size
        drawn = self.rows[np.minimum(np.searchsorted(self.edges, points), len(self.rows) - 1)]
        own = self.steps[self.rng.integers(0, len(self.steps), size), drawn]
        longest = own.shape[1]
        kept = np.where(self.rng.random(size) < self.plan.cut, self.rng.integers(1, longest + 1, size), longest)
        return drawn, np.where(np.arange(longest) >= longest - kept[:, np.newaxis], own, NO_STEP)


def fit(vectors: torch.Tensor, steps: np.ndarray, classes: np.ndarray, rows: np.ndarray, plan: Plan, seed: int,
        sequence: bool = True) -> Network:
    """The averaged weights. `vectors` is [flows + 1, features] with zeros last, which `NO_STEP` finds; `steps` is
    [scopes, flows, steps], of which a drawn row takes one scope."""
    torch.manual_seed(seed)
    draws = Draws(steps if sequence else steps[:, :, -1:], classes, rows, plan, seed)
    model = Network(vectors.shape[1], int(classes.max()) + 1, plan, sequence).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=plan.rate, total_steps=plan.steps)
    mean = copy.deepcopy(model)
    for _ in range(plan.steps):
        drawn, own = draws.next()
        index = torch.from_numpy(own)
        optimiser.zero_grad()
        logits = model(vectors[index], (index != NO_STEP).float())
        functional.cross_entropy(
            logits, torch.from_numpy(classes[drawn]), label_smoothing=plan.smoothing).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for averaged, newest in zip(mean.parameters(), model.parameters(), strict=True):
                averaged.lerp_(newest, 1.0 - plan.kept)
    return mean.eval()


def probabilities(model: Network, vectors: torch.Tensor, steps: np.ndarray) -> np.ndarray:
    """Of every row the probability of every class, the mean over the scopes of `steps`, as Weir's verdicts are."""
    return np.mean([_of_scope(model, vectors, own if model.sequence else own[:, -1:]) for own in steps], axis=0)


def _of_scope(model: Network, vectors: torch.Tensor, steps: np.ndarray) -> np.ndarray:
    found = []
    with torch.no_grad():
        for at in range(0, len(steps), 2048):
            index = torch.from_numpy(steps[at : at + 2048])
            found.append(model(vectors[index], (index != NO_STEP).float()).softmax(dim=1).numpy())
    return np.concatenate(found)
