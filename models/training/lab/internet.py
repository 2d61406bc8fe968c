"""The way between the node and the hosts outside: delay, jitter and loss.

Owns: one TUN interface in the node's namespace and one in that of each group of
outside hosts, and every packet between them. Refuses: to keep more than a bound
of packets, to reorder those of one address, to know more of a packet than its
addresses. Run by `network` as `internet.py PLAN`, PLAN being JSON; it ends when
it is killed.

The kernels these runs are made on have no netem, and a wire without delay makes
flows that no client on the internet could have.
"""

from __future__ import annotations

import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Self

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES = 65_535
HELD_PACKETS = 20_000
BATCH = 64
SOURCE, TARGET = slice(12, 16), slice(16, 20)
# Senders that nobody owns (a flood that forges them) are as far away as this.
STRANGER = (0.015, 0.004, 0.0)


def tun(name: str, namespace: str) -> int:
    """A TUN interface that was moved to a namespace; what is written to it arrives there."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH14x", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", name, "txqueuelen", "2000", "netns", namespace], check=True)
    return file


@dataclass(order=True)
class Held:
    """A packet on its way."""

    due_s: float
    number: int
    file: int = field(compare=False)
    packet: bytes = field(compare=False)


class Internet:
    """Routes by destination, holds each packet as long as its outside address is away."""

    def __init__(self, node: int, hosts: dict[bytes, int], paths: dict[bytes, tuple[float, float, float]],
                 rng: random.Random) -> None:
        self._node, self._hosts, self._paths, self._rng = node, hosts, paths, rng
        self._files = [node, *set(hosts.values())]
        self._held: list[Held] = []
        self._last_due: dict[tuple[bytes, bool], float] = {}
        self._number = 0

    @classmethod
    def build(cls, plan: dict[str, Any]) -> Self:
        """Makes the interfaces of a plan; each is in its namespace afterwards."""
        node = tun(*plan["node"])
        hosts, paths = {}, {}
        for group in plan["groups"]:
            file = tun(group["interface"], group["namespace"])
            for address, path in group["addresses"].items():
                key = bytes(map(int, address.split(".")))
                hosts[key], paths[key] = file, tuple(path)
        return cls(node, hosts, paths, random.Random(plan["seed"]))

    def carry(self) -> None:
        """Carries packets, for ever."""
        while True:
            wait = max(0.0, self._held[0].due_s - time.monotonic()) if self._held else 1.0
            for file in select.select(self._files, [], [], wait)[0]:
                self._receive(file)
            self._deliver()

    def _receive(self, file: int) -> None:
        """Takes what an interface has, a batch at most, so that no other one starves."""
        for _ in range(BATCH):
            try:
                packet = os.read(file, PACKET_BYTES)
            except BlockingIOError:
                return
            # IPv4 only: the kernel sends IPv6 router solicitations nobody asked for.
            if len(packet) >= 20 and packet[0] >> 4 == 4 and len(self._held) < HELD_PACKETS:
                self._hold(file == self._node, packet)

    def _hold(self, from_node: bool, packet: bytes) -> None:
        outside = packet[TARGET] if from_node else packet[SOURCE]
        # Nobody is at any other address: what goes there is never answered.
        to = self._hosts.get(packet[TARGET]) if from_node else self._hosts.get(packet[TARGET], self._node)
        away_s, jitter_s, loss = self._paths.get(outside, STRANGER)
        if to is None or self._rng.random() < loss:
            return
        due = time.monotonic() + away_s / 2 + self._rng.expovariate(2 / jitter_s)
        due = max(due, self._last_due.get((outside, from_node), 0.0))
        if outside in self._paths:
            self._last_due[outside, from_node] = due
        self._number += 1
        heapq.heappush(self._held, Held(due, self._number, to, packet))

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._held and self._held[0].due_s <= now:
            held = heapq.heappop(self._held)
            try:
                os.write(held.file, held.packet)
            except OSError:
                # A full or closed interface loses packets, as any router does.
                continue


if __name__ == "__main__":
    Internet.build(json.loads(sys.argv[1])).carry()
