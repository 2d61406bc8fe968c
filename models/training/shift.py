#!/usr/bin/env python3
"""How far traffic is from what was learnt: the figures of the gauge in `src/detect/shift.rs`, and what it says.

Owns: the deciles, shares and bound in the manifest, and the table of what the gauge says of captures that taught it
nothing. The measure is the population stability index (N. Siddiqi, Credit Risk Scorecards, 2006), the mean over all
features. The gauge counts what is taken for benign or unknown, here it is what is benign by its label. Runs of which there is a
recording count whole, others by the rows that are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

import recorded
from data import Capture
from settings import Settings, settings
from split import TEST, TRAIN, VALIDATION
from verdict import BENIGN

DECILES = np.arange(1, 10) / 10
# As in `src/detect/shift.rs`.
LEAST = 0.001
FADE, ENOUGH = 16_384, 2_048
# Vectors from one look at the gauge to the next; both of the above are multiples of it.
LOOK = 512
# Of the benign runs of `validation`, the share that may be over the bound.
ALLOWED = 0.05
KINDS = RUNS, ATTACKED, ORIGINS = ("benign runs", "scenarios with attacks", "public origins")


@dataclass(frozen=True)
class Learnt:
    """Benign vectors of a training, feature by feature."""

    # [features, deciles]
    deciles: np.ndarray
    # [features, bins]: not a tenth where many values are the same.
    shares: np.ndarray

    @classmethod
    def of(cls, captures: Iterable[Capture]) -> Learnt:
        """Of benign rows as `data` draws them: a capture counts by the root of its rows."""
        found = [rows for rows in map(benign, captures) if len(rows)]
        values = np.concatenate(found)
        weights = np.concatenate([np.full(len(rows), 1 / np.sqrt(len(rows))) for rows in found])
        weights /= weights.sum()
        deciles = np.stack([quantiles(column, weights) for column in values.T])
        return cls(deciles, shares(deciles, values, weights))

    @classmethod
    def of_training(cls, captures: Iterable[Capture], without: str = "") -> Learnt:
        """What the side of the training teaches, but for one origin."""
        return cls.of(one for one in captures if one.source.split == TRAIN and one.source.origin != without)

    def index(self, vectors: np.ndarray) -> float:
        """How far vectors are from it."""
        return self._index(self._counts(vectors))

    def highest(self, vectors: np.ndarray) -> float:
        """The most that the gauge says during a run; of a run that is too short for it, what all vectors say."""
        counts, said = np.zeros_like(self.shares), []
        for at in range(0, len(vectors) - LOOK + 1, LOOK):
            if counts[0].sum() >= FADE:
                counts /= 2
            counts += self._counts(vectors[at : at + LOOK])
            if counts[0].sum() >= ENOUGH:
                said.append(self._index(counts))
        return max(said, default=self.index(vectors))

    def _counts(self, vectors: np.ndarray) -> np.ndarray:
        return shares(self.deciles, vectors, np.ones(len(vectors)))

    def _index(self, counts: np.ndarray) -> float:
        found = counts / counts[0].sum()
        logarithms = np.log((found + LEAST) / (self.shares + LEAST))
        return float(((found - self.shares) * logarithms).sum(axis=1).mean())


def main() -> int:
    """Prints the table."""
    place = settings(__doc__)
    print(*table(place, place.captures()), sep="\n")
    return 0


def manifest(place: Settings, learnt: Iterable[Capture], captures: list[Capture]) -> dict[str, object]:
    """What the manifest says of what was learnt, and the bound."""
    found = Learnt.of(learnt)
    return {
        "deciles": found.deciles.tolist(),
        "shares": found.shares.round(4).tolist(),
        "shift_bound": bound(place, captures),
    }


def bound(place: Settings, captures: list[Capture]) -> float:
    """The least hundredth that no more of the benign runs of `validation` exceed than may, by what `train` teaches."""
    learnt = Learnt.of_training(captures)
    return within(learnt.highest(vectors) for _, vectors in runs(place, captures, VALIDATION))


def within(said: Iterable[float]) -> float:
    """The least hundredth that no more exceed than may."""
    rising = sorted(said)
    return float(np.ceil(rising[len(rising) - 1 - int(ALLOWED * len(rising))] * 100) / 100)


def table(place: Settings, captures: list[Capture]) -> Iterator[str]:
    """What the gauge says of benign traffic by what the training's side teaches.

    Of a run in which nobody attacks it is the most that the gauge says; those of `validation` set the bound. Beside
    attacks there is so little that both runs of a scenario count together. So do all captures of a public origin, which is left out
    of what is learnt.
    """
    learnt = Learnt.of_training(captures)
    limit = bound(place, captures)
    lines = [(RUNS, name, len(vectors), learnt.highest(vectors)) for name, vectors in runs(place, captures, TEST)]
    for (kind, name), vectors in groups(captures).items():
        known = Learnt.of_training(captures, without=name) if kind == ORIGINS else learnt
        lines.append((kind, name, len(vectors), known.index(vectors)))
    yield f"The bound is **{limit:.2f}**.\n"
    yield "| traffic | benign vectors | shift |"
    yield "| --- | ---: | ---: |"
    for _, name, count, index in lines:
        said = f"**{index:.2f}**" if index > limit else f"{index:.2f}"
        yield f"| {name} | {count:,} | {said} |"
    over = []
    for kind in KINDS:
        said = [index for own, *_, index in lines if own == kind]
        over.append(f"{sum(index > limit for index in said)} of {len(said)} {kind}")
    yield f"\nOver the bound: {', '.join(over)}.\n"


def runs(place: Settings, captures: Iterable[Capture], split: str) -> Iterator[tuple[str, np.ndarray]]:
    """The lab's benign runs of a split, and their vectors."""
    for one in captures:
        if one.source.is_lab and one.source.split == split and is_benign(one):
            is_whole = recorded.is_there(place, one.source)
            yield one.source.name, benign(recorded.capture(place, one.source) if is_whole else one)


