"""gRPC for `crowd.py`.

Owns: the step `rpc`. Refuses: to bind an address: a place that calls has only one.

    rpc    to port calls=[[method, bytes]…] times waits fresh
           `Get`, `Watch` or `Put` (whose bytes go in pieces) over one connection, or over a new one each if `fresh`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc

from crowd_plain import Step, Visit, paced

PIECE_BYTES = 8_192
# Without it every channel of a process shares one connection.
OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


async def calls(visit: Visit, step: Step) -> None:
    """The step `rpc`."""
    target = f"{step['to']}:{step['port']}"
    channel = grpc.aio.insecure_channel(target, OPTIONS)
    try:
        async for method, count in paced(step["calls"] * step.get("times", 1), step.get("waits", ())):
            if step.get("fresh"):
                await channel.close()
                channel = grpc.aio.insecure_channel(target, OPTIONS)
            await visit.attempt(f"rpc {method}", once(channel, method, count))
    finally:
        await channel.close()


async def once(channel: grpc.aio.Channel, method: str, count: int) -> None:
    """One call."""
    try:
        if method == "Get":
            await channel.unary_unary("/shop.Stock/Get")(b"g" * count)
        elif method == "Watch":
            async for _ in channel.unary_stream("/shop.Stock/Watch")(b"w" * count):
                pass
        else:
            await channel.stream_unary("/shop.Stock/Put")(pieces(count))
    except grpc.RpcError as error:
        raise OSError(str(error)) from error


async def pieces(count: int) -> AsyncIterator[bytes]:
    """What is put."""
    for left in range(count, 0, -PIECE_BYTES):
        yield b"p" * min(left, PIECE_BYTES)
