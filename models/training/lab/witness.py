"""What the programs of an attack sent, as the kernel of their own host saw it leave.

Owns: the rule of nftables by which the kernel logs each packet with the user whose socket sent it, and
what these logs say. Refuses: to guess; a host of no attack is not watched.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netns import prefer, until
from network import Network
from packets import Seen, seen

GROUP = 1
# The user of attack 0; each has one of its own. What has no socket is sent by the kernel, and has none.
FIRST_USER, MOST_ATTACKS = 64_001, 100
SNAP_BYTES = 128
# The kernel hands over several packets at once, and tcpdump must have room for all of them.
BATCH_PACKETS, BATCH_BYTES = 64, 65_535
RECORD = struct.Struct("<IIII")
FILE_BYTES = 24
# What the kernel has logged is handed over by then.
FLUSH_SECONDS = 1.2
GROUP_BYTES = 4
TLV = struct.Struct("<HH")
PAYLOAD, USER = 9, 11


@dataclass(frozen=True)
class Sent:
    """A packet as it left its host."""

    at_s: float
    # The number of the attack whose program sent it; `None` for everything else there.
    attack: int | None
    packet: Seen


def user(attack: int) -> int:
    """The user that the programs of an attack run as."""
    return FIRST_USER + attack


def watch(network: Network, place: str, folder: Path, only: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Begins to log what leaves a place, or only what comes from some of its addresses."""
    end = network.end(place)
    whose = f"ip saddr {{ {', '.join(only)} }} " if only else ""
    rules = ['oifname "lo" accept', f"{whose}log group {GROUP} snaplen {SNAP_BYTES} queue-threshold {BATCH_PACKETS}"]
    text = "\n".join(["table ip truth {", "chain out {", "type filter hook output priority 0;", *rules, "}", "}", ""])
    (folder / f"{place}.nft").write_text(text)
    network.run(end, "nft", "-f", folder / f"{place}.nft")
    said = log(folder, place)
    with said.open("wb") as stderr:
        program = network.start(
            end,
            ["tcpdump", "-Z", "root", "-n", "-i", f"nflog:{GROUP}", "-s", str(BATCH_BYTES), "-w", path(folder, place)],
            stderr=stderr,
        )
    prefer(program)
    until(lambda: "listening on" in said.read_text(), f"tcpdump at {place}: see {said}", program)
    return program


def path(folder: Path, place: str) -> Path:
    """The log of a place."""
    return folder / f"{place}.sent"


def log(folder: Path, place: str) -> Path:
    """What the tcpdump of a place says, also whether the kernel had to drop something."""
    return folder / f"{place}.nflog.log"


def read(folder: Path, place: str, attack: int | None = None) -> Iterator[Sent]:
    """What left a place, in order; all of it is of an attack if one has the place for itself."""
    raw = path(folder, place).read_bytes()
    at = FILE_BYTES
    while at + RECORD.size <= len(raw):
        seconds, micros, captured, _ = RECORD.unpack_from(raw, at)
        at += RECORD.size
        parts = dict(values(raw, at + GROUP_BYTES, at + captured))
        at += captured
        packet = seen(parts.get(PAYLOAD, b""), 0)
        if packet is not None:
            who = int.from_bytes(parts.get(USER, b""), "big")
            own = who - FIRST_USER if FIRST_USER <= who < FIRST_USER + MOST_ATTACKS else attack
            yield Sent(seconds + micros / 1e6, own, packet)


def values(raw: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    """What a record of the log says, by its type."""
    while at + TLV.size <= end:
        length, kind = TLV.unpack_from(raw, at)
        yield kind, raw[at + TLV.size : min(at + length, end)]
        at += (max(length, TLV.size) + 3) & ~3