def groups(captures: list[Capture]) -> dict[tuple[str, str], np.ndarray]:
    """The benign vectors of scenarios with attacks that are held back, and of public origins."""
    together: dict[tuple[str, str], list[np.ndarray]] = {}
    attacked = [one for one in held_back(captures) if not is_benign(one)]
    public = [one for one in captures if one.source.is_public and is_benign(one)]
    for kind, some in ((ATTACKED, attacked), (ORIGINS, public)):
        for one in some:
            together.setdefault((kind, one.source.origin), []).append(benign(one))
    return {key: np.concatenate(found) for key, found in together.items()}


def held_back(captures: Iterable[Capture]) -> list[Capture]:
    """The test runs of the lab."""
    return [one for one in captures if one.source.is_lab and one.source.split == TEST]


def is_benign(capture: Capture) -> bool:
    """Whether nobody attacks in it."""
    return bool((capture.rows.classes == BENIGN).all())


def benign(capture: Capture) -> np.ndarray:
    """The vectors of its benign rows."""
    return capture.rows.newest[capture.rows.classes == BENIGN]


def quantiles(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The deciles of weighted values, each of them one of the values."""
    order = np.argsort(values, kind="stable")
    at = np.searchsorted(np.cumsum(weights[order]), DECILES)
    return values[order[np.minimum(at, len(order) - 1)]]


def shares(deciles: np.ndarray, vectors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of each feature the share of vectors in each bin, [features, bins]; a bin holds its upper end."""
    bins = [np.searchsorted(own, column) for own, column in zip(deciles, vectors.T, strict=True)]
    return np.stack([np.bincount(own, weights, len(DECILES) + 1) for own in bins])


if __name__ == "__main__":
    sys.exit(main())
