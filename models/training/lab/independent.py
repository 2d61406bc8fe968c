#!/usr/bin/env python3
"""Is the truth true? A sample of flows of every class, checked against what programs and services said themselves.

Owns: drawing the sample over all runs of a folder, comparing, the table and the list of disagreements. Refuses: to
count a flow of which no other source knows anything as right: such flows are a column of their own.

    independent.py RUNS [--sample 200] [--seed 7] [--only PATTERN]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any

import packets
from evidence import BENIGN, gather, totals
from legs import packed
from packets import Key

# A flow ends, for this purpose, when it is silent for so long, or opened again: a port may serve somebody else later.
SILENCE_SECONDS, AGAIN_SECONDS = 60.0, 3.0
# It was a connection when both ends have said so much; before, a SYN is only the same one again.
SAID = 2
SILENT = "nothing"
# Ports below are those of services; and so many lines of a log are shown where sources disagree.
WELL_KNOWN, MOST_LINES = 1024, 5
# Of the packets of a flood so many may be lost on the way, or be others of the same class.
LOST = 0.02


@dataclass
class Flow:
    """A flow of a capture."""

    run: Path
    key: Key
    first_s: float
    last_s: float
    # Packets to the second address of the key, to the first, and those that open a flow.
    there: int = 0
    back: int = 0
    opened: int = 0

    def over(self, at_s: float, opens: bool) -> bool:
        """Whether a packet of this time is of another flow between the same ends."""
        silent_s = at_s - self.last_s
        if self.key[4] != packets.TCP or not opens:
            return silent_s > SILENCE_SECONDS
        return silent_s > AGAIN_SECONDS or min(self.there, self.back) > SAID

    def __str__(self) -> str:
        a, a_port, b, b_port, protocol = self.key
        return f"{'.'.join(map(str, a))}-{'.'.join(map(str, b))}-{a_port}-{b_port}-{protocol}"


@dataclass
class Labels:
    """The labels file of a run."""

    lines: dict[Key, list[tuple[float, float, str]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, path: Path) -> Labels:
        """The lines that name a flow; all others are benign."""
        found = cls()
        with path.open(newline="") as file:
            for key, first, last, label in [*csv.reader(file)][1:]:
                if "*" not in key:
                    a, b, a_port, b_port, protocol = key.split("-")
                    exact = packets.canonical(packed(a), int(a_port), packed(b), int(b_port), int(protocol))
                    found.lines[exact].append((float(first), float(last), label))
        return found

    def label(self, flow: Flow) -> str:
        """As `weir flows` labels it: the first line that fits."""
        lines = self.lines.get(flow.key, ())
        return next((label for first, last, label in lines if first <= flow.last_s and last >= flow.first_s), BENIGN)


def flows(capture: Path, vxlan_port: int) -> list[Flow]:
    """The flows of a capture."""
    current: dict[Key, Flow] = {}
    found = []
    for at_s, packet in packets.read(capture, vxlan_port):
        flow = current.get(packet.key)
        if flow is None or flow.over(at_s, packet.opens):
            flow = current[packet.key] = Flow(capture, packet.key, at_s, at_s)
            found.append(flow)
        flow.last_s = at_s
        if packet.source == packet.key[0]:
            flow.there += 1
        else:
            flow.back += 1
        flow.opened += packet.opens
    return found


class Sample:
    """So many flows of each class, each as likely as any other, whatever run it is of."""

    def __init__(self, size: int, rng: random.Random) -> None:
        self._size, self._rng = size, rng
        self._seen: Counter[str] = Counter()
        self._drawn: dict[str, list[tuple[float, Flow]]] = defaultdict(list)

    def offer(self, label: str, flow: Flow) -> None:
        """Draws a lot for a flow; the highest ones stay."""
        self._seen[label] += 1
        drawn = self._drawn[label]
        drawn.append((self._rng.random(), flow))
        if len(drawn) > 20 * self._size:
            self._cut(drawn)

    def __iter__(self) -> Iterator[tuple[str, Flow]]:
        for label, drawn in sorted(self._drawn.items()):
            self._cut(drawn)
            yield from ((label, flow) for _, flow in drawn)

    def of(self, label: str) -> int:
        """How many there were to draw from."""
        return self._seen[label]

    def _cut(self, drawn: list[tuple[float, Flow]]) -> None:
        drawn.sort(key=lambda one: one[0])
        del drawn[self._size :]


def main() -> int:
    """Exit status 1 when a source disagrees."""
    parser = argparse.ArgumentParser(description="Checks the truth of recorded runs against independent sources.")
    parser.add_argument("runs", type=Path, metavar="RUNS", help="where the captures, their labels and logs are")
    parser.add_argument("--sample", type=int, default=200, help="flows of each class")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of runs")
    args = parser.parse_args()
    sample = Sample(args.sample, random.Random(args.seed))
    counts: list[tuple[str, int, int, int]] = []
    for capture in sorted(path for path in args.runs.glob("*.pcap") if fnmatch(path.stem, args.only)):
        labels = Labels.read(capture.with_suffix(".labels.csv"))
        labelled = [(labels.label(flow), flow) for flow in flows(capture, described(capture)["plan"]["vxlan_port"])]
        for label, flow in labelled:
            sample.offer(label, flow)
        counts += counted(capture, labelled)
    return report(sample, [*sample]) | compare(counts)


def counted(capture: Path, labelled: list[tuple[str, Flow]]) -> Iterator[tuple[str, int, int, int]]:
    """Of floods of bare packets: the run, the protocol, what the tools say they sent, what the truth says came."""
    about = described(capture)
    node = packed(about["plan"]["node"])
    for protocol, sent in totals(about, capture.with_suffix(".logs")).items():
        # The sender's kernel ends what it knows nothing of, which is a packet more that no tool sent.
        came = sum(flow.opened or (flow.there if flow.key[2] == node else flow.back) for label, flow in labelled
                   if label == "dos-flood" and flow.key[4] == protocol and node in (flow.key[0], flow.key[2]))
        yield capture.stem, protocol, sent, came


def compare(counts: list[tuple[str, int, int, int]]) -> int:
    """Prints how many packets of floods were sent and came; what the network loses is little."""
    far = 0
    for run, protocol, sent, came in counts:
        wrong = abs(sent - came) > LOST * sent
        far |= wrong
        print(f"{run}: protocol {protocol}: tools say {sent:,} packets, the truth {came:,}{' !' if wrong else ''}")
    return int(far)


def described(capture: Path) -> dict[str, Any]:
    """What the file beside a capture says."""
    found: dict[str, Any] = json.loads(capture.with_suffix(".json").read_text())
    return found


def mentions(run: Path, flow: Flow) -> Iterator[str]:
    """What the logs of services and the labels have about the ports of a flow: for who looks into a disagreement."""
    ports = {str(port) for port in (flow.key[1], flow.key[3]) if port > WELL_KNOWN}
    for log in (run.with_suffix(".labels.csv"), *sorted(run.with_suffix(".logs").glob("*.log"))):
        lines = log.read_text(errors="replace").splitlines()
        found = (line for line in lines if ports.intersection(re.split(r"[^0-9]", line)))
        yield from (f"{log.name}: {line}" for line in islice(found, MOST_LINES))


def report(sample: Sample, drawn: list[tuple[str, Flow]]) -> int:
    """Compares each flow with what its run's sources say, and prints what came of it."""
    by_run: dict[Path, list[tuple[str, Flow]]] = defaultdict(list)
    for label, flow in drawn:
        by_run[flow.run].append((label, flow))
    agreed: dict[str, Counter[str]] = defaultdict(Counter)
    wrong: dict[str, list[str]] = defaultdict(list)
    for run, own in sorted(by_run.items()):
        evidence = gather(described(run), run.with_suffix(".logs"))
        for label, flow in own:
            owner, source = evidence.says(flow.key, flow.first_s, flow.last_s) or (label, SILENT)
            if owner == label:
                agreed[label][source] += 1
            else:
                wrong[label].append(f"{run.stem} {flow} at {flow.first_s:.3f}: truth {label}, {source} {owner}")
                wrong[label] += (f"  {line}" for line in mentions(run, flow))
    print(f"{'class':18}{'flows':>9}{'sample':>8}{'agree':>7}{'differ':>8}{'silent':>8}  by")
    for label in sorted({label for label, _ in drawn}):
        by = agreed[label]
        silent = by.pop(SILENT, 0)
        sources = ", ".join(f"{source} {count}" for source, count in by.most_common())
        drawn_here = by.total() + silent + len(wrong[label])
        print(f"{label:18}{sample.of(label):9}{drawn_here:8}{by.total():7}{len(wrong[label]):8}{silent:8}  {sources}")
    for line in (line for lines in wrong.values() for line in lines):
        print(line)
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
