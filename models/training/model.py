"""The CLSTM: Conv1D over the steps, an LSTM, two dense heads.

Owns: the network and its input scaling. `graph` writes the same network as ONNX, `train` fits it.
"""

from __future__ import annotations

import torch
from torch import nn

from verdict import CLASSES

WIDTH = 48
CLIP = 5.0


def signed_log(values: torch.Tensor) -> torch.Tensor:
    """sign(x) · ln(1 + |x|): counts, bytes and microseconds on one scale."""
    return values.sign() * (values.abs() + 1.0).log()


class Clstm(nn.Module):
    """Sequences of raw vectors to the logits of every class and of an attack of any class."""

    def __init__(self, features: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("scale", torch.ones(features))
        self.conv = nn.Conv1d(features, WIDTH, kernel_size=3, padding=1)
        self.lstm = nn.LSTM(WIDTH, WIDTH)
        self.dense = nn.Linear(2 * WIDTH, WIDTH)
        self.classes = nn.Linear(WIDTH, len(CLASSES))
        self.anomaly = nn.Linear(WIDTH, 1)
        # A feature is taken away from all steps at once, so that no verdict hangs on one.
        self.blind = nn.Dropout1d(dropout)
        self.dropout = nn.Dropout(dropout)

    def fit_scaling(self, vectors: torch.Tensor) -> None:
        """Takes mean and spread of the logarithms from vectors of training."""
        logs = signed_log(vectors)
        self.mean.copy_(logs.mean(dim=0))
        # A feature that hardly moves in training must not become loud elsewhere.
        self.scale.copy_(1.0 / logs.std(dim=0).clamp(min=0.1))

    def forward(self, sequences: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        steps = ((signed_log(sequences) - self.mean) * self.scale).clamp(-CLIP, CLIP)
        steps = self.blind((steps * mask.unsqueeze(2)).transpose(1, 2))
        local = self.conv(steps).relu() * mask.unsqueeze(1)
        _, (last, _) = self.lstm(local.permute(2, 0, 1))
        # The newest vector is what the verdict is about: the dense layer sees it past the LSTM too.
        joined = torch.cat([last[0], local[:, :, -1]], dim=1)
        hidden = self.dropout(self.dense(joined).relu())
        return self.classes(hidden), self.anomaly(hidden).squeeze(1)


def scores(model: Clstm, sequences: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Probability of every class, and the anomaly score, as the exported graph gives them."""
    with torch.no_grad():
        logits, anomaly = model(sequences, mask)
        return logits.softmax(dim=1), anomaly.sigmoid()
