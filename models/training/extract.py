"""Captures to vectors, by Weir's own extractor and nothing else.

Owns: calling `weir flows --sequences`, and reading what it writes. Which context a row is in shows in the past that
its sequence has. `kept` is the form of what comes out.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

import kept
from kept import HISTORY, Kept
from verdict import SEQUENCE_LENGTH

DURATION = "Flow Duration"
BATCH = 4_096
# What is known of a row beside its sequence and its time.
KEY = ["Src IP", "Src Port", "Dst IP", "Dst Port", "Protocol", "Label", "Weir Flow ID", "Final"]


class ExtractionFailed(Exception):
    """Weir could not make sequences of a capture."""


@dataclass
class Contexts:
    """Numbers of contexts, told apart by the past that Weir gave their sequences.

    What a row shows of its context is not all (ICMP's has the type), so that one key may stand for several.
    """

    numbers: dict[object, list[int]] = field(default_factory=lambda: defaultdict(list))
    # Of each the vectors of its last final rows, one behind the other.
    pasts: list[bytes] = field(default_factory=list)

    def number(self, key: object, past: bytes) -> int:
        """The context with this key and past."""
        for number in self.numbers[key]:
            if self.pasts[number] == past:
                return number
        if past:
            raise ExtractionFailed(f"no context {key} has the past of a sequence")
        self.numbers[key].append(len(self.pasts))
        self.pasts.append(b"")
        return len(self.pasts) - 1

    def remember(self, number: int, vector: bytes) -> None:
        """Puts the vector of a final row behind the others of a context."""
        self.pasts[number] = (self.pasts[number] + vector)[-HISTORY * len(vector) :]


def vectors(weir: Path, capture: Path, labels: Path | None) -> tuple[Kept, np.ndarray]:
    """Every row of a capture, and the ports of both sides, [rows, 2]."""
    columns: dict[str, list[Any]] = defaultdict(list)
    contexts = Contexts()
    hosts: dict[str, int] = {}
    flows: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = extracted(weir, capture, labels, Path(folder))
        for row, sequence, length in _rows(path):
            vector = sequence[-1]
            past = sequence[SEQUENCE_LENGTH - length : -1]
            key = row["Src IP"], row["Dst IP"], row["Dst Port"], row["Protocol"]
            context = contexts.number(key, past.tobytes())
            if row["Final"]:
                contexts.remember(context, vector.tobytes())
            columns["vectors"].append(vector.copy())
            columns["context"].append(context)
            columns["labels"].append(row["Label"])
            columns["final"].append(row["Final"])
            columns["flow"].append(flows.setdefault(row["Weir Flow ID"], len(flows)))
            columns["hosts"].append([hosts.setdefault(row[name], len(hosts)) for name in ("Src IP", "Dst IP")])
            columns["ports"].append([row["Src Port"], row["Dst Port"]])
            columns["time_us"].append(row["time_us"])
        ports = np.array(columns.pop("ports", []), np.int64).reshape(-1, 2)
        return kept.of_columns(features_of(path), columns), ports


def _rows(path: Path) -> Iterator[tuple[dict[str, Any], np.ndarray, int]]:
    """Of every row its key, its sequence and how long that is."""
    file = parquet.ParquetFile(path)
    names = steps_of(file.schema_arrow.names)
    # Of a file without a row pyarrow has no batch, not even an empty one.
    for batch in file.iter_batches(BATCH) if file.num_row_groups else ():
        table = pyarrow.Table.from_batches([batch])
        sequences, lengths, time_us = sequences_of(table, names)
        for at, key in enumerate(table.select(KEY).to_pylist()):
            yield key | {"time_us": int(time_us[at])}, sequences[at], int(lengths[at])


def extracted(weir: Path, capture: Path, labels: Path | None, folder: Path) -> Path:
    """The file of sequences of a capture, which Weir writes to `folder`."""
    output = folder / "rows.parquet"
    argv = [str(weir), "flows", str(capture), "--sequences", "--provisional", "-o", str(output)]
    if labels:
        argv += ["--labels", str(labels)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # 65: the capture ends in the middle of a record, and the rows before that are there.
    if done.returncode not in (0, 65) or not output.exists():
        raise ExtractionFailed(f"extract `{capture}`: {done.stderr.strip()}")
    return output


def steps_of(columns: list[str]) -> list[str]:
    """Those of the columns that are a feature at a step."""
    return [name for name in columns if name.split(".")[0].isdigit()]


def features_of(path: Path) -> list[str]:
    """The features of a file of sequences, in order."""
    return [name.removeprefix("0.") for name in parquet.read_schema(path).names if name.startswith("0.")]


def sequences_of(table: pyarrow.Table, names: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every row its sequence, how many steps it has, and when the flow's last packet so far was."""
    flat = np.empty((table.num_rows, len(names)), np.float32)
    for at, name in enumerate(names):
        flat[:, at] = table[name].to_numpy()
    duration_us = flat[:, names.index(f"{SEQUENCE_LENGTH - 1}.{DURATION}")].astype(np.int64)
    start_us = table["Timestamp"].to_numpy().astype("datetime64[us]").astype(np.int64)
    sequences = flat.reshape(-1, SEQUENCE_LENGTH, len(names) // SEQUENCE_LENGTH)
    return sequences, table["Steps"].to_numpy(), start_us + duration_us
