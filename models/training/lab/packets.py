"""Packets of a capture, as far as the truth needs them: which flow, what opened it, what is quoted.

Owns: reading little-endian pcap of link types Ethernet and Linux cooked v2, IPv4 and VXLAN.
Refuses: to name flows otherwise than Weir's labels file does: ports of TCP, UDP and SCTP, else 0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

RECORD = struct.Struct("<IIII")
HEADS = {1: 14, 276: 20}
IP = struct.Struct(">BxHHHxB2x4s4s")
PORTS = struct.Struct(">HH")
ICMP, TCP, UDP, SCTP = 1, 6, 17, 132
ICMP_ERRORS = frozenset({3, 11, 12})
ECHO_REQUEST = 8
SYN, ACK = 0x02, 0x10
VXLAN_BYTES = 8 + 8 + 14

# Addresses and ports of both ends, the smaller first, and the protocol.
Key = tuple[bytes, int, bytes, int, int]


class Seen(NamedTuple):
    """A packet."""

    key: Key
    source: bytes
    # It opens a flow: a SYN alone, or an echo request.
    opens: bool
    # The flow that an ICMP error is about.
    about: Key | None


def canonical(source: bytes, source_port: int, target: bytes, target_port: int, protocol: int) -> Key:
    """The same for both directions."""
    if (source, source_port) <= (target, target_port):
        return source, source_port, target, target_port, protocol
    return target, target_port, source, source_port, protocol


def seen(raw: bytes, at: int) -> Seen | None:
    """The IPv4 packet that begins at a place; `None` for what is none, and for fragments behind the first."""
    if len(raw) < at + 20 or raw[at] >> 4 != 4:
        return None
    first, _, _, fragment, protocol, source, target = IP.unpack_from(raw, at)
    if fragment & 0x1FFF:
        return None
    inside = at + (first & 15) * 4
    ports, opens, about = (0, 0), False, None
    if protocol in (TCP, UDP, SCTP) and len(raw) >= inside + 4:
        ports = PORTS.unpack_from(raw, inside)
        opens = protocol == TCP and len(raw) > inside + 13 and raw[inside + 13] & (SYN | ACK) == SYN
    elif protocol == ICMP and len(raw) > inside:
        opens = raw[inside] == ECHO_REQUEST
        quoted = seen(raw, inside + 8) if raw[inside] in ICMP_ERRORS else None
        about = quoted.key if quoted else None
    return Seen(canonical(source, ports[0], target, ports[1], protocol), source, opens, about)


def read(path: Path, vxlan_port: int) -> Iterator[tuple[float, Seen]]:
    """The packets of a capture with their times, those inside VXLAN for those around them."""
    with path.open("rb") as file:
        head = file.read(24)
        link = HEADS[int.from_bytes(head[20:24], "little")]
        while len(record := file.read(RECORD.size)) == RECORD.size:
            seconds, micros, captured, _ = RECORD.unpack(record)
            raw = file.read(captured)
            found = seen(raw, link)
            if found is not None and found.key[4] == UDP and vxlan_port in (found.key[1], found.key[3]):
                found = seen(raw, link + (raw[link] & 15) * 4 + VXLAN_BYTES) or found
            if found is not None:
                yield seconds + micros / 1e6, found
