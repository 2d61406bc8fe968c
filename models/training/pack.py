#!/usr/bin/env python3
"""Runs of the lab to the vectors that are kept in the repository: `lab_vectors/SPLIT.parquet`.

Owns: which rows are kept. A row is one vector of Weir's; of a run its attacks and whole stretches are
kept, and before them the vectors that their sequences begin with, so that every sequence of theirs can be
made again to the bit. Addresses and ports become numbers that mean nothing outside the run. `kept` reads the files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet as parquet

import kept
from extract import ExtractionFailed, extracted, sequences_of, steps_of, vectors
from kept import Kept
from split import NONE, Split, SplitError

# A stretch ends after so much packet time, or after so many rows.
STRETCH_US = 40_000_000
STRETCH_ROWS = 250
# Rows of each attack that are kept; rows around them, more or less, and rows of a run in which nobody attacks, which is
# ten times as long.
ROWS_OF_CLASS, ROWS_AROUND, ROWS_OF_BENIGN = 300, 150, 1_000
NO_ATTACKS = ("benign", "unknown")
MOST_BYTES = 40_000_000
PROCESSES = 2


def thinned(rows: Kept, most: int) -> Kept:
    """Each attack of a run, stretches that are spread over it, and what the sequences of these begin with."""
    whole = chosen(rows, most)
    needed = whole.copy()
    needed[np.unique(rows.steps()[whole])] = True
    return rows.where(needed, whole[needed])


def chosen(rows: Kept, most: int) -> np.ndarray:
    """Which rows are kept for themselves: of each attack so many, evenly spread, and whole stretches."""
    stretch = _stretches(rows.time_us)
    whole = np.isin(stretch, _taken(stretch, most))
    for label in set(rows.labels) - set(NO_ATTACKS):
        own = np.flatnonzero(rows.labels == label)
        whole[own[np.linspace(0, len(own) - 1, min(len(own), ROWS_OF_CLASS)).astype(int)]] = True
    return whole


def _stretches(time_us: np.ndarray) -> np.ndarray:
    """The number of each row's stretch."""
    numbers = np.empty(len(time_us), np.int64)
    number, since, first = 0, 0, time_us[0] if len(time_us) else 0
    for at, time in enumerate(time_us):
        if time - first >= STRETCH_US or at - since >= STRETCH_ROWS:
            number, since, first = number + 1, at, time
        numbers[at] = number
    return numbers


def _taken(stretch: np.ndarray, most: int) -> list[int]:
    """Stretches of about `most` rows together, evenly spread."""
    sizes, taken = np.bincount(stretch), set[int]()
    # Halves, quarters, eighths: wherever it ends, what is taken lies all over the run.
    order = sorted(range(len(sizes)), key=lambda number: (int(f"{number:016b}"[::-1], 2), number))
    for number in order:
        if sizes[sorted(taken)].sum() >= most:
            break
        taken.add(number)
    return sorted(taken)


def pack(weir: Path, runs: Path, folder: Path) -> Counter[str]:
    """Packs every run of a folder into the file of its split; how many rows each split has."""
    split = Split.read()
    sides = {path.stem: split.scenario(path.stem.rpartition(".")[0]) for path in sorted(runs.glob("*.pcap"))}
    names = [name for name, side in sides.items() if side != NONE]
    parts: dict[str, list[pyarrow.Table]] = defaultdict(list)
    with ProcessPoolExecutor(PROCESSES) as pool:
        for name, own in zip(names, pool.map(partial(_of_run, weir, runs), names), strict=True):
            parts[sides[name]].append(own)
            print(f"{name}: {own.num_rows:,} rows, {sides[name]}", file=sys.stderr)
    folder.mkdir(exist_ok=True)
    for side, own in parts.items():
        kept.write(folder / f"{side}.parquet", pyarrow.concat_tables(own))
    if (size := sum(path.stat().st_size for path in folder.glob("*.parquet"))) > MOST_BYTES:
        raise ExtractionFailed(f"{size:,} bytes are more than {MOST_BYTES:,}: keep fewer rows of a run")
    return Counter({side: sum(part.num_rows for part in own) for side, own in parts.items()})


def _of_run(weir: Path, runs: Path, name: str) -> pyarrow.Table:
    """What is kept of one run."""
    rows, _ = vectors(weir, runs / f"{name}.pcap", runs / f"{name}.labels.csv")
    is_benign = set(rows.labels) <= {"benign"}
    return kept.table(name, thinned(rows, ROWS_OF_BENIGN if is_benign else ROWS_AROUND))


def checked(weir: Path, capture: Path, labels: Path | None) -> str:
    """Packs a capture and makes its sequences again; says how many there are, or which is not the same."""
    with tempfile.TemporaryDirectory() as folder:
        written = parquet.read_table(extracted(weir, capture, labels, Path(folder)))
        sequences, lengths, _ = sequences_of(written, steps_of(written.column_names))
        (rows, _), said = vectors(weir, capture, labels), []
        for most in (len(rows), len(rows) // 4):
            path = Path(folder) / f"{most}.parquet"
            thin = thinned(rows, most)
            kept.write(path, kept.table("run", thin))
            found, found_lengths = kept.read(path, "run").sequences()
            own = chosen(rows, most)
            if found.tobytes() != sequences[own].tobytes() or (found_lengths != lengths[own]).any():
                raise ExtractionFailed(f"{most:,} rows of `{capture}`: sequences differ")
            said.append(f"{len(found):,} sequences of {len(thin):,} rows")
    return f"{len(rows):,} rows: {', '.join(said)} are the same"


def main() -> int:
    """Packs runs, or checks that a capture loses nothing by it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", type=Path, default=kept.HERE.parents[1] / "target" / "release" / "weir")
    parser.add_argument("--check", type=Path, metavar="CAPTURE", help="pack this and compare, keep nothing")
    parser.add_argument("--labels", type=Path, help="of CAPTURE")
    parser.add_argument("runs", type=Path, nargs="?", help="the folder of the lab's runs")
    parser.add_argument("folder", type=Path, nargs="?", default=kept.FOLDER)
    args = parser.parse_args()
    if (args.runs is None) == (args.check is None):
        parser.error("either RUNS or --check CAPTURE")
    try:
        print(checked(args.weir, args.check, args.labels) if args.check else pack(args.weir, args.runs, args.folder))
    except (ExtractionFailed, SplitError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
