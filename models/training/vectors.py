"""Captures to sequences, by Weir's own extractor and nothing else.

Owns: calling `weir flows --sequences`, reading what it writes, and keeping the result, one file a
capture. No address, port or time is in a sequence; they are kept beside it for the incident rule
and for labels.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

from sources import Source
from verdict import SEQUENCE_LENGTH

SCOPES = 2
# Columns before the steps.
KEY = ("Src IP", "Dst IP", "Dst Port", "Src Port", "Timestamp", "Label", "Weir Flow ID", "Final", "Scope", "Steps")
DURATION = "Flow Duration"
WELL_KNOWN = 1024


class ExtractionFailed(Exception):
    """Weir could not make sequences of a capture."""


@dataclass
class Rows:
    """The rows of a capture, in the order Weir wrote them; a row has a sequence a scope."""

    # [rows, scopes, steps, features] and [rows, scopes, steps].
    sequences: np.ndarray
    mask: np.ndarray
    classes: np.ndarray
    final: np.ndarray
    flow: np.ndarray
    source: np.ndarray
    target: np.ndarray
    # The last packet of the flow so far.
    time_us: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    def take(self, rows: np.ndarray) -> Rows:
        """Some of the rows."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))


def feature_names(weir: Path, capture: Path) -> list[str]:
    """The catalogue, in order, as the extractor writes it."""
    with tempfile.TemporaryDirectory() as folder:
        schema = parquet.read_schema(_extract(weir, capture, None, Path(folder)))
    return [name.removeprefix("0.") for name in schema.names if name.startswith("0.")]


def rows(weir: Path, source: Source, cache: Path) -> Rows:
    """The rows of a capture, extracted now if they have not been by this binary."""
    path = cache / f"{_key(weir, source)}.npz"
    if path.exists():
        with np.load(path) as kept:
            return Rows(*(kept[field.name] for field in fields(Rows)))
    with tempfile.TemporaryDirectory() as folder:
        found = _read(_extract(weir, source.path, source.labels, Path(folder)), source)
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp.npz")
    np.savez(unfinished, **{field.name: getattr(found, field.name) for field in fields(Rows)})
    unfinished.rename(path)
    return found


def _key(weir: Path, source: Source) -> str:
    """What the rows depend on: the extractor, the capture, what is said of it."""
    found = hashlib.sha256(repr(source).encode())
    for path in (weir, source.path, source.labels):
        if path:
            found.update(path.read_bytes())
    return found.hexdigest()[:24]


def _extract(weir: Path, capture: Path, labels: Path | None, folder: Path) -> Path:
    output = folder / "rows.parquet"
    argv = [str(weir), "flows", str(capture), "--sequences", "--provisional", "-o", str(output)]
    if labels:
        argv += ["--labels", str(labels)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    # 65: the capture ends in the middle of a record, and the rows before that are there.
    if done.returncode not in (0, 65) or not output.exists():
        raise ExtractionFailed(f"extract `{capture}`: {done.stderr.strip()}")
    return output


def _read(path: Path, source: Source) -> Rows:
    table = parquet.read_table(path)
    key = {name: table[name] for name in KEY}
    scopes = key["Scope"].to_pylist()
    if scopes != ["pair", "server"] * (len(scopes) // SCOPES):
        raise ExtractionFailed(f"extract `{source.path}`: a row has not one sequence a scope")
    steps = [name for name in table.column_names if name not in KEY and name.split(".")[0].isdigit()]
    features = len(steps) // SEQUENCE_LENGTH
    flat = np.empty((len(scopes), len(steps)), np.float32)
    for at, name in enumerate(steps):
        flat[:, at] = table[name].to_numpy()
    sequences = flat.reshape(-1, SCOPES, SEQUENCE_LENGTH, features)
    lengths = key["Steps"].to_numpy().reshape(-1, SCOPES, 1)
    first = slice(None, None, SCOPES)
    duration_us = flat[first, steps.index(f"{SEQUENCE_LENGTH - 1}.{DURATION}")].astype(np.int64)
    ports = np.stack([key["Src Port"].to_numpy()[first], key["Dst Port"].to_numpy()[first]], axis=1)
    return Rows(
        sequences=sequences,
        mask=(np.arange(SEQUENCE_LENGTH) >= SEQUENCE_LENGTH - lengths).astype(np.float32),
        classes=source.classes(key["Label"].to_pylist()[first], _server_port(ports)),
        final=key["Final"].to_numpy()[first],
        flow=np.array(key["Weir Flow ID"].to_pylist()[first], dtype="U16"),
        source=np.array(key["Src IP"].to_pylist()[first], dtype=str),
        target=np.array(key["Dst IP"].to_pylist()[first], dtype=str),
        time_us=key["Timestamp"].to_numpy()[first].astype("datetime64[us]").astype(np.int64) + duration_us,
    )


def _server_port(ports: np.ndarray) -> np.ndarray:
    """Of each flow the side with the well-known port, else the target's."""
    source, target = ports.T
    return np.where((source < WELL_KNOWN) & (target >= WELL_KNOWN), source, target)
