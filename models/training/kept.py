"""The lab's vectors as the repository keeps them, and the sequences that they make.

Owns: the columns of `lab_vectors/*.parquet`, and the rule by which vectors become sequences again:
that of `src/detect/sequence.rs`. `pack` decides which rows are kept.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from verdict import SEQUENCE_LENGTH

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "lab_vectors"
# Vectors of final rows that a sequence has before its newest.
HISTORY = SEQUENCE_LENGTH - 1
NO_STEP = -1
FEATURES = b"features"
COMPRESSION, LEVEL, GROUP_ROWS = "zstd", 22, 1 << 18
# A row's features repeat each other: vectors lie one behind the other, and a page holds thousands.
PAGE_BYTES = 1 << 24


@dataclass
class Kept:
    """Rows of a run, in the order Weir wrote them. Numbers of flows, hosts and contexts are the run's own."""

    features: list[str]
    # [rows, features]
    vectors: np.ndarray
    # Of each row its context: one client at one service.
    context: np.ndarray
    # [rows, 2]: who opened the flow, and the other side.
    hosts: np.ndarray
    labels: np.ndarray
    final: np.ndarray
    flow: np.ndarray
    # The last packet of the flow so far, since the first row.
    time_us: np.ndarray
    # Whether all of the row's sequences are there; the other rows are what those begin with.
    whole: np.ndarray

    def __len__(self) -> int:
        return len(self.flow)

    def where(self, rows: np.ndarray, whole: np.ndarray) -> Kept:
        """Some of the rows."""
        columns = [one.name for one in fields(self) if one.name not in ("features", "whole")]
        return replace(self, whole=whole, **{name: getattr(self, name)[rows] for name in columns})

    def steps(self) -> np.ndarray:
        """Of every row the rows of its sequence, [rows, steps]; `NO_STEP` before the first."""
        found = np.full((len(self), SEQUENCE_LENGTH), NO_STEP, np.int64)
        found[:, -1] = np.arange(len(self))
        past: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=HISTORY))
        for at, (context, is_final) in enumerate(zip(self.context.tolist(), self.final.tolist(), strict=True)):
            own = past[context]
            if own:
                found[at, HISTORY - len(own) : HISTORY] = own
            if is_final:
                own.append(at)
        return found

    def sequences(self) -> tuple[np.ndarray, np.ndarray]:
        """Of every whole row its sequence, [rows, steps, features], and how many steps it has."""
        steps = self.steps()[self.whole]
        padded = np.concatenate([self.vectors, np.zeros_like(self.vectors[:1])])
        # The last row, all zeros, is what `NO_STEP` finds.
        return padded[steps], (steps != NO_STEP).sum(axis=1)


def of_columns(features: list[str], columns: Mapping[str, list[Any]]) -> Kept:
    """Rows from lists, all of them whole."""
    count = len(columns["flow"])
    time_us = np.array(columns["time_us"], np.int64)
    return Kept(
        features=features,
        vectors=np.array(columns["vectors"], np.float32).reshape(count, len(features)),
        context=np.array(columns["context"], np.int32),
        hosts=np.array(columns["hosts"], np.int32).reshape(count, 2),
        labels=np.array(columns["labels"], dtype=str),
        final=np.array(columns["final"], bool),
        flow=np.array(columns["flow"], np.int32),
        time_us=time_us - time_us[:1].sum(),
        whole=np.ones(count, bool),
    )


def table(run: str, rows: Kept) -> pyarrow.Table:
    """Rows as columns of a file."""
    columns = {
        "run": pyarrow.array([run] * len(rows)).dictionary_encode(),
        "label": pyarrow.array(rows.labels.tolist(), pyarrow.string()).dictionary_encode(),
        "flow": rows.flow, "final": rows.final, "whole": rows.whole, "time_us": rows.time_us,
        "source": rows.hosts[:, 0], "target": rows.hosts[:, 1],
        "context": rows.context,
        "vector": pyarrow.FixedSizeListArray.from_arrays(rows.vectors.ravel(), rows.vectors.shape[1]),
    }
    found = pyarrow.table({name: pyarrow.array(column) for name, column in columns.items()})
    return found.replace_schema_metadata({FEATURES: json.dumps(rows.features)})


def write(path: Path, rows: pyarrow.Table) -> None:
    """A file of rows."""
    parquet.write_table(rows.unify_dictionaries(), path, compression=COMPRESSION, compression_level=LEVEL,
                        row_group_size=GROUP_ROWS, data_page_size=PAGE_BYTES, use_dictionary=["run", "label"],
                        write_statistics=False)


def runs(path: Path) -> list[str]:
    """The runs in a file."""
    return sorted(compute.unique(parquet.read_table(path, columns=["run"])["run"]).to_pylist())


@lru_cache(maxsize=1)
def _whole(path: Path) -> pyarrow.Table:
    return parquet.read_table(path)


def read(path: Path, run: str) -> Kept:
    """The rows of one run."""
    own = _whole(path)
    own = own.filter(compute.equal(own["run"], run))
    features = json.loads(own.schema.metadata[FEATURES])
    return Kept(
        features=features,
        vectors=own["vector"].combine_chunks().flatten().to_numpy().reshape(-1, len(features)),
        context=own["context"].to_numpy(),
        hosts=np.stack([own[name].to_numpy() for name in ("source", "target")], axis=1),
        labels=np.array(own["label"].to_pylist(), dtype=str),
        final=own["final"].to_numpy(),
        flow=own["flow"].to_numpy(),
        time_us=own["time_us"].to_numpy(),
        whole=own["whole"].to_numpy(),
    )
