"""The application behind the API pod's nginx: answers that take time.

Owns: `/api/wait` (a long poll), `/api/stream` (one event every two seconds),
`/api/orders` and the rest (a lookup that takes a seeded time). Refuses: requests
above a size, waits above a minute. Run by `services` as `app.py PORT SEED`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from urllib.parse import parse_qs, urlsplit

BODY_BYTES = 1 << 20
WAIT_SECONDS = 60.0
EVENT_SECONDS = 2.0
IDLE_SECONDS = 75.0


async def answer(target: str, rng: random.Random, writer: asyncio.StreamWriter) -> None:
    """Writes one response."""
    url = urlsplit(target)
    asked = float(parse_qs(url.query).get("s", ["10"])[0])
    seconds = min(max(asked, 0.0), WAIT_SECONDS)
    if url.path == "/api/stream":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(int(seconds / EVENT_SECONDS)):
            event = f"id: {number}\ndata: {json.dumps({'stock': rng.randrange(1000)})}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(EVENT_SECONDS)
        writer.write(b"0\r\n\r\n")
        return
    await asyncio.sleep(seconds if url.path == "/api/wait" else min(rng.lognormvariate(-4.0, 0.8), 2.0))
    rows = [{"id": rng.randrange(10**6), "name": "sluice gate", "price": rng.randrange(5000)}
            for _ in range(rng.randrange(1, 40))]
    body = json.dumps(rows).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                 % (len(body), body))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rng: random.Random) -> None:
    """Answers the requests of one connection until it is closed, idle or wrong."""
    try:
        while True:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)).decode("latin-1")
            line, *headers = head.split("\r\n")
            lengths = [header.partition(":")[2] for header in headers if header.lower().startswith("content-length:")]
            await reader.readexactly(min(int(lengths[0]) if lengths else 0, BODY_BYTES))
            await answer(line.split(" ")[1], rng, writer)
            await writer.drain()
            if "connection: close" in head.lower():
                return
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError, ValueError, IndexError):
        return
    finally:
        writer.close()


async def main() -> None:
    """Serves until killed."""
    rng = random.Random(int(sys.argv[2]))
    server = await asyncio.start_server(lambda *ends: serve(*ends, rng), "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
