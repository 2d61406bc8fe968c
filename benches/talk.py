"""Connections at an even pace: `talk.py serve ADDRESS PORT SECONDS`, `talk.py call ADDRESS PORT SECONDS RATE`.

Owns: one small answer a connection, and the clock that paces them. Refuses: to
go on after SECONDS.
"""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 700\r\n\r\n" + b"." * 700
QUESTION = b"GET / HTTP/1.0\r\n\r\n"


def serve(address: str, port: int, seconds: float) -> None:
    """Answers one connection after the other."""
    deadline = time.monotonic() + seconds
    with socket.create_server((address, port), backlog=512) as server:
        server.settimeout(1.0)
        while time.monotonic() < deadline:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    client.settimeout(1.0)
                    client.recv(1024)
                    client.sendall(ANSWER)


def call(address: str, port: int, seconds: float, rate: float) -> None:
    """Opens `rate` connections a second, each for one question and its answer."""
    start = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        with suppress(OSError), socket.create_connection((address, port), timeout=1.0) as server:
            server.sendall(QUESTION)
            while server.recv(4096):
                pass


if __name__ == "__main__":
    verb, host, port_text, seconds_text, *rest = sys.argv[1:]
    if verb == "serve":
        serve(host, int(port_text), float(seconds_text))
    else:
        call(host, int(port_text), float(seconds_text), float(rest[0]))
