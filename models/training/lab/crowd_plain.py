"""What clients of `crowd.py` do over TCP and UDP: connections, datagrams, names, mail, Redis, a keyboard.

Owns: a visit with its address, pacing, and the steps below. Refuses: to decide anything.

    pause  s                                    nothing
    tcp    to port says=[[pause, bytes]…] hold_s within_s times waits    a connection that sends lines
    udp    to port sizes=[bytes…] waits fresh   datagrams, of one socket or of a new one each
    dns    to names=[[name, type]…] waits       a question of a new socket each, asked twice at most
    mail   to sizes=[bytes…] waits              one SMTP connection a mail
    redis  to commands=[[word…]…] times waits   one connection; `@N` is a value of N bytes
    type   argv keys=[[pause, text]…]           a program whose standard input is typed

`waits` are pauses between repetitions, taken in turn; a repetition that comes late does not delay the ones after it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import cycle
from typing import Any

WITHIN_SECONDS = 10.0
DNS_SECONDS = 2.0
TYPES = {"A": 1, "AAAA": 28, "SRV": 33, "PTR": 12, "TXT": 16}
LINE = "<13>Jan  1 00:00:00 shop app[7]: the gate was opened and closed again, nothing else is to be said of it today. "
MAIL = ("EHLO client.shop.example", "MAIL FROM:<shop@shop.example>", "RCPT TO:<someone@partner.example>", "DATA")
Step = dict[str, Any]
Act = Callable[["Visit", Step], Awaitable[None]]


class Visit:
    """One client: an address, and what is kept between its steps."""

    def __init__(self, address: str, tally: Counter[str], kinds: Mapping[str, Act]) -> None:
        self.address, self.tally, self._kinds = address, tally, kinds
        # HTTP connections by lane, closed when the visit is over.
        self.lanes: dict[Any, Any] = {}

    async def play(self, steps: Iterable[Step]) -> None:
        """One step after the other; what fails on the way is counted."""
        try:
            for step in steps:
                await self._kinds[step["do"]](self, step)
        finally:
            for lane in self.lanes.values():
                await lane.close()

    async def attempt(self, what: str, doing: Awaitable[Any], within_s: float | None = None) -> bool:
        """Whether something that a network can spoil went well."""
        self.tally[what] += 1
        try:
            await asyncio.wait_for(doing, within_s)
        except (OSError, EOFError, asyncio.TimeoutError) as error:
            self.tally[f"{what}: {type(error).__name__}"] += 1
            return False
        return True

    @asynccontextmanager
    async def connection(self, step: Step) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A TCP connection from the visit's address."""
        opening = asyncio.open_connection(step["to"], step["port"], local_addr=(self.address, 0))
        reader, writer = await asyncio.wait_for(opening, step.get("within_s", WITHIN_SECONDS))
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def paced(items: Iterable[Any], waits: Sequence[float]) -> AsyncIterator[Any]:
    """Each item at its time, or at once if that has gone by."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    for item, wait in zip(items, cycle(waits or [0.0])):
        await asyncio.sleep(max(0.0, due - loop.time()))
        yield item
        due += wait


def lines(count: int) -> bytes:
    """So many bytes of log lines."""
    return (LINE * (count // len(LINE) + 1))[: count - 1].encode() + b"\n"


async def pause(_visit: Visit, step: Step) -> None:
    """Nothing for a while."""
    await asyncio.sleep(step["s"])


async def tcp(visit: Visit, step: Step) -> None:
    """Connections that say something, or nothing."""

    async def once() -> None:
        async with visit.connection(step) as (reader, writer):
            for wait, count in step.get("says", ()):
                await asyncio.sleep(wait)
                writer.write(lines(count))
                await writer.drain()
            if step.get("hold_s"):
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(reader.read(), step["hold_s"])

    async for _ in paced(range(step.get("times", 1)), step.get("waits", ())):
        await visit.attempt("tcp", once())


def datagrams(visit: Visit, to: str, port: int) -> socket.socket:
    """A UDP socket of the visit's address."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind((visit.address, 0))
    made.connect((to, port))
    return made


