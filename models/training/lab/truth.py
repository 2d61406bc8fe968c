"""Ground truth of a run, in Weir's label format: exact flows, each for the time it was somebody's.

Owns: whose every flow of an attacking host is, by what left the programs of the attack; the pods'
leg of what came through the ingress, by the pods' own logs. Refuses: to guess. A packet of an
attacking host that neither log explains is an error, and the run is not kept.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import legs
from namespaces import LabError
from packets import ICMP, UDP, Key, Seen
from witness import Sent

BENIGN = "benign"
# What the ingress sent to a pod without the pod's log knowing for whom.
UNKNOWN = "unknown"
# The far end may go on for so long: a connection that lingers is still whose it was.
LINGER_SECONDS = 120.0
# The kernel hands over what it logs in batches of up to a second.
SLACK_SECONDS = 1.5
# Flows of ICMP have no ports: two owners within this time cannot be told apart.
ICMP_SECONDS = 60.0
MOST_NAMED = 5


@dataclass
class Episode:
    """A flow while it belongs to one owner: an attack by its label, or everybody else."""

    owner: str
    source: bytes
    first_s: float
    last_s: float
    # Its owner is seen to have begun it.
    opened: bool = True

    def holds(self, at_s: float) -> bool:
        """Whether a packet of this time is of it."""
        return self.first_s - SLACK_SECONDS <= at_s <= self.last_s + LINGER_SECONDS


@dataclass
class Truth:
    """All episodes of all flows that an attacking host took part in, in order of time."""

    episodes: dict[Key, list[Episode]] = field(default_factory=lambda: defaultdict(list))

    def add(self, owner: str, at_s: float, packet: Seen) -> None:
        """Notes a packet; those of one flow come in order."""
        own = self.episodes[packet.key]
        last = own[-1] if own else None
        if last is None or self._begins(last, owner, at_s, packet):
            own.append(Episode(owner, packet.source, at_s, at_s, packet.opens))
            return
        if owner != BENIGN:
            last.owner = owner
        last.last_s = max(last.last_s, at_s)

    @staticmethod
    def _begins(last: Episode, owner: str, at_s: float, packet: Seen) -> bool:
        """Whether the flow is somebody else's from this packet on.

        The kernel ends what a program left behind, and then nobody has sent it: only what opens a flow,
        or a datagram, which no kernel sends by itself, can be of somebody else at the host. An answer may
        be logged before its question, by another host, and a kernel accepts a connection in nobody's name.
        """
        if owner == last.owner:
            return False
        early = not last.opened and at_s - last.last_s < SLACK_SECONDS
        datagram = packet.key[4] == UDP and packet.source == last.source
        return not early if owner != BENIGN else packet.opens or datagram

    def owner(self, key: Key, at_s: float) -> str | None:
        """Whose a flow was at a time."""
        fits = [one for one in self.episodes.get(key, ()) if one.holds(at_s)]
        # The last one that had begun; before all, the first.
        begun = [one for one in fits if one.first_s <= at_s]
        return (begun[-1] if begun else fits[0]).owner if fits else None

    def lines(self) -> Iterator[tuple[str, str, str, str]]:
        """The lines of the labels file."""
        for key, own in self.episodes.items():
            ends = [*(one.first_s - SLACK_SECONDS for one in own[1:]), float("inf")]
            for one, end in zip(own, ends, strict=True):
                until_s = max(one.last_s, min(one.last_s + LINGER_SECONDS, end))
                yield written(key), f"{one.first_s - SLACK_SECONDS:.6f}", f"{until_s:.6f}", one.owner


def of_hosts(sent: Iterable[Sent], labels: Sequence[str]) -> Truth:
    """The truth about the hosts of attacks; `labels` are the classes of the attacks, by number."""
    truth, errors = Truth(), []
    for one in sorted(sent, key=lambda one: one.at_s):
        if one.packet.about is not None:
            errors.append((one.at_s, one.packet))
        else:
            truth.add(BENIGN if one.attack is None else labels[one.attack], one.at_s, one.packet)
    for at_s, packet in errors:
        truth.add(about(truth, packet, at_s) or BENIGN, at_s, packet)
    return truth


def about(truth: Truth, packet: Seen, at_s: float) -> str | None:
    """Whose the flow is that an ICMP error quotes."""
    return truth.owner(packet.about, at_s) if packet.about is not None else None


def add_legs(truth: Truth, logs: legs.Logs, server: bytes) -> None:
    """Adds the connections of the ingress at `server` to pods that an attack caused, and others of the same ports."""
    opened = legs.by_client(truth.episodes, server)

    def whose(address: bytes, port: int, at_s: float) -> str:
        owners = (truth.owner(key, at_s) for key in opened.get((address, port), ()))
        return next((owner for owner in owners if owner is not None), BENIGN)

    found: dict[Key, list[Episode]] = defaultdict(list)
    for one in logs.upstreams:
        found[one.key].append(Episode(one.owner(whose), one.source, one.first_s, one.last_s))
    for key, own in found.items():
        if any(one.owner != BENIGN for one in own):
            truth.episodes[key] = own


def complete(
    truth: Truth, hosts: frozenset[bytes], far: Mapping[bytes, str], capture: Iterable[tuple[float, Seen]],
    lacks: Callable[[Key, float], bool],
) -> Counter[str]:
    """Adds what only the capture shows, and counts its packets by owner.

    That are errors about an attack's packets, whoever they are sent to, and what was said to a host that
    only the attack talks to. A packet of one of `hosts` that is nobody's then is an error; what `lacks` an
    explanation of another kind is nobody's for certain, and not benign.
    """
    strange: dict[Key, float] = {}
    counts: Counter[str] = Counter()
    for at_s, packet in capture:
        key = packet.key
        owner = truth.owner(key, at_s) if key in truth.episodes else None
        if owner is None:
            owner = about(truth, packet, at_s) or far.get(key[0]) or far.get(key[2])
            if owner is None and lacks(key, at_s):
                owner = UNKNOWN
            if owner is not None:
                truth.add(owner, at_s, packet)
            elif key[0] in hosts or key[2] in hosts:
                strange.setdefault(key, at_s)
        counts[owner or BENIGN] += 1
    if strange:
        named = ", ".join(f"{written(key)} at {at:.3f}" for key, at in [*strange.items()][:MOST_NAMED])
        raise LabError(f"{len(strange)} flows of attacking hosts are in no log of theirs: {named}")
    _check_icmp(truth)
    return counts


def _check_icmp(truth: Truth) -> None:
    """No flow of ICMP may have two owners at about the same time."""
    for key, own in truth.episodes.items():
        for one, other in zip(own, own[1:], strict=False):
            if key[4] == ICMP and other.first_s - one.last_s < ICMP_SECONDS:
                raise LabError(f"{written(key)} is {one.owner}'s and {other.owner}'s at the same time")


def write(path: Path, truth: Truth) -> None:
    """Writes the labels file; what no line before the last names is benign."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("flow key", "from", "to", "label"))
        writer.writerows(truth.lines())
        writer.writerow(("*-*-*-*-*", "", "", BENIGN))


def written(key: Key) -> str:
    """A key as Weir reads it."""
    a, a_port, b, b_port, protocol = key
    return f"{'.'.join(map(str, a))}-{'.'.join(map(str, b))}-{a_port}-{b_port}-{protocol}"
