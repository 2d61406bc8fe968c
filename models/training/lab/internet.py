"""The way between the node and the hosts outside: delay, jitter and loss.

Owns: one TUN interface in the node's namespace and one in that of each group of
outside hosts, and every packet between them. Refuses: to keep more than a bound
of packets, to reorder those of one address, to change any. Run by `network` as
`internet.py PLAN`, PLAN being JSON; it ends when it is killed.

The kernels these runs are made on have no netem, and a wire without delay makes
flows that no client on the internet could have. An address may be that of several
groups, as behind a NAT: an answer goes to the group that opened its flow. With
segmentation offload packets above the MTU pass with their virtio header.
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
from collections import OrderedDict
from typing import Any

TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x1000, 0x4000
CHECKSUMS, SEGMENTS_V4 = 0x01, 0x02
VIRTIO_BYTES = 10
PACKET_BYTES = 65_535 + VIRTIO_BYTES
HELD_PACKETS = 20_000
KNOWN_FLOWS = 20_000
BATCH = 64
ICMP, TCP, UDP = 1, 6, 17
ICMP_ERRORS = frozenset({3, 11, 12})
# Senders that nobody owns (a flood that forges them) are as far away as this.
STRANGER = (0.015, 0.004, 0.0)


def tun(name: str, namespace: str, offload: bool) -> int:
    """A TUN interface that was moved to a namespace; what is written to it arrives there."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    flags = IFF_TUN | IFF_NO_PI | (IFF_VNET_HDR if offload else 0)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH14x", name.encode(), flags))
    if offload:
        fcntl.ioctl(file, TUNSETOFFLOAD, CHECKSUMS | SEGMENTS_V4)
    subprocess.run(["ip", "link", "set", name, "txqueuelen", "2000", "netns", namespace], check=True)
    return file


def flow(packet: bytes, at: int) -> tuple[bytes, bytes, bytes]:
    """Sender, receiver and what else makes a flow: protocol and ports, or an identifier."""
    inside = at + (packet[at] & 15) * 4
    protocol = packet[at + 9]
    ports = packet[inside : inside + 4] if protocol in (TCP, UDP) else packet[inside + 4 : inside + 6]
    return packet[at + 12 : at + 16], packet[at + 16 : at + 20], bytes((protocol,)) + ports


def answered(packet: bytes, at: int) -> tuple[bytes, bytes, bytes]:
    """The flow, as its opener sends it, that a packet answers; an ICMP error answers what it quotes."""
    inside = at + (packet[at] & 15) * 4
    if packet[at + 9] == ICMP and packet[inside] in ICMP_ERRORS and len(packet) >= inside + 8 + 28:
        return flow(packet, inside + 8)
    source, target, rest = flow(packet, at)
    if packet[at + 9] in (TCP, UDP):
        rest = rest[:1] + rest[3:5] + rest[1:3]
    return target, source, rest


class Internet:
    """Routes by destination, holds each packet as long as its outside address is away."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """Makes the interfaces of a plan; each is in its namespace afterwards."""
        offload = plan["offload"]
        # Where the IP header of what is read begins.
        self._at = VIRTIO_BYTES if offload else 0
        self._node = tun(*plan["node"], offload)
        self._hosts: dict[bytes, list[int]] = {}
        self._paths: dict[bytes, tuple[float, float, float]] = {}
        self._files = [self._node]
        for group in plan["groups"]:
            file = tun(group["interface"], group["namespace"], offload)
            self._files.append(file)
            for address, path in group["addresses"].items():
                key = bytes(map(int, address.split(".")))
                self._hosts.setdefault(key, []).append(file)
                self._paths[key] = tuple(path)
        self._rng = random.Random(plan["seed"])
        self._opened: OrderedDict[tuple[bytes, bytes, bytes], int] = OrderedDict()
        self._held: list[tuple[float, int, int, bytes]] = []
        self._last_due: dict[tuple[bytes, bool], float] = {}
        self._number = 0

    def carry(self) -> None:
        """Carries packets, for ever."""
        waiting = select.poll()
        for file in self._files:
            waiting.register(file, select.POLLIN)
        while True:
            wait_ms = max(0.0, self._held[0][0] - time.monotonic()) * 1000 if self._held else 1000.0
            for file, _ in waiting.poll(wait_ms):
                self._receive(file)
            self._deliver()

    def _receive(self, file: int) -> None:
        """Takes what an interface has, a batch at most, so that no other one starves."""
        at = self._at
        for _ in range(BATCH):
            try:
                packet = os.read(file, PACKET_BYTES)
            except BlockingIOError:
                return
            # IPv4 only: the kernel sends IPv6 router solicitations nobody asked for.
            if len(packet) >= at + 28 and packet[at] >> 4 == 4 and len(self._held) < HELD_PACKETS:
                self._hold(file, packet)

    def _hold(self, file: int, packet: bytes) -> None:
        at = self._at
        source, target = packet[at + 12 : at + 16], packet[at + 16 : at + 20]
        if len(self._hosts.get(source, ())) > 1:
            self._remember(flow(packet, at), file)
        to = self._towards(file, target, packet)
        outside = source if source in self._paths else target
        away_s, jitter_s, loss = self._paths.get(outside, STRANGER)
        if to is None or self._rng.random() < loss:
            return
        due = time.monotonic() + away_s / 2 + self._rng.expovariate(2 / jitter_s)
        if outside in self._paths:
            way = outside, outside is target
            self._last_due[way] = due = max(due, self._last_due.get(way, 0.0))
        self._number += 1
        heapq.heappush(self._held, (due, self._number, to, packet))

    def _towards(self, file: int, target: bytes, packet: bytes) -> int | None:
        """Where a packet goes; nobody is at an address that is neither a host's nor behind the node."""
        hosts = self._hosts.get(target)
        if hosts is None:
            return self._node if file != self._node else None
        return hosts[0] if len(hosts) == 1 else self._opened.get(answered(packet, self._at), hosts[0])

    def _remember(self, key: tuple[bytes, bytes, bytes], file: int) -> None:
        self._opened[key] = file
        self._opened.move_to_end(key)
        if len(self._opened) > KNOWN_FLOWS:
            self._opened.popitem(last=False)

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._held and self._held[0][0] <= now:
            _, _, file, packet = heapq.heappop(self._held)
            try:
                os.write(file, packet)
            except OSError:
                # A full or closed interface loses packets, as any router does.
                continue


if __name__ == "__main__":
    Internet(json.loads(sys.argv[1])).carry()
