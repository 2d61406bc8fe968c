#!/usr/bin/env python3
"""Writes the model file and what is said of it, and checks one against the other.

Owns: `clstm.onnx` and `clstm.json`. Refuses to leave a graph behind that does not answer as the
fitted network does.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import costs
import data
import recorded
import shift
import vectors
from data import Capture
from fit import SEED
from graph import onnx_model
from judge import Cost
from model import CLIP, Clstm, probabilities
from settings import REPOSITORY, settings
from split import TEST
from train import SHIPPED, Plan
from verdict import BENIGN, CLASSES, SEQUENCE_LENGTH

FORMAT = 4
NAME = "clstm-3"
MOST_BYTES = 1_000_000
TOLERANCE = 1e-4
# How likely what is usual is to be benign.
PLAINLY = 0.9
BATCHES = (1, 7, 64)


class ExportFailed(Exception):
    """The graph is too large, or answers otherwise than the network it was made from."""


@dataclass(frozen=True)
class Card:
    """What the engine must know beside the graph."""

    features: list[str]
    costs: dict[str, Cost]
    baseline: np.ndarray
    # What `shift` writes of what was learnt.
    shift: dict[str, object]
    trained_on: str


def main() -> int:
    """Exports the shipped model with what evidence costs."""
    place = settings(__doc__)
    captures, known = place.captures(), costs.read()
    model = recorded.model(place, Plan(SHIPPED))
    model.temperature.fill_(known.temperature)
    learnt = [one for one in captures if Plan(SHIPPED).learns(one.source)]
    demo = captures[-1]
    card = Card(
        features=vectors.feature_names(place.weir, demo.source.path),
        costs=known.costs,
        baseline=typical(model, learnt),
        shift=shift.manifest(place, learnt, captures),
        trained_on=described(learnt),
    )
    tested = [one for one in captures if one.source.is_lab and one.source.split == TEST]
    sample = tuple(np.concatenate(parts) for parts in zip(
        *(one.rows.sequences(slice(None, None, len(tested))) for one in tested), strict=True))
    difference = export(model, card, sample, REPOSITORY / "models")
    print(f"{len(sample[0])} sequences: network and graph differ by at most {difference:.1e}")
    return 0


def typical(model: Clstm, captures: list[Capture]) -> np.ndarray:
    """Of benign vectors the one nearest to what is usual of every feature that the model takes for benign, however often
    it is repeated.

    Medians alone are a vector that nobody ever sent, and which the model takes for unknown.
    """
    own = [one.rows.newest[one.rows.final & (one.rows.classes == BENIGN)] for one in captures if one.source.is_lab]
    vectors = torch.from_numpy(np.concatenate(own))
    usual = torch.from_numpy(data.baseline(captures).astype(np.float32))
    nearest = (model.scaled(vectors) - model.scaled(usual)).abs().mean(dim=1).argsort()
    lengths = torch.arange(1, SEQUENCE_LENGTH + 1)
    mask = (torch.arange(SEQUENCE_LENGTH) >= SEQUENCE_LENGTH - lengths.unsqueeze(1)).float()
    for at in nearest:
        repeated = vectors[at].expand(SEQUENCE_LENGTH, SEQUENCE_LENGTH, -1)
        if (probabilities(model, repeated, mask)[:, BENIGN] >= PLAINLY).all():
            return vectors[at].numpy()
    raise ExportFailed(f"no benign vector is benign with a probability of {PLAINLY} when it is repeated")


def described(captures: list[Capture]) -> str:
    """What a model was trained on, in a sentence."""
    lab = sum(one.source.is_lab for one in captures)
    origins = len({one.source.origin for one in captures if one.source.is_public})
    return f"{len(captures) - lab} public captures of {origins} origins and {lab} lab runs; MODEL_CARD.md names them."


def export(model: Clstm, card: Card, sample: tuple[np.ndarray, np.ndarray], folder: Path) -> float:
    """Writes both files; the greatest difference between network and graph on `sample`."""
    content = onnx_model(model).SerializeToString()
    if len(content) > MOST_BYTES:
        raise ExportFailed(f"the graph has {len(content)} bytes, more than {MOST_BYTES}")
    difference = compare(model, content, *sample)
    if not difference <= TOLERANCE:
        raise ExportFailed(f"the graph differs from the network by {difference:.2g}, more than {TOLERANCE}")
    sidecar = {
        "format": FORMAT,
        "name": NAME,
        "sha256": hashlib.sha256(content).hexdigest(),
        "sequence_length": SEQUENCE_LENGTH,
        "features": card.features,
        "classes": list(CLASSES),
        "costs": card.costs,
        "mean": singles(model.mean), "scale": singles(model.scale), "clip": CLIP,
        "baseline": singles(card.baseline),
        **card.shift,
        "seed": SEED,
        "trained_on": card.trained_on,
    }
    (folder / "clstm.onnx").write_bytes(content)
    (folder / "clstm.json").write_text(json.dumps(sidecar, indent=1) + "\n")
    return difference


def singles(values: Iterable[float]) -> list[float]:
    """Numbers of 32 bits as JSON has them."""
    return [float(np.float32(value)) for value in values]


def compare(model: Clstm, content: bytes, sequences: np.ndarray, mask: np.ndarray) -> float:
    """The greatest difference of any output, over batches of several sizes."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    greatest = 0.0
    for size in BATCHES:
        for at in range(0, len(sequences), size):
            part = slice(at, at + size)
            known = torch.from_numpy(mask[part])
            scaled = model.scaled(torch.from_numpy(sequences[part])) * known.unsqueeze(2)
            (graph,) = session.run(None, {"sequences": scaled.numpy(), "mask": mask[part]})
            network = probabilities(model, torch.from_numpy(sequences[part]), known).numpy()
            if graph.shape != network.shape:
                raise ExportFailed(f"the output has shape {graph.shape}, not {network.shape}")
            greatest = max(greatest, float(np.abs(graph - network).max()))
    return greatest


if __name__ == "__main__":
    sys.exit(main())
