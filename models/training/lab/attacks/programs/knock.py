"""Opens connections to ports of hosts, in an order of its own, at a pace, and closes them at once.

Owns: the order and the pace of a connect scan. Refuses: more than one try a port. Prints a line for each try:
time, own address, own port, peer, peer's port, what came of it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import time


async def knock(host: str, port: int, timeout_s: float, banner_s: float) -> None:
    """One try; with `banner_s` it waits so long for what the service says first."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        began, said = time.time(), "open"
        try:
            await asyncio.wait_for(loop.sock_connect(sock, (host, port)), timeout_s)
            if banner_s:
                await asyncio.wait_for(loop.sock_recv(sock, 256), banner_s)
        except (TimeoutError, OSError) as error:
            said = type(error).__name__
        print(f"{began:.6f}", *sock.getsockname(), host, port, said, flush=True)


async def main(words: argparse.Namespace) -> None:
    """Every port of every host once."""
    rng = random.Random(words.seed)
    targets = [(host, int(port)) for port in words.ports.split(",") for host in words.hosts.split(",")]
    if not words.ordered:
        rng.shuffle(targets)
    tasks, due = [], time.monotonic()
    for host, port in targets:
        due += rng.uniform(1 - words.jitter, 1 + words.jitter) / words.rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(knock(host, port, words.timeout, words.banner)))
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--ports", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--jitter", type=float, default=0.5)
    parser.add_argument("--timeout", type=float, default=2.0)
    parser.add_argument("--banner", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ordered", action="store_true")
    asyncio.run(main(parser.parse_args()))
