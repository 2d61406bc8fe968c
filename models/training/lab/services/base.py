"""What the files of this package share.

Owns: the words for a service and for what it is made from. Refuses: to start one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from netns import PYTHON
from plan import Plan

__all__ = ["PASSWORD", "PYTHON", "USER", "Making", "Service"]

# Known to nobody who guesses.
USER, PASSWORD = "warden", "floodgate-7"


@dataclass(frozen=True)
class Service:
    """A program that listens on TCP ports of a place; it stays in the foreground."""

    place: str
    argv: tuple[str | Path, ...]
    ports: frozenset[int]


@dataclass(frozen=True)
class Making:
    """What a service is made from."""

    plan: Plan
    folder: Path
    rng: random.Random
    # Idle connections to the pods that the ingress keeps, and whether it waits long for clients.
    pool: int
    patient: bool
