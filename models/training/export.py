#!/usr/bin/env python3
"""Writes the model file and what is said of it, and checks one against the other.

Owns: `clstm.onnx` and `clstm.json`. Refuses to leave a graph behind that does not answer as the
fitted network does.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import data
import vectors
from data import Capture
from evaluate import kept
from fit import SEED
from graph import onnx_model
from judge import chosen
from model import Clstm, scores
from settings import REPOSITORY, settings
from split import TEST, TRAIN
from train import SHIPPED
from verdict import CLASSES, SEQUENCE_LENGTH

FORMAT = 1
NAME = "clstm-1"
MOST_BYTES = 1_000_000
TOLERANCE = 1e-4
BATCHES = (1, 7, 64)


class ExportFailed(Exception):
    """The graph is too large, or answers otherwise than the network it was made from."""


@dataclass(frozen=True)
class Card:
    """What the engine must know beside the graph."""

    features: list[str]
    thresholds: dict[str, float]
    baseline: np.ndarray
    trained_on: str


def main() -> int:
    """Exports the shipped model with the thresholds that the cross-validation chose."""
    place = settings(__doc__)
    captures = place.captures()
    model = Clstm(captures[0].rows.sequences.shape[3])
    model.load_state_dict(torch.load(place.model_path(SHIPPED)))
    model.eval()
    trained = [one for one in captures if one.source.role == TRAIN]
    card = Card(
        features=vectors.feature_names(place.weir, trained[0].source.path),
        thresholds=chosen(kept(one, place) for one in trained),
        baseline=data.baseline(trained),
        trained_on=described(trained),
    )
    tested = [one for one in captures if one.source.role == TEST]
    sample = tuple(
        np.concatenate([column.reshape(-1, *column.shape[2:]) for column in columns])[:: len(tested)]
        for columns in ([one.rows.sequences for one in tested], [one.rows.mask for one in tested])
    )
    difference = export(model, card, sample, REPOSITORY / "models")
    print(f"{len(sample[0])} sequences: network and graph differ by at most {difference:.1e}")
    return 0


def described(captures: list[Capture]) -> str:
    """What a model was trained on, in a sentence."""
    lab = sum(one.source.is_lab for one in captures)
    origins = len({one.source.origin for one in captures if not one.source.is_lab})
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
        "thresholds": card.thresholds,
        "baseline": [float(np.float32(value)) for value in card.baseline],
        "seed": SEED,
        "trained_on": card.trained_on,
    }
    (folder / "clstm.onnx").write_bytes(content)
    (folder / "clstm.json").write_text(json.dumps(sidecar, indent=1) + "\n")
    return difference


def compare(model: Clstm, content: bytes, sequences: np.ndarray, mask: np.ndarray) -> float:
    """The greatest difference of any output, over batches of several sizes."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    greatest = 0.0
    for size in BATCHES:
        for at in range(0, len(sequences), size):
            part = slice(at, at + size)
            graph = session.run(None, {"sequences": sequences[part], "mask": mask[part]})
            network = scores(model, torch.from_numpy(sequences[part]), torch.from_numpy(mask[part]))
            for one, other in zip(graph, network, strict=True):
                if one.shape != tuple(other.shape):
                    raise ExportFailed(f"an output has shape {one.shape}, not {tuple(other.shape)}")
                greatest = max(greatest, float(np.abs(one - other.numpy()).max(initial=0.0)))
    return greatest


if __name__ == "__main__":
    sys.exit(main())
