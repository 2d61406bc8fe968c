"""Sends messages at intervals: what a beacon says, or pieces of what is carried out.

Owns: the interval and its jitter, the size of each message, six ways to carry it (`http`, `https`, `tcp`, `udp`,
`dns`, `icmp`). Refuses: more than `--count` messages. Prints a line for each connection or socket that it opens:
time, own address, own port, peer, peer's port.
"""

from __future__ import annotations

import argparse
import base64
import random
import signal
import socket
import ssl
import struct
import time
from collections.abc import Callable

PATIENCE_SECONDS = 20.0
ANSWER_SECONDS = 2.0
QUERY_BYTES, LABEL = 110, 60
ECHO_BYTES = 1_000
TXT, IN, ECHO = 16, 1, 8


class Talker:
    """One client that has something to say now and then."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words, self._rng = words, random.Random(words.seed)
        host, _, port = words.to.rpartition(":")
        self._peer = host, int(port)
        self._sock: socket.socket | None = None
        self._number = 0

    def talk(self) -> None:
        """All messages, each at its time."""
        words, due = self._words, time.monotonic()
        for number in range(words.count):
            if number:
                due += words.every * self._rng.uniform(1 - words.jitter, 1 + words.jitter)
                time.sleep(max(0.0, due - time.monotonic()))
            data = self._rng.randbytes(self._rng.randint(*words.up))
            try:
                WAYS[words.way](self, data)
            except (OSError, ValueError):
                # The next message tries again, as such programs do.
                self._close()
            if not words.keep:
                self._close()
        self._close()

    def _open(self, kind: int, connect_again: bool = False) -> socket.socket:
        """The socket, kept or new."""
        if self._sock:
            return self._sock
        for attempt in range(20 if connect_again else 1):
            sock = socket.socket(socket.AF_INET, kind)
            sock.settimeout(PATIENCE_SECONDS if kind == socket.SOCK_STREAM else ANSWER_SECONDS)
            try:
                sock.connect(self._peer)
                break
            except ConnectionRefusedError:
                sock.close()
                if not connect_again or attempt == 19:
                    raise
                time.sleep(0.25)
        print(f"{time.time():.6f}", *sock.getsockname(), *self._peer, flush=True)
        if self._words.way == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            sock = context.wrap_socket(sock, server_hostname=self._words.host)
        self._sock = sock
        return sock

    def _close(self) -> None:
        if self._sock:
            self._sock.close()
        self._sock = None

    def http(self, data: bytes) -> None:
        """A GET when there is nothing to say, else a POST."""
        sock, words = self._open(socket.SOCK_STREAM), self._words
        target = f"/{words.path}?i={self._rng.getrandbits(32):08x}"
        lines = [f"{'POST' if data else 'GET'} {target} HTTP/1.1", f"Host: {words.host}", f"User-Agent: {words.agent}",
                 f"Connection: {'keep-alive' if words.keep else 'close'}"]
        if data:
            lines += ["Content-Type: application/octet-stream", f"Content-Length: {len(data)}"]
        sock.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        with sock.makefile("rb") as file:
            size = 0
            while (line := file.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            file.read(size)

    def tcp(self, data: bytes) -> None:
        """A length and the message; the answer is the same."""
        sock = self._open(socket.SOCK_STREAM, connect_again=True)
        sock.sendall(struct.pack("!I", len(data)) + data)
        with sock.makefile("rb") as file:
            (size,) = struct.unpack("!I", file.read(4) or b"\0\0\0\0")
            file.read(size)

    def udp(self, data: bytes) -> None:
        """Datagrams of at most 1,200 bytes."""
        sock = self._open(socket.SOCK_DGRAM)
        for at in range(0, len(data) or 1, 1_200):
            sock.send(data[at : at + 1_200])
            self._heard(sock)

    def dns(self, data: bytes) -> None:
        """Questions whose names carry the message."""
        sock = self._open(socket.SOCK_DGRAM)
        for at in range(0, len(data) or 1, QUERY_BYTES):
            text = base64.b32encode(data[at : at + QUERY_BYTES]).rstrip(b"=").lower()
            self._number += 1
            labels = [text[first : first + LABEL] for first in range(0, len(text), LABEL)]
            labels += [b"%x" % self._number, *self._words.host.encode().split(b".")]
            name = b"".join(bytes([len(label)]) + label for label in labels if label) + b"\0"
            head = struct.pack("!HHHHHH", self._rng.getrandbits(16), 0x0100, 1, 0, 0, 0)
            sock.send(head + name + struct.pack("!HH", TXT, IN))
            self._heard(sock)
            time.sleep(self._words.pause)

    def icmp(self, data: bytes) -> None:
        """Echo requests that carry the message."""
        if not self._sock:
            self._sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
            print(f"{time.time():.6f} - 0 {self._peer[0]} 0", flush=True)
        for at in range(0, len(data) or 1, ECHO_BYTES):
            self._number += 1
            body = struct.pack("!BBHHH", ECHO, 0, 0, self._words.seed & 0xFFFF, self._number & 0xFFFF)
            body += data[at : at + ECHO_BYTES]
            self._sock.sendto(body[:2] + struct.pack("!H", checksum(body)) + body[4:], (self._peer[0], 0))
            time.sleep(self._words.pause)

    @staticmethod
    def _heard(sock: socket.socket) -> None:
        """Takes the answer, if one comes in time."""
        try:
            sock.recv(2_048)
        except TimeoutError:
            return


def checksum(data: bytes) -> int:
    """The Internet checksum."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def span(text: str) -> tuple[int, int]:
    """`a-b` or `a`."""
    low, _, high = text.partition("-")
    return int(low), int(high or low)


WAYS: dict[str, Callable[[Talker, bytes], None]] = {
    "http": Talker.http, "https": Talker.http, "tcp": Talker.tcp, "udp": Talker.udp, "dns": Talker.dns,
    "icmp": Talker.icmp,
}

if __name__ == "__main__":
    # Whoever ends it wants to hear nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--to", required=True)
    parser.add_argument("--host", default="cdn-sync.example")
    parser.add_argument("--path", default="v1/status")
    parser.add_argument("--agent", default="Mozilla/5.0")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--up", type=span, default=(0, 0))
    for name, default in (("--every", 10.0), ("--jitter", 0.0), ("--pause", 0.02)):
        parser.add_argument(name, type=float, default=default)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true")
    Talker(parser.parse_args()).talk()
