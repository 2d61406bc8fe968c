"""HTTP and WebSockets for `crowd.py`.

Owns: the steps `http` and `ws`. Refuses: HTTP/2, for which there are curl and h2load.

    http   urls to lanes times waits method send headers fresh rate buffer leave_s
           The URLs in turn over so many connections (`lanes`) that the visit keeps; `to` is connected to whatever the
           host says; `send` is a body of so many bytes or a text; `fresh` asks for an end after each answer; `rate` is
           bytes a second, either way, `buffer` what the system keeps of an answer that is not read yet; who waited
           `leave_s` for one answer leaves.
    ws     url to says=[[pause, bytes]…] times stay_s beat_s
           Messages, and what comes is read; each `beat_s` a ping.
"""

from __future__ import annotations

import asyncio
import socket as sockets
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver

from crowd_plain import Step, Visit, paced

CONNECT_SECONDS = 10.0
PIECE_BYTES = 16_384


class To(AbstractResolver):
    """Finds every name at one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: int = sockets.AF_INET) -> list[dict[str, Any]]:
        """That address."""
        return [{"hostname": host, "host": self._address, "port": port, "family": sockets.AF_INET, "proto": 0,
                 "flags": sockets.AI_NUMERICHOST}]

    async def close(self) -> None:
        """Nothing is open."""


@cache
def trusting() -> ssl.SSLContext:
    """TLS that takes the lab's own certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def lane(visit: Visit, to: str | None, number: int) -> aiohttp.ClientSession:
    """One of the visit's connections, opened when it is used."""
    if (to, number) not in visit.lanes:
        connector = aiohttp.TCPConnector(
            limit=1, local_addr=(visit.address, 0), ssl=trusting(), keepalive_timeout=900.0, use_dns_cache=False,
            resolver=To(to) if to else None,
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        visit.lanes[to, number] = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
        )
    return visit.lanes[to, number]


async def requests(visit: Visit, step: Step) -> None:
    """The step `http`."""
    lanes, urls = step.get("lanes", 1), step["urls"] * step.get("times", 1)

    async def along(number: int) -> None:
        session = lane(visit, step.get("to"), number)
        async for url in paced(urls[number::lanes], step.get("waits", ())):
            await visit.attempt("http", once(visit, session, step, url), step.get("leave_s"))

    await asyncio.gather(*(along(number) for number in range(min(lanes, len(urls)))))


async def once(visit: Visit, session: aiohttp.ClientSession, step: Step, url: str) -> None:
    """One request and its answer."""
    headers = dict(step.get("headers", {}))
    if step.get("fresh"):
        headers["Connection"] = "close"
    rate, send = step.get("rate"), step.get("send")
    data: Any = b"w" * send if isinstance(send, int) else send
    if rate and isinstance(send, int):
        headers["Content-Length"], data = str(send), pieces(send, rate)
    try:
        async with session.request(step.get("method", "GET"), url, headers=headers, data=data,
                                   allow_redirects=False) as response:
            visit.tally[f"http {response.status}"] += 1
            if step.get("buffer") and response.connection and response.connection.transport:
                own = response.connection.transport.get_extra_info("socket")
                own.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, step["buffer"])
            await read(response.content, rate)
    except aiohttp.ClientError as error:
        raise OSError(str(error)) from error


async def pieces(count: int, rate: float) -> AsyncIterator[bytes]:
    """A body that is sent at a rate."""
    # At least one a second.
    piece = int(max(1, min(PIECE_BYTES, rate)))
    async for left in paced(range(count, 0, -piece), (piece / rate,)):
        yield b"w" * min(left, piece)


async def read(content: aiohttp.StreamReader, rate: float | None) -> None:
    """All of a body, at a rate if there is one."""
    loop = asyncio.get_running_loop()
    begun, got = loop.time(), 0
    while piece := await content.read(int(min(PIECE_BYTES, rate or PIECE_BYTES))):
        got += len(piece)
        if rate:
            await asyncio.sleep(max(0.0, begun + got / rate - loop.time()))


async def socket(visit: Visit, step: Step) -> None:
    """The step `ws`."""
    await visit.attempt("ws", _talk(visit, step))


async def _talk(visit: Visit, step: Step) -> None:
    session = lane(visit, step.get("to"), -1)

    async def listen() -> None:
        async for _ in talk:
            visit.tally["ws messages"] += 1

    try:
        async with session.ws_connect(step["url"], heartbeat=step.get("beat_s")) as talk:
            listening = asyncio.ensure_future(listen())
            try:
                for wait, count in step.get("says", []) * step.get("times", 1):
                    await asyncio.sleep(wait)
                    await talk.send_str(("news " * (count // 5 + 1))[:count])
                await asyncio.sleep(step.get("stay_s", 0.0))
            finally:
                listening.cancel()
    except aiohttp.ClientError as error:
        raise OSError(str(error)) from error
