"""The other end of beacons, of what is carried out, and of tunnels: takes everything, answers a little.

Owns: HTTP and HTTPS that take any request, TCP messages with a length before them, DNS that answers any TXT
question, datagrams. Refuses: to keep what it is sent, a request larger than 64 MB. Prints a line for each
connection: time, peer, peer's port, own address, own port; certificates it makes in the folder where it runs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import random
import signal
import ssl
import struct
import subprocess
import time
from contextlib import suppress
from functools import partial
from typing import cast

MOST_BYTES = 64 << 20
PIECE = 1 << 16
TXT, IN, DNS = 16, 1, 53


class Listener:
    """All that is served at one address."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words, self._rng = words, random.Random(words.seed)

    async def serve(self) -> None:
        """Until it is ended."""
        words, loop = self._words, asyncio.get_running_loop()
        servers = []
        for address in words.addresses:
            for port in words.http:
                servers.append(await asyncio.start_server(self._http, address, port))
            for port in words.tls:
                servers.append(await asyncio.start_server(self._http, address, port, ssl=certificate(address)))
            for port in words.tcp:
                servers.append(await asyncio.start_server(self._tcp, address, port))
            for port in words.udp:
                made = partial(Datagrams, self, dns=port == DNS)
                await loop.create_datagram_endpoint(made, local_addr=(address, port))
        await asyncio.Event().wait()

    def answer(self) -> bytes:
        """Something to say: mostly nothing new, now and then more to do."""
        low, high = self._words.answers
        size = self._rng.randint(low, high)
        return self._rng.randbytes(size * (8 if self._rng.random() < self._words.tasks else 1))

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            keeps = True
            while keeps:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                if "expect: 100-continue" in head:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
                await swallow(reader, int(fields.get("content-length", 0)))
                keeps, body = "close" not in fields.get("connection", ""), self.answer()
                writer.write(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/octet-stream\r\n"
                             b"Content-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        writer.close()

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                (size,) = struct.unpack("!I", await reader.readexactly(4))
                await swallow(reader, size)
                body = self.answer()
                writer.write(struct.pack("!I", len(body)) + body)
                await writer.drain()
        writer.close()


class Datagrams(asyncio.DatagramProtocol):
    """Answers datagrams, one for one."""

    def __init__(self, listener: Listener, dns: bool) -> None:
        self._listener, self._dns = listener, dns
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where to answer."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        """What was asked, and an answer as text."""
        print(f"{time.time():.6f}", *peer, *self._transport.get_extra_info("sockname"), flush=True)
        body = self._listener.answer()
        self._transport.sendto(dns_answer(data, body) if self._dns else body or b"\0", peer)


def dns_answer(query: bytes, body: bytes) -> bytes:
    """The question and one TXT record."""
    end = query.index(b"\0", 12) + 5
    text = base64.b64encode(body)[:1000] or b"ok"
    strings = b"".join(bytes([len(part)]) + part for part in (text[at : at + 255] for at in range(0, len(text), 255)))
    head = query[:2] + struct.pack("!HHHHH", 0x8580, 1, 1, 0, 0) + query[12:end]
    return head + struct.pack("!HHHIH", 0xC00C, TXT, IN, 0, len(strings)) + strings


async def swallow(reader: asyncio.StreamReader, size: int) -> None:
    """Reads so many bytes and forgets them."""
    if size > MOST_BYTES:
        raise ConnectionError("too much")
    while size:
        piece = await reader.read(min(size, PIECE))
        if not piece:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(piece)


def log(writer: asyncio.StreamWriter) -> None:
    """Who came."""
    print(f"{time.time():.6f}", *writer.get_extra_info("peername"), *writer.get_extra_info("sockname"), flush=True)


def certificate(address: str) -> ssl.SSLContext:
    """A certificate of its own, as such servers have."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
         "-subj", f"/CN={address}", "-keyout", "far.key", "-out", "far.pem"], check=True, capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("far.pem", "far.key")
    return context


def span(text: str) -> tuple[int, int]:
    """`a-b` or `a`."""
    low, _, high = text.partition("-")
    return int(low), int(high or low)


if __name__ == "__main__":
    # Whoever ends it wants to hear nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser()
    for name in ("--http", "--tls", "--tcp", "--udp"):
        parser.add_argument(name, type=int, action="append", default=[])
    parser.add_argument("--answers", type=span, default=(0, 64))
    parser.add_argument("--tasks", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("addresses", nargs="+")
    asyncio.run(Listener(parser.parse_args()).serve())
