"""Ground truth of a run, in Weir's label format.

Owns: which flows are the attack's. The client's leg is known by address, because
an attack's addresses do nothing else; the pods' leg by the pods' own logs, which
name the client each connection of the ingress was opened for. Refuses: to guess;
what no line names is benign.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from network import Plan

# Connections may linger in closing, and are still the attack's.
LINGER_SECONDS = 30.0
SLACK_SECONDS = 0.05
# As long as the ingress keeps a connection that has nothing to carry.
IDLE_SECONDS = 60.0
# A slow attack reaches a pod as connections that last; the rest is its tool looking whether the shop is still up.
LEAST_SECONDS = {"dos-slow": 2.0}
TCP = 6
POD_PORTS = {"web": 80, "api": 8080}

Line = tuple[str, str, str, str]


@dataclass(frozen=True)
class Window:
    """An attack as it was carried out: by whom, and when."""

    label: str
    sources: tuple[str, ...]
    start_s: float
    end_s: float
    # Flow keys of forged senders cannot be known by address: the port attacked stands for them.
    forged_port: int | None = None


@dataclass(eq=False)
class Upstream:
    """One connection from the ingress to a pod, as the pod saw it."""

    pod: str
    port: int
    first_s: float = float("inf")
    last_s: float = 0.0
    clients: Counter[str] = field(default_factory=Counter)

    def mostly(self, sources: Iterable[str]) -> bool:
        """Whether most of its requests came from one of `sources`."""
        return 2 * sum(self.clients[source] for source in sources) > self.clients.total()


def upstreams(plan: Plan, folder: Path) -> Iterator[Upstream]:
    """The connections of the ingress in the logs of the pods; probes of the node come from the bridge."""
    for pod in POD_PORTS:
        seen: dict[tuple[str, str], Upstream] = {}
        for row in (folder / f"{pod}.log").read_text().splitlines():
            at, took, connection, remote, port, client, _ = row.split()
            if remote != plan.node:
                continue
            found = seen.setdefault((connection, port), Upstream(pod, int(port)))
            found.first_s = min(found.first_s, float(at) - float(took))
            found.last_s = max(found.last_s, float(at))
            found.clients[client] += 1
        yield from seen.values()


def lines(plan: Plan, windows: Iterable[Window], folder: Path) -> list[Line]:
    """The label file's lines; the first that fits a flow counts."""
    connections = list(upstreams(plan, folder))
    found = []
    for window in windows:
        end = window.end_s + LINGER_SECONDS
        found += pod_lines(plan, window, connections)
        found += [line(f"{source}-*-*-*-*", window.start_s, end, window.label) for source in window.sources]
        if window.forged_port is not None:
            found += [line(f"{client}-{plan.node}-*-*-*", None, None, "benign") for client in plan.clients]
            found.append(line(f"*-{plan.node}-*-{window.forged_port}-*", window.start_s, end, window.label))
    return [*dict.fromkeys(found), line("*-*-*-*-*", None, None, "benign")]


def pod_lines(plan: Plan, window: Window, connections: Iterable[Upstream]) -> list[Line]:
    """The pods' leg of an attack: what is not the attack's, by connection, then its time as a whole.

    A connection is the attack's when most of its requests are.
    """
    by_pod: dict[str, list[Upstream]] = defaultdict(list)
    for connection in connections:
        by_pod[connection.pod].append(connection)
    found = []
    for pod, own in by_pod.items():
        least_s = LEAST_SECONDS.get(window.label, 0.0)
        attack = [one for one in own if one.mostly(window.sources) and one.last_s - one.first_s >= least_s]
        if not attack:
            continue
        first, last = min(one.first_s for one in attack), max(one.last_s for one in attack)
        key, port = f"{plan.node}-{plan.pod(pod)}", POD_PORTS[pod]
        found += [
            line(f"{key}-{one.port}-{port}-{TCP}", one.first_s - SLACK_SECONDS, one.last_s + SLACK_SECONDS, "benign")
            for one in own
            if one not in attack and one.last_s + IDLE_SECONDS >= first and one.first_s <= last + LINGER_SECONDS
        ]
        found.append(line(f"{key}-*-{port}-{TCP}", first - SLACK_SECONDS, last + SLACK_SECONDS, window.label))
    return found


def line(key: str, start_s: float | None, end_s: float | None, label: str) -> Line:
    """One line; a time that is not given is open."""
    return key, rfc3339(start_s), rfc3339(end_s), label


def rfc3339(at_s: float | None) -> str:
    """A time as Weir reads it."""
    return "" if at_s is None else datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write(path: Path, rows: Iterable[Line]) -> None:
    """Writes a label file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("flow key", "from", "to", "label"))
        writer.writerows(rows)
