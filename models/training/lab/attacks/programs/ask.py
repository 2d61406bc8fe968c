"""Sends HTTP requests of a list, each at its time whatever the answers do.

Owns: the pace (`--rate`, drawn pauses), the connections (one a request, or `--keep` of them that are kept).
Refuses: more requests than `--count`, more than `--together` at once. Prints a line for each connection that it
opens: time, own address, own port, peer, peer's port.

The list has a JSON object a line: method, target, and maybe body, type, user, password, agent.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import ssl
import time
from pathlib import Path
from typing import Any

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "python-requests/2.28.1",
)
PATIENCE_SECONDS = 20.0


class Asker:
    """Sends requests over connections of its own."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words = words
        self._kept: list[Stream] = []
        self._sources = words.source or [None]
        self._number = 0
        self._tls: ssl.SSLContext | None = None
        if words.tls:
            self._tls = ssl.create_default_context()
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    async def ask(self, row: dict[str, Any]) -> None:
        """One request; what fails is not tried again."""
        try:
            stream = self._kept.pop() if self._kept else await self._open()
            keeps = await asyncio.wait_for(self._exchange(stream, row), PATIENCE_SECONDS)
            if keeps:
                self._kept.append(stream)
            else:
                stream[1].close()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            return

    async def _open(self) -> Stream:
        source = self._sources[self._number % len(self._sources)]
        self._number += 1
        host, _, port = self._words.to.rpartition(":")
        stream = await asyncio.wait_for(
            asyncio.open_connection(host, int(port), ssl=self._tls, local_addr=(source, 0) if source else None),
            PATIENCE_SECONDS,
        )
        print(f"{time.time():.6f}", *stream[1].get_extra_info("sockname"), host, port, flush=True)
        return stream

    async def _exchange(self, stream: Stream, row: dict[str, Any]) -> bool:
        """Whether the connection may be used again."""
        reader, writer = stream
        writer.write(self._request(row))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
        if "content-length" in fields and row["method"] != "HEAD":
            await reader.readexactly(int(fields["content-length"]))
        elif "chunked" in fields.get("transfer-encoding", ""):
            while size := int(await reader.readuntil(b"\r\n"), 16):
                await reader.readexactly(size + 2)
            await reader.readuntil(b"\r\n")
        return bool(self._words.keep) and "close" not in fields.get("connection", "")

    def _request(self, row: dict[str, Any]) -> bytes:
        body = row.get("body", "").encode()
        lines = [f"{row['method']} {row['target']} HTTP/1.1", f"Host: {self._words.host}",
                 f"User-Agent: {row.get('agent') or AGENTS[self._number % len(AGENTS)]}", "Accept: */*",
                 f"Connection: {'keep-alive' if self._words.keep else 'close'}"]
        if "user" in row:
            login = base64.b64encode(f"{row['user']}:{row['password']}".encode()).decode()
            lines.append(f"Authorization: Basic {login}")
        if body:
            lines += [f"Content-Type: {row.get('type', 'application/x-www-form-urlencoded')}",
                      f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


async def main(words: argparse.Namespace) -> None:
    """All requests of the list, over and over until `count`."""
    rng, asker = random.Random(words.seed), Asker(words)
    rows = [json.loads(line) for line in Path(words.list).read_text().splitlines()]
    room, running, due = asyncio.Semaphore(words.together), set(), time.monotonic()

    async def asked(row: dict[str, Any]) -> None:
        async with room:
            await asker.ask(row)

    for number in range(words.count):
        due += rng.expovariate(words.rate)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(asked(rows[number % len(rows)]))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    for name in ("--to", "--host", "--list"):
        parser.add_argument(name, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--together", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", action="append")
    for name in ("--keep", "--tls"):
        parser.add_argument(name, action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(options()))
