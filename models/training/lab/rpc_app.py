"""The stock keeper: a gRPC server, run by `services.rpc` as `rpc_app.py PORT`.

Owns: `/shop.Stock/Get` (one answer), `/shop.Stock/Watch` (an answer a second), `/shop.Stock/Put` (many requests,
one answer); messages are bytes. Refuses: a watch longer than ten minutes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc

MOST_WATCH_SECONDS = 600


async def get(request: bytes, _context: Any) -> bytes:
    """Answers with four times what was asked."""
    return request * 4


async def watch(request: bytes, _context: Any) -> AsyncIterator[bytes]:
    """As many answers as the request has bytes, one a second."""
    for number in range(min(len(request), MOST_WATCH_SECONDS)):
        yield b"stock %d " % number * 8
        await asyncio.sleep(1.0)


async def put(requests: AsyncIterator[bytes], _context: Any) -> bytes:
    """How much came."""
    return b"%d" % sum([len(request) async for request in requests])


async def main() -> None:
    """Serves until killed."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("shop.Stock", {
        "Get": grpc.unary_unary_rpc_method_handler(get),
        "Watch": grpc.unary_stream_rpc_method_handler(watch),
        "Put": grpc.stream_unary_rpc_method_handler(put),
    }),))
    server.add_insecure_port(f"0.0.0.0:{sys.argv[1]}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
