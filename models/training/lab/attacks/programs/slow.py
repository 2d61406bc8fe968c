"""Keeps connections to a web server busy with as little as possible.

Owns: three ways: `headers` that never end, a `body` that never ends, an answer that is read by a few bytes (`read`).
Refuses: more than `--count` connections in all, to go on after `--seconds`. Prints a line for each connection:
time, own address, own port, peer, peer's port.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import ssl
import time
from contextlib import suppress


class Slow:
    """One kind of slow client, many times."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words, self._rng = words, random.Random(words.seed)
        self._ends = time.monotonic() + words.seconds
        self._tls: ssl.SSLContext | None = None
        if words.tls:
            self._tls = ssl.create_default_context()
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    async def all(self) -> None:
        """Opens the connections one after another."""
        tasks = []
        for _ in range(self._words.count):
            tasks.append(asyncio.create_task(self._one()))
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) / self._words.rate)
        await asyncio.gather(*tasks)

    async def _one(self) -> None:
        with suppress(OSError, asyncio.TimeoutError, asyncio.LimitOverrunError):
            reader, writer = await self._open()
            with suppress(ConnectionError):
                if self._words.way == "read":
                    await self._read(reader, writer)
                else:
                    await self._write(reader, writer)
            writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = self._words.to.rpartition(":")
        sock = socket.socket()
        if self._words.way == "read":
            # Before it connects: the window that it offers follows from this.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._words.window)
        sock.setblocking(False)
        await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (host, int(port))), 10)
        print(f"{time.time():.6f}", *sock.getsockname(), host, port, flush=True)
        named = {"ssl": self._tls, "server_hostname": self._words.host} if self._tls else {}
        return await asyncio.open_connection(sock=sock, limit=1024, **named)

    async def _write(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A request that goes on by a few bytes, until the server has had enough."""
        words, body = self._words, self._words.way == "body"
        lines = [f"{'POST' if body else 'GET'} {words.target} HTTP/1.1", f"Host: {words.host}",
                 "User-Agent: Mozilla/5.0"]
        if body:
            lines += ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 16384", "", ""]
        writer.write("\r\n".join([*lines, ""]).encode() if not body else "\r\n".join(lines).encode())
        answered = asyncio.create_task(reader.read(512))
        while time.monotonic() < self._ends and not answered.done():
            await asyncio.wait([answered], timeout=self._pause())
            more = self._rng.randrange(1, words.bytes + 1)
            writer.write(b"x" * more if body else f"X-{self._rng.randrange(1 << 20)}: {'a' * more}\r\n".encode())
        answered.cancel()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request whose answer is taken in sips."""
        words = self._words
        writer.write(f"GET {words.target} HTTP/1.1\r\nHost: {words.host}\r\nUser-Agent: Mozilla/5.0\r\n\r\n".encode())
        while time.monotonic() < self._ends and await reader.read(words.bytes):
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        pause = self._words.every * self._rng.uniform(1 - self._words.jitter, 1 + self._words.jitter)
        return max(0.0, min(pause, self._ends - time.monotonic()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=("headers", "body", "read"))
    for name, default in (("--to", ""), ("--host", ""), ("--target", "/")):
        parser.add_argument(name, default=default)
    for name, default in (("--count", 40), ("--bytes", 8), ("--window", 2304), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    for name, default in (("--rate", 5.0), ("--every", 8.0), ("--jitter", 0.3), ("--seconds", 60.0)):
        parser.add_argument(name, type=float, default=default)
    parser.add_argument("--tls", action="store_true")
    asyncio.run(Slow(parser.parse_args()).all())
