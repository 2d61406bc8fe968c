"""The pods' leg of what came through the ingress, as the pods' logs tell it.

Owns: reading these logs; whose each connection of the ingress to a pod was. Refuses: to know who
attacks: `truth` does, by the client's end of each request. A line of a log begins

    msec request_time connection remote_addr remote_port x_real_ip x_real_port server_port …
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packets import TCP, Key, canonical
from plan import PODS, Plan

# What the log says and what the capture shows may differ by as much.
SLACK_SECONDS = 0.05


@dataclass
class Upstream:
    """One connection of the ingress to a pod."""

    key: Key
    source: bytes
    first_s: float = float("inf")
    last_s: float = 0.0
    # The clients it was used for: their address and port, and when.
    clients: list[tuple[bytes, int, float]] = field(default_factory=list)

    def owner(self, whose: Callable[[bytes, int, float], str]) -> str:
        """Whose most of its requests are."""
        return Counter(whose(*client) for client in self.clients).most_common(1)[0][0]


@dataclass
class Logs:
    """All connections that the pods' logs know."""

    upstreams: list[Upstream]
    # Who opens connections for others, and to which ports they are logged.
    ingress: frozenset[bytes]
    served: frozenset[tuple[bytes, int]]

    def __post_init__(self) -> None:
        self._known = {one.key for one in self.upstreams}

    def lacks(self, key: Key) -> bool:
        """Whether a flow is one of the ingress to a logged port, and in no log."""
        if key[4] != TCP or key in self._known:
            return False
        ends = (key[0], key[1]), (key[2], key[3])
        return any(one[0] in self.ingress and other in self.served for one, other in (ends, ends[::-1]))


def read(plan: Plan, folder: Path) -> Logs:
    """The logs of the pods that have one."""
    ingress = frozenset((packed(plan.node), packed(f"{plan.pods}.0"), packed(plan.gateway)))
    upstreams, served = [], set()
    for pod in PODS:
        log = folder / f"{pod}.log"
        if not log.exists():
            continue
        found: dict[tuple[str, Key], Upstream] = {}
        for fields in rows(log):
            source, address = packed(fields[3]), packed(plan.pod(pod))
            served.add((address, int(fields[7])))
            if source not in ingress:
                continue
            key = canonical(source, int(fields[4]), address, int(fields[7]), TCP)
            one = found.setdefault((fields[2], key), Upstream(key, source))
            at_s = float(fields[0])
            one.first_s = min(one.first_s, at_s - float(fields[1]) - SLACK_SECONDS)
            one.last_s = max(one.last_s, at_s)
            # Who has no client asks for himself: a probe of the node.
            client = (packed(fields[5]), int(fields[6])) if fields[5] != "-" else (source, int(fields[4]))
            one.clients.append((*client, at_s - float(fields[1])))
        upstreams += found.values()
    return Logs(sorted(upstreams, key=lambda one: one.first_s), ingress, frozenset(served))


def rows(log: Path) -> Iterator[list[str]]:
    """The lines of a log that are requests."""
    for line in log.read_text(errors="replace").splitlines():
        fields = line.split(" ", 11)
        if len(fields) >= 8 and fields[3].count(".") == 3 and fields[4].isdigit():
            yield fields


def packed(address: str) -> bytes:
    """An IPv4 address as packets have it."""
    return bytes(map(int, address.split(".")))


def by_client(keys: Iterable[Key], server: bytes) -> dict[tuple[bytes, int], list[Key]]:
    """The flows of TCP to a server, by the client's end."""
    found: dict[tuple[bytes, int], list[Key]] = defaultdict(list)
    for key in keys:
        for end, other in (((key[0], key[1]), key[2]), ((key[2], key[3]), key[0])):
            if key[4] == TCP and other == server:
                found[end].append(key)
    return found
