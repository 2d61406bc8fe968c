"""The network of a run: hosts outside, two nodes, the pods behind them.

Owns: namespaces, interfaces, routes, rates, how programs are started inside, and what `tcpdump`
sees. Refuses: to know what is said over them. Namespaces are made as in `benches`; `netns` removes
them.

    out, bad0, far0 …         node                                node2
    [up0 TUN]─internet.py─[wan0 TUN | ingress | eth0 veth]──[eth0 veth | pods0 VXLAN]
                          [cni0 bridge | pods0 VXLAN]        [cni0 bridge]
                          [eth0 veth] web, api, dns …        [eth0 veth] db, logs …
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from netns import HERE, PREFIX, PYTHON, batch, inside, living, prefer, sweep, until
from namespaces import OFFLOADS, End, Namespaces, command, ignore_signals, kill_group
from plan import PODS, PODS_AWAY, PODS_HERE, Plan

WAN, BRIDGE, UNDERLAY, OVERLAY = "wan0", "cni0", "eth0", "pods0"
# A frame between the nodes carries 50 bytes more.
POD_MTU = 1450


class Network(Namespaces):
    """The namespaces of a plan, joined."""

    def __init__(self, plan: Plan, *, offload: bool, seconds: float) -> None:
        self.plan, self.offload = plan, offload
        self._prefix = f"{PREFIX}-{os.getpid()}-"
        self._internet = self._end("net", "lo")
        self.node, self.node2 = self._end("node", WAN), self._end("node2", UNDERLAY)
        self.relay: subprocess.Popen[bytes]
        self._ends = {
            "node": self.node,
            "node2": self.node2,
            **{name: self._end(name, "up0") for name in plan.outside},
            **{name: self._end(name, "eth0") for name in PODS},
        }
        super().__init__([self._internet.namespace, *(end.namespace for end in self._ends.values())], seconds)

    def end(self, name: str) -> End:
        """`node`, `node2`, `out`, `bad0`, `far0`… or a pod."""
        return self._ends[name]

    def start(
        self, end: End, argv: Sequence[str | Path], stdout: IO[bytes] | None = None, stderr: IO[bytes] | None = None,
        folder: Path | None = None, env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a program at `end`; it is there from its birth, which costs no other program."""
        with inside(end.namespace):
            program = subprocess.Popen(
                list(map(str, argv)),
                stdin=subprocess.DEVNULL,
                stdout=stdout or subprocess.DEVNULL,
                stderr=stderr or subprocess.DEVNULL,
                cwd=folder,
                env=env,
                start_new_session=True,
            )
        self._started.append(program)
        return program

    def run(self, end: End, *argv: str | Path) -> None:
        """Runs a short program at `end`; it must end well."""
        with inside(end.namespace):
            command(list(map(str, argv)))

    def read(self, end: End, path: str) -> str:
        """The text of a file under `/proc` as `end` sees it."""
        with inside(end.namespace):
            return Path(path.replace("/proc/net/", "/proc/thread-self/net/")).read_text()

    def forget_ended(self) -> None:
        """Takes note of the programs that are over, so that they are not kept for the cleaning up."""
        self._started = [program for program in self._started if program.poll() is None]

    def kill_user(self, places: Sequence[str], user: int) -> None:
        """Ends what a user still runs at some places, whatever its session."""
        for pid in living([self.end(place).namespace for place in places]):
            with suppress(OSError):
                if os.stat(f"/proc/{pid}").st_uid == user:
                    os.kill(pid, signal.SIGKILL)

    def capture(self, path: Path, log: Path, snap_bytes: int, most_packets: int) -> subprocess.Popen[bytes]:
        """Starts tcpdump on the first node; it sees every packet once, and is listening on return.

        What crosses two of its interfaces is taken outside, or else between the nodes.
        """
        plan = self.plan
        wan, bridge, underlay = (self._index(name) for name in (WAN, BRIDGE, UNDERLAY))
        near = [f"({way} net {plan.pods}.0/24 or {way} host {plan.node})" for way in ("src", "dst")]
        # Of the addresses inside a VXLAN frame, both must be of the cluster.
        hosts = [(24, f"{plan.pods}.0"), (24, f"{plan.pods2}.0"), (32, plan.node)]
        inner = ["(" + " or ".join(f"udp[{at}:4] & {mask(bits):#x} = {number(host):#x}" for bits, host in hosts) + ")"
                 for at in (42, 46)]
        seen = (f"ifindex {wan} or (ifindex {bridge} and {' and '.join(near)}) or (ifindex {underlay} "
                f"and udp dst port {plan.vxlan_port} and udp[28:2] = 0x0800 and {' and '.join(inner)})")
        with log.open("wb") as stderr:
            program = self.start(
                self.node,
                ["tcpdump", "-Z", "root", "-ni", "any", "-s", str(snap_bytes), "-B", "32768",
                 "-c", str(most_packets), "-w", path, seen],
                stderr=stderr,
            )
        prefer(program)
        until(lambda: "listening on" in log.read_text(), f"tcpdump: see {log}", program)
        return program

    def _remove(self) -> None:
        before = ignore_signals()
        for program in self._started:
            if program.poll() is None:
                kill_group(program)
        sweep(self._names)
        for sign, handler in before.items():
            signal.signal(sign, handler)

    def _end(self, name: str, interface: str) -> End:
        return End(self._prefix + name, interface)

    def _index(self, interface: str) -> int:
        shown = command(["ip", "-n", self.node.namespace, "-j", "link", "show", interface])
        return int(json.loads(shown)[0]["ifindex"])

    def _join(self) -> None:
        for end in self._ends.values():
            with inside(end.namespace):
                for path, value in SETTINGS.items():
                    Path("/proc/sys/net", path).write_text(value)
        for name, (first, last) in self.plan.ports.items():
            with inside(self.end(name).namespace):
                Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{first} {last}")
        self._join_nodes()
        self._join_pods("node", PODS_HERE, self.plan.pods)
        self._join_pods("node2", PODS_AWAY, self.plan.pods2)
        self._join_outside()
        if not self.offload:
            # Frames as a real wire carries them: MTU-sized.
            for name, interfaces in self._interfaces().items():
                for interface in interfaces:
                    self.run(self.end(name), "ethtool", "-K", interface, *(f"{word}" for each in OFFLOADS
                                                                           for word in (each, "off")))

    def _interfaces(self) -> dict[str, list[str]]:
        """Those whose offloads may be set, by place."""
        nodes = {"node": PODS_HERE, "node2": PODS_AWAY}
        return {
            **{node: [UNDERLAY, OVERLAY, BRIDGE, *map(port, pods)] for node, pods in nodes.items()},
            **{pod: ["eth0"] for pod in PODS},
        }

    def _join_nodes(self) -> None:
        """A wire between the nodes and, over it, VXLAN as a cluster's overlay lays it."""
        plan = self.plan
        addresses, nets = plan.underlay, (plan.pods, plan.pods2)
        batch("ip", self.node, [f"link add {UNDERLAY} type veth peer name {UNDERLAY} netns {self.node2.namespace}"])
        for this, node in enumerate((self.node, self.node2)):
            that = 1 - this
            batch("ip", node, [
                "link set lo up",
                f"addr add {addresses[this]}/24 dev {UNDERLAY}",
                f"link set {UNDERLAY} mtu {POD_MTU + 50} up",
                f"link add {OVERLAY} address {overlay_mac(this)} type vxlan id 1 dstport {plan.vxlan_port} "
                f"local {addresses[this]} remote {addresses[that]} nolearning dev {UNDERLAY}",
                f"addr add {nets[this]}.0/32 dev {OVERLAY}",
                f"link set {OVERLAY} mtu {POD_MTU} up",
                f"neigh add {nets[that]}.0 lladdr {overlay_mac(that)} dev {OVERLAY} nud permanent",
                f"route add {nets[that]}.0/24 via {nets[that]}.0 dev {OVERLAY} onlink",
            ])
            batch("tc", node, shaped(UNDERLAY, plan.links.nodes_mbit))
        batch("ip", self.node2, [f"route add default via {plan.pods}.0 dev {OVERLAY} onlink"])
        # The first node's other addresses are behind the same neighbour.
        batch("ip", self.node2, [f"neigh replace {plan.pods}.0 lladdr {overlay_mac(0)} dev {OVERLAY} nud permanent"])

    def _join_pods(self, name: str, pods: Mapping[str, int], net: str) -> None:
        node, links = self.end(name), self.plan.links
        lines = [f"link add {BRIDGE} type bridge"]
        for pod in pods:
            lines += [f"link add {port(pod)} type veth peer name eth0 netns {self.end(pod).namespace}",
                      f"link set {port(pod)} mtu {POD_MTU} master {BRIDGE} up"]
        # What pods say to each other passes the bridge by; promiscuous, it is seen as well.
        lines += [f"addr add {net}.1/24 dev {BRIDGE}", f"link set {BRIDGE} mtu {POD_MTU} promisc on up"]
        batch("ip", node, lines)
        batch("tc", node, [line for pod in pods for line in shaped(port(pod), links.pod_mbit)])
        for pod, last in pods.items():
            batch("ip", self.end(pod), [
                "link set lo up", f"addr add {net}.{last}/24 dev eth0", f"link set eth0 mtu {POD_MTU} up",
                f"route add default via {net}.1",
            ])

    def _join_outside(self) -> None:
        plan = self.plan
        paths = plan.paths()
        groups = [
            {"interface": self.end(name).interface, "namespace": self.end(name).namespace,
             "addresses": {address: paths[address] for address in addresses}}
            for name, addresses in plan.outside.items()
        ]
        words = {"node": (WAN, self.node.namespace), "groups": groups, "seed": plan.seed, "offload": self.offload}
        self.relay = self.start(self._internet, [PYTHON, HERE / "internet.py", json.dumps(words)])
        prefer(self.relay)
        last = self.end([*plan.outside][-1])
        until(lambda: f"{last.interface}:" in self.read(last, "/proc/net/dev"),
              "the TUN interfaces of internet.py: is there a /dev/net/tun?", self.relay)
        for name, addresses in plan.outside.items():
            end = self.end(name)
            batch("ip", end, [
                "link set lo up",
                *(f"addr add {address}/32 dev {end.interface}" for address in addresses),
                f"link set {end.interface} up",
                f"route add default dev {end.interface} src {addresses[0]}",
            ])
            batch("tc", end, [limited(end.interface, plan.links.wan_mbit)])
        batch("ip", self.node, [
            f"addr add {plan.node}/32 dev {WAN}", f"link set {WAN} up", f"route add default dev {WAN} src {plan.node}",
        ])
        batch("tc", self.node, [limited(WAN, plan.links.wan_mbit)])


