"""What every command here is told: where the captures are and where the work is kept."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import data
import kept
import sources
from data import Capture
from sources import Source

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
# What a fitted model depends on, beside the captures.
MODULES = ("data", "extract", "fit", "kept", "model", "sources", "split", "train", "vectors", "verdict")


@dataclass(frozen=True)
class Settings:
    """Places."""

    weir: Path
    data: Path
    lab: Path
    recorded: Path
    work: Path

    def captures(self) -> list[Capture]:
        """Everything there is, with its rows; without the public captures where they are not there."""
        return [*self.without_demo(), *self._loaded([sources.demo(REPOSITORY)])]

    def without_demo(self) -> list[Capture]:
        """What is learnt from and what models are compared on; of the lab alone, this needs no extractor."""
        public = sources.public(self.data) if self.data.exists() else ()
        return self._loaded([*public, *sources.lab(self.lab)])

    def _loaded(self, some: Iterable[Source]) -> list[Capture]:
        return data.load(self.weir, some, self.work / "vectors")

    @property
    def model_file(self) -> Path:
        """The graph that is delivered; its manifest lies beside it."""
        return REPOSITORY / "models" / "clstm.onnx"

    def bench(self, name: str) -> Path:
        """The newest binary of a bench, built beside the extractor."""
        built = [path for path in (self.weir.parent / "deps").glob(f"{name}-*") if not path.suffix]
        return max(built, key=lambda path: path.stat().st_mtime)

    @cached_property
    def fits(self) -> Path:
        """The folder of what was fitted by this code to these vectors."""
        found = hashlib.sha256(str(self.data.exists()).encode())
        own = [HERE / f"{name}.py" for name in MODULES]
        for path in (*own, HERE / "split.tsv", *sorted(self.lab.glob("*.parquet"))):
            found.update(path.read_bytes())
        return self.work / found.hexdigest()[:16]

    def model_path(self, name: str) -> Path:
        """Where a fitted model's weights are."""
        return self._made(self.fits / "models") / f"{name}.pt"

    def curves_path(self, name: str) -> Path:
        """Where its losses are."""
        return self._made(self.fits / "models") / f"{name}.json"

    def logits_path(self, name: str, source: str) -> Path:
        """Where it is kept what a model says of a source that it has not seen."""
        return self._made(self.fits / "logits" / name) / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.npy"

    def whole_path(self, name: str, run: str) -> Path:
        """Where it is kept what a model says of a whole run."""
        return self._made(self.fits / "whole" / name) / f"{run}.npz"

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def settings(doc: str) -> Settings:
    """The command line."""
    return of(parser(doc).parse_args())


def of(options: argparse.Namespace) -> Settings:
    """The places that a command line names."""
    return Settings(**{one.name: getattr(options, one.name) for one in fields(Settings)})


def parser(doc: str) -> argparse.ArgumentParser:
    """What every command understands."""
    found = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = REPOSITORY / "target"
    shared = REPOSITORY.parent / "shared" / "data"
    found.add_argument("--weir", type=Path, default=target / "release" / "weir", help="the extractor")
    found.add_argument("--data", type=Path, default=shared, help="folder of MANIFEST.tsv and its captures")
    found.add_argument("--lab", type=Path, default=kept.FOLDER, help="folder of the lab's vectors")
    found.add_argument("--recorded", type=Path, default=target / "lab", help="folder of the lab's captures")
    found.add_argument("--work", type=Path, default=target / "training", help="vectors, models, scores")
    return found
