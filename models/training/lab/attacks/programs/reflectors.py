"""Services that answer a small datagram with much, as those that are left open on the internet do.

Owns: the answers of `ntp`, `memcached`, `ssdp`, `cldap`, `chargen` and `dns`, as large as asked for. Refuses: to
answer more than `--count` datagrams at an address. Prints how many it answered when it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
from typing import cast

PORTS = {"dns": 53, "chargen": 19, "ntp": 123, "cldap": 389, "ssdp": 1900, "memcached": 11211}
HEADS = {
    "ntp": bytes.fromhex("d700032a00060048"),
    "ssdp": b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nUSN: uuid:",
    "memcached": b"\0\1\0\0\0\1\0\0VALUE a 0 102400\r\n",
    "cldap": bytes.fromhex("3084000005b302010764840000"),
    "chargen": b"",
    "dns": b"",
}


class Reflector(asyncio.DatagramProtocol):
    """One service at one address."""

    def __init__(self, words: argparse.Namespace, rng: random.Random) -> None:
        self._words, self._rng = words, rng
        self.answered = 0
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where to answer."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        """Answers with some datagrams of some size."""
        words = self._words
        if self.answered >= words.count:
            return
        self.answered += 1
        for _ in range(self._rng.randint(*words.answers)):
            size = self._rng.randint(*words.bytes)
            # A DNS answer repeats its question.
            head = data[:2] + b"\x84\x80" + data[4:] if words.what == "dns" else HEADS[words.what]
            self._transport.sendto((head + self._rng.randbytes(max(0, size - len(head))))[:size], peer)

    def error_received(self, error: Exception) -> None:
        """The victim says that it did not ask for this; no reflector cares."""


async def main(words: argparse.Namespace) -> None:
    """Answers at every address until it is ended."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, ended.set)
    ends = [
        await loop.create_datagram_endpoint(
            lambda number=number: Reflector(words, random.Random(words.seed + number)),
            local_addr=(address, PORTS[words.what]),
        )
        for number, address in enumerate(words.addresses)
    ]
    await ended.wait()
    print(sum(reflector.answered for _, reflector in ends), "answered", flush=True)


def span(text: str) -> tuple[int, int]:
    """`a-b` or `a`."""
    low, _, high = text.partition("-")
    return int(low), int(high or low)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=PORTS)
    parser.add_argument("--bytes", type=span, required=True)
    parser.add_argument("--answers", type=span, default=(1, 1))
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("addresses", nargs="+")
    asyncio.run(main(parser.parse_args()))
