"""Two network namespaces joined by a veth pair.

Owns: the wire between them and its counters. Refuses: more than two ends; what
runs inside is decided by `traffic` and `live`. Making, removing and everything
started inside is `namespaces`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from namespaces import OFFLOADS, End, Namespaces, command


@dataclass(frozen=True)
class Counters:
    """What an interface counted since it was made, in frames and bytes."""

    sent: int
    received: int
    dropped: int
    bytes: int


class Lab(Namespaces):
    """The two ends, `client` and `server`."""

    def __init__(self, seconds: float) -> None:
        self.client = End(f"weir-bench-{os.getpid()}-c", "wire0")
        self.server = End(f"weir-bench-{os.getpid()}-s", "wire1")
        super().__init__([self.client.namespace, self.server.namespace], seconds)

    def counters(self, end: End) -> Counters:
        """The interface's own statistics, those of `/sys/class/net/*/statistics`."""
        shown = command(["ip", "-n", end.namespace, "-s", "-j", "link", "show", end.interface])
        stats = json.loads(shown)[0]["stats64"]
        rx, tx = stats["rx"], stats["tx"]
        return Counters(
            tx["packets"], rx["packets"], rx["dropped"] + tx["dropped"] + rx["errors"] + tx["errors"],
            rx["bytes"] + tx["bytes"],
        )

    def _join(self) -> None:
        command([
            "ip", "link", "add", self.client.interface, "netns", self.client.namespace,
            "type", "veth", "peer", "name", self.server.interface, "netns", self.server.namespace,
        ])
        for end in (self.client, self.server):
            # Frames as a real wire carries them: MTU-sized, with their checksums.
            for offload in OFFLOADS:
                self.run(end, "ethtool", "-K", end.interface, offload, "off")
