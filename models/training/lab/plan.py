"""Who is where in a run: addresses drawn from the seed, links and how far the outside is away.

Owns: the addresses of every host, pod and attacker, the same for both runs of a scenario. Refuses:
to make anything; an address outside the networks for documentation and those private to a cluster.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

# The last number of each pod's address, by node.
PODS_HERE = {"web": 21, "api": 22, "cache": 31, "dns": 53, "tool": 77, "odd": 88}
PODS_AWAY = {"db": 11, "logs": 14, "mail": 25, "batch": 50}
PODS = PODS_HERE | PODS_AWAY
# Nobody is there: what is sent to it is never answered.
SILENT = "192.0.2.250"
DOCUMENTATION = ("203.0.113", "198.51.100")
CLUSTERS = ("10.244", "10.42", "172.20", "10.128")
# As Linux has it.
EPHEMERAL = (32_768, 60_999)
VXLAN_PORTS = (4789, 8472)


@dataclass(frozen=True)
class Links:
    """What carries packets: rates, and how far the outside is away."""

    wan_mbit: float = 200.0
    pod_mbit: float = 1000.0
    nodes_mbit: float = 1000.0
    # Of each outside address one is drawn.
    away_ms: tuple[float, ...] = (6.0, 18.0, 35.0, 80.0)
    loss: float = 0.0005


class Attacks(Protocol):
    """What a plan needs to know of an attack."""

    @property
    def origin(self) -> str: ...
    @property
    def hosts(self) -> int: ...
    @property
    def far(self) -> int: ...


def crowded(clients: Sequence[str]) -> str:
    """The one of all clients that stands for a NAT."""
    return clients[len(clients) // 2]


@dataclass(frozen=True)
class Plan:
    """Who is where. `clients` share a namespace; the hosts of each attack have their own."""

    node: str
    # The first three numbers of the pods' addresses on either node.
    pods: str
    pods2: str
    underlay: tuple[str, str]
    vxlan_port: int
    clients: tuple[str, ...]
    # By attack: its hosts outside, none if it comes from a pod; and the hosts that a pod talks to.
    attackers: tuple[tuple[str, ...], ...]
    far: tuple[tuple[str, ...], ...]
    seed: int
    links: Links = Links()

    @classmethod
    def drawn(cls, seed: int, people: int, attacks: Sequence[Attacks] = (), links: Links = Links()) -> Plan:
        """A plan of its own for every seed."""
        rng = random.Random(f"plan {seed}")
        free = [f"{network}.{host}" for network in DOCUMENTATION for host in range(2, 250)]
        rng.shuffle(free)
        taken = iter(free)
        clients = tuple(islice(taken, people))
        attackers = []
        for one in attacks:
            shared = sorted(rng.sample(clients, people), key=lambda client: client != crowded(clients))
            own = {"outside": taken, "shared": iter(shared), "pod": iter(())}[one.origin]
            attackers.append(tuple(islice(own, one.hosts)))
        cluster, first = rng.choice(CLUSTERS), rng.randrange(0, 30)
        return cls(
            node=f"192.0.2.{rng.randrange(10, 200)}",
            pods=f"{cluster}.{first}",
            pods2=f"{cluster}.{first + 1}",
            underlay=("172.31.0.2", "172.31.0.3"),
            vxlan_port=rng.choice(VXLAN_PORTS),
            clients=clients,
            attackers=tuple(attackers),
            far=tuple(tuple(islice(taken, one.far)) for one in attacks),
            seed=seed,
            links=links,
        )

    def pod(self, name: str) -> str:
        """The address of a pod."""
        return f"{self.pods if name in PODS_HERE else self.pods2}.{PODS[name]}"

    @property
    def gateway(self) -> str:
        """The first node's address on its pods' side."""
        return f"{self.pods}.1"

    @property
    def nat(self) -> str:
        """The address that many people share; the first that an attack shares with them."""
        return crowded(self.clients)

    @property
    def outside(self) -> dict[str, tuple[str, ...]]:
        """The namespaces of hosts outside and their addresses."""
        groups = {"out": self.clients}
        for number, (own, far) in enumerate(zip(self.attackers, self.far, strict=True)):
            groups |= ({f"bad{number}": own} if own else {}) | ({f"far{number}": far} if far else {})
        return groups

    @property
    def ports(self) -> dict[str, tuple[int, int]]:
        """The first and last port that a namespace's connections come from, where several have the same address.

        No two of them may ever use the same port, as behind a NAT; who has which is drawn.
        """
        sharing = [f"bad{number}" for number, own in enumerate(self.attackers) if set(own) & set(self.clients)]
        if not sharing:
            return {}
        names = ["out", *sharing]
        random.Random(f"ports {self.seed}").shuffle(names)
        first, last = EPHEMERAL
        width = (last + 1 - first) // len(names)
        return {name: (first + width * at, first + width * (at + 1) - 1) for at, name in enumerate(names)}

    def paths(self) -> dict[str, tuple[float, float, float]]:
        """Round trip and jitter in seconds, and loss, of every outside address."""
        rng = random.Random(f"paths {self.seed}")
        addresses = dict.fromkeys(address for group in self.outside.values() for address in group)
        return {
            address: (
                rng.choice(self.links.away_ms) / 1000 * rng.uniform(0.7, 1.4),
                rng.uniform(0.0005, 0.004),
                self.links.loss * rng.choice((0, 1, 4)),
            )
            for address in addresses
        }
