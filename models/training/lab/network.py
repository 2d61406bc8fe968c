"""The network of a run: hosts outside, a node with an ingress, pods behind it.

Owns: addresses (`Plan`), namespaces, interfaces, routes and what `tcpdump` sees.
Refuses: to know what is said over them. Namespaces come from `benches`, so that
there is one way to make and to remove them: import this before `namespaces`.

    out, bad0, bad1 …           node                          pods
    [up0 TUN]──internet.py──[wan0 TUN | nginx | cni0 bridge]──[eth0 veth] web, api, dns, tool, odd
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[2] / "benches"))

from namespaces import OFFLOADS, End, LabError, Namespaces, command  # noqa: E402

PODS = {"web": 21, "api": 22, "dns": 53, "tool": 77, "odd": 88}
WAN, BRIDGE = "wan0", "cni0"
# Nobody is there: what is sent to it is never answered.
SILENT = "192.0.2.250"
SNAP_BYTES = 192
MOST_PACKETS = 500_000
DOCUMENTATION = ("203.0.113", "198.51.100")


@dataclass(frozen=True)
class Plan:
    """Who is where. `clients` share a namespace; each group of attackers has its own."""

    node: str
    pods: str
    clients: tuple[str, ...]
    attackers: tuple[tuple[str, ...], ...]
    offload: bool
    seed: int

    @classmethod
    def drawn(cls, seed: int, clients: int, attackers: tuple[int, ...] = (1,)) -> Plan:
        """A plan of its own for every seed."""
        rng = random.Random(f"plan {seed}")
        free = [f"{network}.{host}" for network in DOCUMENTATION for host in range(2, 250)]
        drawn = rng.sample(free, clients + sum(attackers))
        groups = []
        for size in attackers:
            groups.append(tuple(drawn[-size:]))
            del drawn[-size:]
        pods = rng.choice([f"10.244.{rng.randrange(8)}", f"10.42.{rng.randrange(8)}", f"172.20.{rng.randrange(32)}"])
        return cls(
            f"192.0.2.{rng.randrange(10, 200)}", pods, tuple(drawn), tuple(groups), rng.random() < 0.3, seed,
        )

    def pod(self, name: str) -> str:
        """The address of a pod."""
        return f"{self.pods}.{PODS[name]}"

    def attackers_at(self, place: str) -> tuple[str, ...]:
        """The addresses of `bad0`, `bad1`… or of the pod that has gone bad, `odd`."""
        return (self.pod(place),) if place in PODS else self.attackers[int(place.removeprefix("bad"))]

    @property
    def gateway(self) -> str:
        """The node's address on the pods' side."""
        return f"{self.pods}.1"

    def paths(self) -> dict[str, tuple[float, float, float]]:
        """Round trip and jitter in seconds, and loss, of every outside address."""
        rng = random.Random(f"paths {self.seed}")
        return {
            address: (
                rng.choice((0.006, 0.018, 0.035, 0.08)) * rng.uniform(0.7, 1.4),
                rng.uniform(0.0005, 0.004),
                rng.choice((0.0, 0.0005, 0.002)),
            )
            for address in (*self.clients, *(address for group in self.attackers for address in group))
        }


class Network(Namespaces):
    """The namespaces of a plan, joined."""

    def __init__(self, plan: Plan, seconds: float) -> None:
        self.plan = plan
        self._prefix = f"weir-lab-{os.getpid()}-"
        self._internet = self._end("net", "lo")
        self.relay: subprocess.Popen[bytes]
        self.node = self._end("node", WAN)
        self.outside = {"out": plan.clients, **{f"bad{n}": group for n, group in enumerate(plan.attackers)}}
        self._ends = {
            "node": self.node,
            **{name: self._end(name, "up0") for name in self.outside},
            **{name: self._end(name, "eth0") for name in PODS},
        }
        super().__init__([self._internet.namespace, *(end.namespace for end in self._ends.values())], seconds)

    def end(self, name: str) -> End:
        """`node`, `out`, `bad0`… or a pod."""
        return self._ends[name]

    def capture(self, path: Path, log: Path) -> subprocess.Popen[bytes]:
        """Starts tcpdump on the node; it sees every packet once, and is listening on return.

        What is routed between outside and a pod crosses both interfaces: it is taken outside only.
        """
        outside, inside = (self._index(name) for name in (WAN, BRIDGE))
        near = [f"({way} net {self.plan.pods}.0/24 or {way} host {self.plan.node})" for way in ("src", "dst")]
        with log.open("wb") as stderr:
            program = self.start(
                self.node,
                ["tcpdump", "-Z", "root", "-ni", "any", "-s", str(SNAP_BYTES), "-B", "65536",
                 "-c", str(MOST_PACKETS), "-w", path,
                 f"ifindex {outside} or (ifindex {inside} and {' and '.join(near)})"],
                stderr=stderr,
            )
        self._until(lambda: "listening on" in log.read_text(), f"tcpdump: see {log}")
        return program

    def _end(self, name: str, interface: str) -> End:
        return End(self._prefix + name, interface)

    def _index(self, interface: str) -> int:
        shown = command(["ip", "-n", self.node.namespace, "-j", "link", "show", interface])
        return int(json.loads(shown)[0]["ifindex"])

    def _join(self) -> None:
        for end in self._ends.values():
            self.run(end, "sysctl", "-qw", *(f"net.ipv6.conf.{which}.disable_ipv6=1" for which in ("all", "default")),
                     "net.ipv4.ip_forward=1")
            ip(end, "link", "set", "lo", "up")
        self._join_pods()
        self._join_outside()

    def _join_pods(self) -> None:
        plan, node = self.plan, self.node
        ip(node, "link", "add", BRIDGE, "type", "bridge")
        for name in PODS:
            end, port = self.end(name), f"veth-{name}"
            ip(node, "link", "add", port, "type", "veth", "peer", "name", end.interface, "netns", end.namespace)
            ip(node, "link", "set", port, "master", BRIDGE, "up")
            ip(end, "addr", "add", f"{plan.pod(name)}/24", "dev", end.interface)
            ip(end, "link", "set", end.interface, "up")
            ip(end, "route", "add", "default", "via", plan.gateway)
            if not plan.offload:
                # Frames as a real wire carries them: MTU-sized.
                for offload in OFFLOADS:
                    self.run(end, "ethtool", "-K", end.interface, offload, "off")
                    self.run(node, "ethtool", "-K", port, offload, "off")
        ip(node, "addr", "add", f"{plan.gateway}/24", "dev", BRIDGE)
        # What pods say to each other passes the bridge by; promiscuous, it is seen as well.
        ip(node, "link", "set", BRIDGE, "promisc", "on", "up")

    def _join_outside(self) -> None:
        paths = self.plan.paths()
        groups = [
            {"interface": self.end(name).interface, "namespace": self.end(name).namespace,
             "addresses": {address: paths[address] for address in addresses}}
            for name, addresses in self.outside.items()
        ]
        words = {"node": (WAN, self.node.namespace), "groups": groups, "seed": self.plan.seed}
        self.relay = self.start(self._internet, [sys.executable, HERE / "internet.py", json.dumps(words)])
        self._until(lambda: self._arrived() or self.relay.poll() is not None, "the TUN interfaces of internet.py")
        if self.relay.poll() is not None:
            raise LabError("internet.py ended at once: is there a /dev/net/tun?")
        for name, addresses in self.outside.items():
            end = self.end(name)
            for address in addresses:
                ip(end, "addr", "add", f"{address}/32", "dev", end.interface)
            ip(end, "link", "set", end.interface, "up")
            ip(end, "route", "add", "default", "dev", end.interface, "src", addresses[0])
        ip(self.node, "addr", "add", f"{self.plan.node}/32", "dev", WAN)
        ip(self.node, "link", "set", WAN, "up")
        ip(self.node, "route", "add", "default", "dev", WAN, "src", self.plan.node)

    def _arrived(self) -> bool:
        last = [self.end(name) for name in self.outside][-1]
        shown = subprocess.run(["ip", "-n", last.namespace, "link", "show", last.interface], capture_output=True)
        return shown.returncode == 0

    @staticmethod
    def _until(done: Callable[[], bool], what: str) -> None:
        for _ in range(200):
            if done():
                return
            time.sleep(0.05)
        raise LabError(f"waited 10 s for {what}")


def ip(end: End, *words: str) -> None:
    """One `ip` command inside a namespace."""
    command(["ip", "-n", end.namespace, *words])
