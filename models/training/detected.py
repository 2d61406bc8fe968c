"""Captures to incidents, by `weir detect` and nothing else.

Owns: calling it with no settings but its own, reading what it prints, and keeping that by the digests of binary, model
and capture, so that what is interrupted goes on where it was. Knows nothing of what is true.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MODEL = Path(__file__).resolve().parents[1] / "clstm.onnx"
PROCESSES = 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class DetectionFailed(Exception):
    """Weir could not read a capture to its end."""


@dataclass(frozen=True)
class Incident:
    """One life of an incident: a line of what Weir prints. All lives have the same `id` and `detected_us`."""

    id: str
    kind: str
    pivot: str
    first_us: int
    last_us: int
    detected_us: int
    # All that was printed.
    said: dict[str, Any]

    @classmethod
    def read(cls, line: str) -> Incident:
        """From the object of `--format json`."""
        said = json.loads(line)
        times = (microseconds(said[key]) for key in ("first_packet", "last_packet", "detected_at"))
        return cls(said["id"], said["class"], said["pivot"], *times, said)

    @property
    def name(self) -> tuple[str, str]:
        """What it is and about whom."""
        return self.kind, self.pivot


@dataclass(frozen=True)
class Change:
    """A way to make another capture of one."""

    name: str
    make: Callable[[Path, Path], None]


AS_IT_IS = Change("", lambda _capture, _made: None)


@dataclass(frozen=True)
class Detector:
    """A binary with a model, and what both have said before."""

    weir: Path
    model: Path
    kept: Path

    @classmethod
    def of(cls, weir: Path, work: Path, model: Path = MODEL) -> Detector:
        """What this very binary says with this very model is kept in a folder of its own."""
        kept = work / "detected" / "-".join(digest(path) for path in (weir, model, model.with_suffix(".json")))
        kept.mkdir(parents=True, exist_ok=True)
        return cls(weir, model, kept)

    def incidents(self, capture: Path, change: Change = AS_IT_IS) -> list[Incident]:
        """The incidents in a capture, or in what a change makes of it."""
        kept = self.kept / f"{digest(capture)}{change.name}.jsonl"
        if not kept.exists():
            with tempfile.TemporaryDirectory() as name:
                folder, made = Path(name), capture
                if change is not AS_IT_IS:
                    made = folder / "made.pcap"
                    change.make(capture, made)
                printed = self._printed(made, folder)
            part = kept.with_suffix(f".{os.getpid()}.part")
            part.write_text(printed)
            part.rename(kept)
        return [Incident.read(line) for line in kept.read_text().splitlines()]

    def all(self, asked: Iterable[tuple[Path, Change]]) -> None:
        """Sees to it that all of these are kept, and says how far it is."""
        asked = list(asked)
        with ThreadPoolExecutor(PROCESSES) as pool:
            running = {pool.submit(self.incidents, *one): one for one in asked}
            try:
                for count, done in enumerate(as_completed(running), 1):
                    capture, change = running[done]
                    done.result()
                    print(f"{count}/{len(asked)} {capture.stem} {change.name}".rstrip(), file=sys.stderr)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _printed(self, capture: Path, folder: Path) -> str:
        nowhere = str(folder / "home")
        own = {"PATH": os.environ.get("PATH", ""), "HOME": nowhere, "XDG_CONFIG_HOME": nowhere,
               "WEIR_DATABASE": str(folder / "weir.db")}
        argv = [str(self.weir), "detect", str(capture), "--model", str(self.model), "--format", "json",
                "--log-level", "error"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=own)
        if done.returncode != 0:
            raise DetectionFailed(f"`{' '.join(argv)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def digest(path: Path) -> str:
    """The beginning of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def microseconds(time: str) -> int:
    """An RFC 3339 time in µs since the epoch."""
    return (datetime.fromisoformat(time) - EPOCH) // MICROSECOND
