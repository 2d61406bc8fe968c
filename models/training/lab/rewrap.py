#!/usr/bin/env python3
"""Rewraps a capture: the same packets inside an encapsulation that the kernel of a run cannot make.

Owns: the outer headers of Geneve, GRE, IP-in-IP, QinQ and VXLAN, their lengths and checksums.
Refuses: to change anything inside, or when; a capture in any order of bytes but little-endian pcap.
A record is cut again at the snap length of its file, as if it had been captured like this.
"""

from __future__ import annotations

import argparse
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

FILE = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
# Microseconds and nanoseconds.
MAGICS = (0xA1B2C3D4, 0xA1B23C4D)
ETHERNET, COOKED = 1, 276
ETHERNET_BYTES, COOKED_BYTES = 14, 20
MOST_CAPTURED = 1 << 18

V4, V6, BRIDGED = 0x0800, 0x86DD, 0x6558
OUTER_TAG, INNER_TAG = 0x88A8, 0x8100
IPIP, SIX_IN_FOUR, GRE, UDP = 4, 41, 47, 17
GENEVE_PORT, VXLAN_PORT = 6081, 4789
IDENTIFIER = 0x2A
# Two nodes of RFC 2544's network, and their cards.
NODES = (bytes((198, 18, 0, 1)), bytes((198, 18, 0, 2)))
CARDS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
# OVN's option of Geneve: its class, not critical, one word.
OPTION = struct.pack(">HBB", 0x0102, 0x00, 1) + bytes(4)


class Frame(NamedTuple):
    """What a record holds behind its link layer, as far as it was captured; `length` is that on the wire."""

    ethertype: int
    content: bytes
    length: int

    @property
    def is_ip(self) -> bool:
        """Whether a layer-three tunnel can carry it."""
        return self.ethertype in (V4, V6)

    @property
    def ends(self) -> tuple[bytes, bytes]:
        """Source and target, which decide the direction between the nodes."""
        if self.ethertype == V4:
            return self.content[12:16], self.content[16:20]
        return (self.content[8:24], self.content[24:40]) if self.ethertype == V6 else (b"", b"")

    @property
    def forth(self) -> bool:
        """The same for all packets of a flow that go the same way."""
        source, target = self.ends
        return source <= target


def ethernet(frame: Frame, *tags: bytes) -> Frame:
    """The frame with a link layer of Ethernet before it, as the content of something else."""
    sender = 0 if frame.forth else 1
    header = CARDS[1 - sender] + CARDS[sender] + b"".join(tags) + struct.pack(">H", frame.ethertype)
    return Frame(BRIDGED, header + frame.content, len(header) + frame.length)


def ipv4(frame: Frame, protocol: int, header: bytes, carried: Frame) -> Frame:
    """An outer IPv4 packet of `protocol`: `header`, then what is carried."""
    length = 20 + len(header) + carried.length
    # Longer than the field can say, as with segmentation offload: the length is left to the card.
    total = length if length <= 0xFFFF else 0
    source, target = NODES if frame.forth else NODES[::-1]
    outer = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 0, 0x4000, 64, protocol, 0, source, target)
    outer = outer[:10] + checksum(outer) + outer[12:]
    return Frame(V4, outer + header + carried.content, length)


def datagram(frame: Frame, port: int, header: bytes, carried: Frame) -> Frame:
    """An outer UDP datagram to `port`; its checksum is none, as RFC 7348 and RFC 8926 have it over IPv4."""
    length = 8 + len(header) + carried.length
    # The port of the sender spreads flows over paths, one for each.
    sender = 0xC000 | zlib.crc32(b"".join(sorted(frame.ends))) & 0x3FFF
    udp = struct.pack(">HHHH", sender, port, length if length + 20 <= 0xFFFF else 0, 0)
    return ipv4(frame, UDP, udp + header, carried)


def geneve(frame: Frame) -> Frame:
    """Ethernet in Geneve (RFC 8926) with an option."""
    header = struct.pack(">BBHI", len(OPTION) // 4, 0, BRIDGED, IDENTIFIER << 8) + OPTION
    return datagram(frame, GENEVE_PORT, header, ethernet(frame))


def vxlan(frame: Frame) -> Frame:
    """Ethernet in VXLAN (RFC 7348)."""
    return datagram(frame, VXLAN_PORT, struct.pack(">II", 0x08000000, IDENTIFIER << 8), ethernet(frame))


def gre(frame: Frame) -> Frame:
    """The packet in GRE with a key (RFC 2784, 2890)."""
    return ipv4(frame, GRE, struct.pack(">HHI", 0x2000, frame.ethertype, IDENTIFIER), frame)


def ipip(frame: Frame) -> Frame:
    """The packet in IPv4 (RFC 2003, RFC 4213)."""
    return ipv4(frame, IPIP if frame.ethertype == V4 else SIX_IN_FOUR, b"", frame)


def qinq(frame: Frame) -> Frame:
    """The packet behind two tags (IEEE 802.1ad)."""
    return ethernet(frame, struct.pack(">HHHH", OUTER_TAG, 100, INNER_TAG, 200))


KINDS: dict[str, Callable[[Frame], Frame]] = {
    "geneve": geneve, "gre": gre, "ipip": ipip, "qinq": qinq, "vxlan": vxlan,
}


def checksum(header: bytes) -> bytes:
    """The Internet checksum of an even number of bytes."""
    # 2^16 is 1 modulo 0xFFFF: the ones' complement sum of the words is a remainder.
    return (0xFFFF - int.from_bytes(header, "big") % 0xFFFF).to_bytes(2, "big")


def wrapped(frame: Frame, wrap: Callable[[Frame], Frame]) -> Frame:
    """The record to write; what is not IP stays beside the tunnel."""
    outer = wrap(frame) if frame.is_ip else ethernet(frame)
    return outer if outer.ethertype == BRIDGED else ethernet(outer)


def frames(file: BinaryIO, link: int) -> Iterator[tuple[int, int, Frame]]:
    """Every record of a capture, its times first."""
    while header := file.read(RECORD.size):
        seconds, fraction, captured, length = RECORD.unpack(header)
        if captured > MOST_CAPTURED:
            raise ValueError(f"a record claims {captured:,} bytes")
        raw = file.read(captured)
        skipped, at = (ETHERNET_BYTES, 12) if link == ETHERNET else (COOKED_BYTES, 0)
        ethertype = int.from_bytes(raw[at : at + 2], "big")
        yield seconds, fraction, Frame(ethertype, raw[skipped:], length - skipped)


def rewrap(source: BinaryIO, target: BinaryIO, wrap: Callable[[Frame], Frame]) -> None:
    """Copies a capture, each packet wrapped; the copy's link layer is Ethernet."""
    magic, *version, snap, link = FILE.unpack(source.read(FILE.size))
    if magic not in MAGICS or link not in (ETHERNET, COOKED):
        raise ValueError("neither Ethernet nor Linux cooked v2 in a little-endian pcap")
    target.write(FILE.pack(magic, *version, snap, ETHERNET))
    for seconds, fraction, frame in frames(source, link):
        outer = wrapped(frame, wrap)
        kept = outer.content[:snap]
        target.write(RECORD.pack(seconds, fraction, len(kept), outer.length) + kept)


def main() -> int:
    """Rewraps one file into another."""
    parser = argparse.ArgumentParser(description="Rewraps the packets of a capture in an encapsulation.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    try:
        with args.source.open("rb") as source, args.target.open("wb") as target:
            rewrap(source, target, KINDS[args.kind])
    except (OSError, ValueError, struct.error) as error:
        print(f"rewrap `{args.source}`: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