# Outside and inside alike: no IPv6, answers may leave by another way than questions came.
SETTINGS = {
    "ipv6/conf/all/disable_ipv6": "1", "ipv6/conf/default/disable_ipv6": "1", "ipv4/ip_forward": "1",
    "ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0",
}


def shaped(interface: str, mbit: float) -> list[str]:
    """The lines that give an interface a rate and a fair share of it to each flow."""
    return [f"qdisc add dev {interface} root handle 1: htb default 1",
            f"class add dev {interface} parent 1: classid 1:1 htb "
            f"rate {mbit}mbit burst 256kb cburst 256kb quantum 60000"]


def limited(interface: str, mbit: float) -> str:
    """The line that gives an interface a rate and a queue like a modem's."""
    return f"qdisc add dev {interface} root tbf rate {mbit}mbit burst 256kb latency 200ms"


def port(pod: str) -> str:
    """A pod's interface on its node."""
    return f"veth-{pod}"


def overlay_mac(node: int) -> str:
    """The address of the overlay's interface on a node."""
    return f"02:00:0a:00:00:{node + 1:02x}"


def mask(bits: int) -> int:
    """A network mask."""
    return 0xFFFFFFFF << (32 - bits) & 0xFFFFFFFF


def number(address: str) -> int:
    """An IPv4 address as a number."""
    return int.from_bytes(bytes(map(int, address.split("."))), "big")

