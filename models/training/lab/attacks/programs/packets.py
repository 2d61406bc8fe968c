"""Sends bare packets at a pace: SYNs, datagrams, echo requests, with the sender's address or forged ones.

Owns: the headers of what it sends, the pace. Refuses: more than `--count` packets, and never more than 15,000.
Prints how many it sent.
"""

from __future__ import annotations

import argparse
import random
import socket
import struct
import time
from pathlib import Path

MOST = 15_000
ECHO, SYN = 8, 0x02


def checksum(data: bytes) -> int:
    """The Internet checksum."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip(source: str, target: str, protocol: int, payload: bytes, ttl: int, number: int) -> bytes:
    """An IPv4 packet; the kernel fills in its length and checksum."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0x4000, ttl, protocol, 0)
    return head + socket.inet_aton(source) + socket.inet_aton(target) + payload


def with_pseudo(source: str, target: str, protocol: int, payload: bytes, at: int) -> bytes:
    """The payload with its checksum, which covers addresses, at offset `at`."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, protocol, len(payload))
    return payload[:at] + struct.pack("!H", checksum(pseudo + payload) or 0xFFFF) + payload[at + 2 :]


class Maker:
    """Makes one packet after another."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words, self._rng = words, random.Random(words.seed)
        self._sources = words.sources.split(",")
        self._ports = [int(port) for port in words.ports.split(",")]
        self._query = Path(words.query).read_bytes() if words.query else b""

    def packet(self, number: int) -> tuple[bytes, str]:
        """The packet of this number, and where it goes."""
        words, rng = self._words, self._rng
        target = words.targets[number % len(words.targets)]
        source = self._source(number)
        port = self._ports[number % len(self._ports)]
        own = words.own_port or rng.randrange(1025, 65_000)
        ttl = rng.choice((52, 57, 61, 113, 118))
        if words.what == "syn":
            options = bytes.fromhex("020405b40402080a") + struct.pack("!II", rng.getrandbits(32), 0) + b"\1\3\3\7"
            tcp = struct.pack("!HHIIBBHHH", own, port, rng.getrandbits(32), 0, 0xA0, SYN, 64_240, 0, 0) + options
            return ip(source, target, 6, with_pseudo(source, target, 6, tcp, 16), ttl, rng.getrandbits(16)), target
        if words.what == "udp":
            data = self._query or rng.randbytes(words.bytes)
            udp = struct.pack("!HHHH", own, port, 8 + len(data), 0) + data
            return ip(source, target, 17, with_pseudo(source, target, 17, udp, 6), ttl, rng.getrandbits(16)), target
        icmp = struct.pack("!BBHHH", ECHO, 0, 0, own, number & 0xFFFF) + rng.randbytes(words.bytes)
        return ip(source, target, 1, icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:], ttl,
                  rng.getrandbits(16)), target

    def _source(self, number: int) -> str:
        """One of the given senders; a network `a.b.c` stands for all its hosts."""
        source = self._sources[number % len(self._sources)]
        return source if source.count(".") == 3 else f"{source}.{self._rng.randrange(1, 255)}"


def main(words: argparse.Namespace) -> None:
    """Sends them; when late, a few at once."""
    maker = Maker(words)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        began = time.monotonic()
        count = min(words.count, MOST)
        for number in range(count):
            packet, target = maker.packet(number)
            time.sleep(max(0.0, began + number / words.rate - time.monotonic()))
            raw.sendto(packet, (target, 0))
    print(f"{count} sent", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("syn", "udp", "icmp"))
    parser.add_argument("--sources", required=True)
    parser.add_argument("--ports", default="0")
    parser.add_argument("--query", default="")
    parser.add_argument("--own-port", type=int, default=0)
    parser.add_argument("--bytes", type=int, default=56)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("targets", nargs="+")
    main(parser.parse_args())
