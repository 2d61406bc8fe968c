"""Runs of the lab as they were recorded: who attacked whom and when, and whether an incident tells of it.

Owns: reading NAME.json and NAME.labels.csv, and the rule by which an incident fits an attack: its class is that of the
attack or may be taken for it (`src/incident/kin.rs`), it is about a host of the attack, and it was opened after the
attack's first packet and before its last flow was over.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detected import Incident
from split import NONE, Split
from verdict import BENIGN, CLASSES, STRANGE

# What `lab/truth.py` begins every flow earlier by; a witness's clock is the capture's, but nearer to the attacker.
SLACK_US = 1_500_000
# A flow is over when it was silent for two minutes.
LATE_US = 130_000_000

DENIAL = frozenset({"dos-flood", "dos-slow", "dos-reflection"})
# A flood looks like these in its first moments.
FLOODLIKE = DENIAL | {"scan", "brute-force", "web-attack"}
FAMILIES = (
    frozenset({"brute-force", "web-attack"}),
    frozenset({"exploit", "web-attack"}),
    frozenset({"beacon", "exfiltration", "lateral-movement"}),
)


def are_kin(one: str, other: str) -> bool:
    """Whether flows of one attack may be taken for both classes by turns."""
    if one == other or CLASSES[STRANGE] in (one, other) or any({one, other} <= family for family in FAMILIES):
        return True
    return one in DENIAL and other in FLOODLIKE or other in DENIAL and one in FLOODLIKE


@dataclass(frozen=True)
class Episode:
    """A flow while it was an attack's."""

    label: str
    ends: frozenset[str]
    first_us: int


@dataclass(frozen=True)
class Attack:
    """An attack of a run: its class, everybody who had to do with it, its first packet and its end."""

    kind: str
    setting: str
    hosts: frozenset[str]
    first_us: int
    end_us: int

    @classmethod
    def of(cls, told: dict[str, Any], others: frozenset[str], episodes: Iterable[Episode]) -> Attack:
        """From what the run says of it, the hosts that other attacks are from, and all flows of attacks.

        Forged senders are nobody's hosts, and neither is the ingress, which asks pods for the attacker.
        """
        start_us, end_us = (round(told[key] * 1e6) for key in ("start", "end"))
        hosts = frozenset(told["hosts"]) | frozenset(told["far"])
        own = [
            one for one in episodes
            if one.label == told["label"] and start_us - SLACK_US <= one.first_us <= end_us + SLACK_US
            and (one.ends & hosts or not one.ends & others)
        ]
        # What is nobody's may be that of an attack that began before.
        sure = [one for one in own if one.ends & hosts] or own
        first_us = min((one.first_us for one in sure), default=start_us)
        return cls(told["label"], told["setting"], hosts.union(*(one.ends for one in own)), first_us, end_us)

    def is_of(self, incident: Incident) -> bool:
        """Whether an incident could tell of it, whenever it was opened."""
        return are_kin(self.kind, incident.kind) and incident.pivot in self.hosts

    def fits(self, incident: Incident) -> bool:
        """Whether an incident was opened by it."""
        return self.is_of(incident) and self.first_us <= incident.detected_us <= self.end_us + LATE_US

    def joins(self, incident: Incident) -> bool:
        """Whether it became part of an incident that was there before."""
        return self.is_of(incident) and incident.detected_us < self.first_us < incident.last_us

    def touches(self, incident: Incident) -> bool:
        """Whether an incident of whatever class is about a host of it, in its time."""
        return incident.pivot in self.hosts and self.first_us <= incident.detected_us <= self.end_us + LATE_US


@dataclass(frozen=True)
class Run:
    """A recorded run."""

    name: str
    split: str
    capture: Path
    hours: float
    attacks: tuple[Attack, ...]

    @classmethod
    def read(cls, capture: Path, split: Split) -> Run:
        """The run of a capture."""
        described = json.loads(capture.with_suffix(".json").read_text())
        told = described["attacks"]
        episodes = list(read_episodes(capture.with_suffix(".labels.csv"))) if told else []
        hosts = [frozenset(one["hosts"]) | frozenset(one["far"]) for one in told]
        attacks = (
            Attack.of(one, frozenset().union(*hosts[:at], *hosts[at + 1 :]), episodes) for at, one in enumerate(told)
        )
        side = split.lines.get(("scenario", described["scenario"]), NONE)
        return cls(capture.stem, side, capture, described["seconds"] / 3600, tuple(attacks))

    @property
    def scenario(self) -> str:
        """What was played."""
        return self.name.rpartition(".")[0]


def read_episodes(labels: Path) -> Iterator[Episode]:
    """The flows of attacks, by the labels of a run."""
    with labels.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["label"] in CLASSES[BENIGN + 1 :]:
                one, other, *_ = row["flow key"].split("-")
                yield Episode(row["label"], frozenset({one, other}), round(float(row["from"]) * 1e6) + SLACK_US)


def runs(recorded: Path, splits: Iterable[str]) -> list[Run]:
    """Every run in a folder that is on one of these sides of the split."""
    split = Split.read()
    found = (Run.read(path, split) for path in sorted(recorded.glob("*.pcap")) if path.with_suffix(".json").exists())
    return [one for one in found if one.split in splits]
