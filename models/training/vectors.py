"""Captures to sequences, by Weir's own extractor and nothing else.

Owns: calling `weir flows --sequences`, reading what it writes, and keeping the result, one file a
capture. No address, port or time is in a sequence; they are kept beside it for the incident rule
and for labels. What the lab has made is read from `kept` instead: its captures are not there.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

import kept
from kept import SCOPES
from sources import Source
from verdict import SEQUENCE_LENGTH

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
        return features_of(extracted(weir, capture, None, Path(folder)))


def rows(weir: Path, source: Source, cache: Path) -> Rows:
    """The rows of a capture, extracted now if they have not been by this binary."""
    if source.run:
        return _of_lab(kept.read(source.path, source.run), source)
    path = cache / f"{_key(weir, source)}.npz"
    if path.exists():
        with np.load(path) as found:
            return Rows(*(found[field.name] for field in fields(Rows)))
    with tempfile.TemporaryDirectory() as folder:
        made = _read(extracted(weir, source.path, source.labels, Path(folder)), source)
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp.npz")
    np.savez(unfinished, **{field.name: getattr(made, field.name) for field in fields(Rows)})
    unfinished.rename(path)
    return made


def _key(weir: Path, source: Source) -> str:
    """What the rows depend on: the extractor, the capture, what is said of it."""
    found = hashlib.sha256(repr(source).encode())
    for path in (weir, source.path, source.labels):
        if path:
            found.update(path.read_bytes())
    return found.hexdigest()[:24]


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
    """Of every row its sequences, how many steps each has, and when the flow's last packet so far was."""
    scopes = table["Scope"].to_pylist()
    if scopes != [*SCOPES] * (len(scopes) // len(SCOPES)):
        raise ExtractionFailed("a row has not one sequence a scope")
    flat = np.empty((len(scopes), len(names)), np.float32)
    for at, name in enumerate(names):
        flat[:, at] = table[name].to_numpy()
    first = slice(None, None, len(SCOPES))
    duration_us = flat[first, names.index(f"{SEQUENCE_LENGTH - 1}.{DURATION}")].astype(np.int64)
    start_us = table["Timestamp"].to_numpy()[first].astype("datetime64[us]").astype(np.int64)
    sequences = flat.reshape(-1, len(SCOPES), SEQUENCE_LENGTH, len(names) // SEQUENCE_LENGTH)
    return sequences, table["Steps"].to_numpy().reshape(-1, len(SCOPES)), start_us + duration_us


def _mask(lengths: np.ndarray) -> np.ndarray:
    """Which steps are vectors: the last ones."""
    return (np.arange(SEQUENCE_LENGTH) >= SEQUENCE_LENGTH - lengths[..., np.newaxis]).astype(np.float32)


def _of_lab(own: kept.Kept, source: Source) -> Rows:
    sequences, lengths = own.sequences()
    whole = own.whole
    return Rows(
        sequences=sequences,
        mask=_mask(lengths),
        classes=source.classes(own.labels[whole].tolist(), np.zeros(int(whole.sum()), np.int64)),
        final=own.final[whole],
        flow=own.flow[whole].astype(str),
        source=own.hosts[whole, 0].astype(str),
        target=own.hosts[whole, 1].astype(str),
        time_us=own.time_us[whole],
    )


def _read(path: Path, source: Source) -> Rows:
    table = parquet.read_table(path)
    sequences, lengths, time_us = sequences_of(table, steps_of(table.column_names))
    first = slice(None, None, len(SCOPES))
    ports = np.stack([table[name].to_numpy()[first] for name in ("Src Port", "Dst Port")], axis=1)
    return Rows(
        sequences=sequences,
        mask=_mask(lengths),
        classes=source.classes(table["Label"].to_pylist()[first], _server_port(ports)),
        final=table["Final"].to_numpy()[first],
        flow=np.array(table["Weir Flow ID"].to_pylist()[first], dtype="U16"),
        source=np.array(table["Src IP"].to_pylist()[first], dtype=str),
        target=np.array(table["Dst IP"].to_pylist()[first], dtype=str),
        time_us=time_us,
    )


def _server_port(ports: np.ndarray) -> np.ndarray:
    """Of each flow the side with the well-known port, else the target's."""
    source, target = ports.T
    return np.where((source < WELL_KNOWN) & (target >= WELL_KNOWN), source, target)
