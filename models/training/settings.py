"""What every command here is told: where the captures are and where the work is kept."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import data
import kept
import sources
from data import Capture
from sources import Source

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Places."""

    weir: Path
    data: Path
    lab: Path
    work: Path

    def captures(self) -> list[Capture]:
        """Everything there is, with its rows."""
        found = [*sources.public(self.data), *sources.lab(self.lab), sources.demo(REPOSITORY)]
        return data.load(self.weir, found, self.work / "vectors")

    def model_path(self, name: str) -> Path:
        """Where a fitted model's weights are."""
        return self._made("models") / f"{name.replace('/', '_')}.pt"

    def scores_path(self, source: Source) -> Path:
        """Where it is kept what a model that has not seen this source says of it."""
        return self._made("scores") / f"{hashlib.sha256(source.name.encode()).hexdigest()[:16]}.npz"

    def _made(self, name: str) -> Path:
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def settings(doc: str) -> Settings:
    """The command line."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = REPOSITORY / "target"
    shared = REPOSITORY.parent / "shared" / "data"
    parser.add_argument("--weir", type=Path, default=target / "release" / "weir", help="the extractor")
    parser.add_argument("--data", type=Path, default=shared, help="folder of MANIFEST.tsv and its captures")
    parser.add_argument("--lab", type=Path, default=kept.FOLDER, help="folder of the lab's vectors")
    parser.add_argument("--work", type=Path, default=target / "training", help="vectors, models, scores")
    return Settings(**vars(parser.parse_args()))
