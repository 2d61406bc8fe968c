"""The CLSTM: Conv1D over the steps, an LSTM, and dense layers that see the newest vector past both.

Owns: the network and its input scaling. `graph` writes the same network as ONNX, `fit` fits it.
"""

from __future__ import annotations

import torch
from torch import nn

from verdict import CLASSES

WIDTH, HIDDEN = 32, 96
CLIP = 5.0
DROPOUT = 0.2
# The columns of CICFlowMeter come first, and only they are counts, bytes and microseconds; features of the context are
# logarithms and shares already.
PLAIN = 77
# A feature that hardly moves in training must not become loud elsewhere.
LEAST_SPREAD = 0.1


def on_scale(vectors: torch.Tensor) -> torch.Tensor:
    """sign(x) · ln(1 + |x|) of what is no logarithm yet: everything on one scale."""
    plain = vectors[..., :PLAIN]
    return torch.cat([plain.sign() * (plain.abs() + 1.0).log(), vectors[..., PLAIN:]], dim=-1)


class Clstm(nn.Module):
    """Sequences of vectors to the logits of every class."""

    def __init__(self, features: int, classes: int = len(CLASSES)) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        # What logits are divided by, so that a probability is a share of those that it is said of.
        self.register_buffer("temperature", torch.ones(()))
        self.conv = nn.Conv1d(features, WIDTH, kernel_size=3, padding=1)
        self.lstm = nn.LSTM(WIDTH, WIDTH)
        self.first = nn.Linear(features + WIDTH, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.classes = nn.Linear(HIDDEN, classes)
        self.dropout = nn.Dropout(DROPOUT)

    def fit_scaling(self, vectors: torch.Tensor) -> None:
        """Takes mean and spread from vectors of training."""
        values = on_scale(vectors)
        self.mean.copy_(values.mean(dim=0))
        self.scale.copy_(1.0 / values.std(dim=0).clamp(min=LEAST_SPREAD))

    def scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        """Vectors as the layers read them."""
        return ((on_scale(vectors) - self.mean) * self.scale).clamp(-CLIP, CLIP)

    def forward(self, sequences: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The logits for sequences of vectors, [rows, steps, features]; the mask is 1 where a step is one."""
        return self.logits(self.scaled(sequences), mask) / self.temperature

    def logits(self, scaled: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The logits for sequences that are scaled, before the temperature."""
        steps = (scaled * mask.unsqueeze(2)).transpose(1, 2)
        local = self.conv(steps).relu() * mask.unsqueeze(1)
        _, (last, _) = self.lstm(local.permute(2, 0, 1))
        joined = torch.cat([scaled[:, -1], last[0]], dim=1)
        hidden = self.dropout(self.first(joined).relu())
        return self.classes(self.dropout(self.second(hidden).relu()))


def probabilities(model: Clstm, sequences: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The probability of every class, as the exported graph gives it."""
    with torch.no_grad():
        return model(sequences, mask).softmax(dim=1)