async def udp(visit: Visit, step: Step) -> None:
    """Datagrams nobody answers."""
    sender = datagrams(visit, step["to"], step["port"])
    try:
        async for count in paced(step["sizes"], step.get("waits", ())):
            if step.get("fresh"):
                sender.close()
                sender = datagrams(visit, step["to"], step["port"])
            visit.tally["udp"] += 1
            with suppress(OSError):
                sender.send(lines(count))
    finally:
        sender.close()


def question(number: int, name: str, kind: str) -> bytes:
    """A DNS query, with EDNS as resolvers send it."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (struct.pack(">6H", number, 0x0100, 1, 0, 0, 1) + labels + b"\0" + struct.pack(">2H", TYPES[kind], 1)
            + b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0))


async def dns(visit: Visit, step: Step) -> None:
    """Names, one after the other."""
    loop = asyncio.get_running_loop()

    async def once(number: int, name: str, kind: str) -> None:
        asker = datagrams(visit, step["to"], 53)
        try:
            for last in (False, True):
                await loop.sock_sendall(asker, question(number & 0xFFFF, name, kind))
                try:
                    await asyncio.wait_for(loop.sock_recv(asker, 4096), DNS_SECONDS)
                    return
                except asyncio.TimeoutError:
                    if last:
                        raise
        finally:
            asker.close()

    async for number, (name, kind) in paced(enumerate(step["names"], 1), step.get("waits", ())):
        await visit.attempt("dns", once(number * 257, name, kind))


async def mail(visit: Visit, step: Step) -> None:
    """Mails, a connection each."""

    async def said(reader: asyncio.StreamReader) -> None:
        while (await reader.readuntil())[3:4] == b"-":
            pass

    async def once(count: int) -> None:
        async with visit.connection({"port": 25} | step) as (reader, writer):
            await said(reader)
            for line in (*MAIL, None, "QUIT"):
                body = b"Subject: deep water\r\n\r\n" + lines(count) + b"\r\n.\r\n"
                writer.write(body if line is None else line.encode() + b"\r\n")
                await writer.drain()
                await said(reader)

    async for count in paced(step["sizes"], step.get("waits", ())):
        await visit.attempt("mail", once(count), 60.0)


async def redis(visit: Visit, step: Step) -> None:
    """Commands over one connection."""

    async def reply(reader: asyncio.StreamReader) -> None:
        line = await reader.readuntil()
        kind, count = line[:1], line[1:-2]
        if kind == b"$" and int(count) >= 0:
            await reader.readexactly(int(count) + 2)
        if kind == b"*":
            for _ in range(int(count)):
                await reply(reader)

    async def once() -> None:
        async with visit.connection({"port": 6379} | step) as (reader, writer):
            async for command in paced(step["commands"] * step.get("times", 1), step.get("waits", ())):
                parts = [b"x" * int(word[1:]) if word.startswith("@") else word.encode() for word in command]
                writer.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
                await writer.drain()
                await reply(reader)

    await visit.attempt("redis", once())


async def type_(visit: Visit, step: Step) -> None:
    """Somebody at a keyboard."""
    program = await asyncio.create_subprocess_exec(
        *step["argv"], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def typing(keys: asyncio.StreamWriter) -> None:
        for wait, text in step["keys"]:
            await asyncio.sleep(wait)
            keys.write(text.encode())
            await keys.drain()
        keys.close()
        await program.wait()

    try:
        assert program.stdin
        await visit.attempt("type", typing(program.stdin))
    finally:
        if program.returncode is None:
            program.terminate()
            await program.wait()


STEPS: dict[str, Act] = {
    "pause": pause, "tcp": tcp, "udp": udp, "dns": dns, "mail": mail, "redis": redis, "type": type_,
}
