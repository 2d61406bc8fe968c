"""What the programs of an attack sent, as the kernel of their own host saw it leave.

Owns: the rules of nftables that tell the programs of an attack, by their user, from everything
else at the same host, and the logs that these rules write. Refuses: to guess; a host of no attack
is not watched.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netns import until
from network import Network
from packets import Key, Seen, seen

# What the others at the host send; attack N writes to the group after this and N more.
OTHERS = 1
FIRST_USER = 64_001
SNAP_BYTES = 128
# The kernel hands over several packets at once, and tcpdump must have room for all of them.
BATCH_PACKETS, BATCH_BYTES = 64, 65_535
RECORD = struct.Struct("<IIII")
FILE_BYTES = 24
TLV = struct.Struct("<HH")
PAYLOAD = 9


@dataclass(frozen=True)
class Sent:
    """A packet as it left its host."""

    at_s: float
    # The number of the attack whose program sent it; `None` for everything else there.
    attack: int | None
    packet: Seen

    @property
    def key(self) -> Key:
        """Its flow."""
        return self.packet.key


def user(attack: int) -> int:
    """The user that the programs of an attack run as."""
    return FIRST_USER + attack


def watch(
    network: Network, place: str, attacks: Sequence[int], folder: Path, only: Sequence[str] = ()
) -> subprocess.Popen[bytes]:
    """Begins to log what leaves a place; of no user's, only what comes from some addresses if they are given."""
    end = network.end(place)
    log = f"snaplen {SNAP_BYTES} queue-threshold {BATCH_PACKETS}"
    rules = ['oifname "lo" accept']
    rules += [f"meta skuid {user(attack)} log group {OTHERS + 1 + attack} {log} accept" for attack in attacks]
    whose = f"ip saddr {{ {', '.join(only)} }} " if only else ""
    rules.append(f"{whose}log group {OTHERS} {log}")
    text = "\n".join(["table ip truth {", "chain out {", "type filter hook output priority 0;", *rules, "}", "}", ""])
    (folder / f"{place}.nft").write_text(text)
    network.run(end, "nft", "-f", folder / f"{place}.nft")
    groups = ",".join(map(str, (OTHERS, *(OTHERS + 1 + attack for attack in attacks))))
    said = folder / f"{place}.nflog.log"
    with said.open("wb") as stderr:
        program = network.start(
            end, ["tcpdump", "-Z", "root", "-n", "-i", f"nflog:{groups}",
                  "-s", str(BATCH_BYTES), "-w", path(folder, place)],
            stderr=stderr,
        )
    until(lambda: "listening on" in said.read_text(), f"tcpdump at {place}: see {said}", program)
    return program


def path(folder: Path, place: str) -> Path:
    """The log of a place."""
    return folder / f"{place}.sent"


def read(folder: Path, place: str) -> Iterator[Sent]:
    """What left a place, in order."""
    raw = path(folder, place).read_bytes()
    at = FILE_BYTES
    while at + RECORD.size <= len(raw):
        seconds, micros, captured, _ = RECORD.unpack_from(raw, at)
        at += RECORD.size
        group = int.from_bytes(raw[at + 2 : at + 4], "big")
        packet = payload(raw, at + 4, at + captured)
        at += captured
        if packet is not None and (found := seen(packet, 0)) is not None:
            yield Sent(seconds + micros / 1e6, group - OTHERS - 1 if group > OTHERS else None, found)


def payload(raw: bytes, at: int, end: int) -> bytes | None:
    """The packet in a record of the log, which is a list of lengths, types and values."""
    while at + TLV.size <= end:
        length, kind = TLV.unpack_from(raw, at)
        if kind == PAYLOAD:
            return raw[at + TLV.size : min(at + length, end)]
        at += (max(length, TLV.size) + 3) & ~3
    return None
