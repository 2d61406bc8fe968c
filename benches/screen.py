"""A program on a terminal of its own: what it writes there, when, and what it costs.

Owns: the pseudo-terminal, its size, the bytes that come out of it, the end of
the program. Refuses: to guess what the bytes look like; who asks brings a text
to wait for. Which programs run is decided by `console`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence
from dataclasses import dataclass

from measure import RunFailed, Usage

COLUMNS, LINES = 120, 34
END_SECONDS = 10.0
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_=>])")


@dataclass(frozen=True)
class Shown:
    """One run: bytes written in all and while measured, when the text appeared, what it cost."""

    bytes: int
    measured_bytes: int
    first_text_s: float | None
    seconds: float
    usage: Usage
    measured_cpu_s: float


class Screen:
    """A program that believes it speaks to a person."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._start = time.monotonic()
        self._pid, self._terminal = os.forkpty()
        if self._pid == 0:
            environment = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
            try:
                os.execvpe(argv[0], list(argv), environment)
            except OSError:
                os._exit(127)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._written = bytearray()

    def watch(self, text: bytes, warmup_s: float, seconds: float, keys: bytes) -> Shown:
        """Waits for `text`, lets `warmup_s` pass, measures for `seconds`, then types `keys` to end it."""
        appeared = self._until(text, 20.0)
        self._read(warmup_s)
        before, cpu_before = len(self._written), self._cpu_s()
        self._read(seconds)
        measured, cpu = len(self._written) - before, self._cpu_s() - cpu_before
        usage = self._end(keys)
        return Shown(len(self._written), measured, appeared, seconds, usage, cpu)

    def _until(self, text: bytes, seconds: float) -> float | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in ESCAPES.sub(b"", bytes(self._written)):
                return time.monotonic() - self._start
            if not self._read_once(0.002):
                return None
        return None

    def _read(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self._read_once(left):
                raise RunFailed(f"the program left its terminal early: {bytes(self._written[-300:])!r}")

    def _read_once(self, seconds: float) -> bool:
        """Reads what there is within `seconds`; false once the program has gone."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, seconds))
        if not ready:
            return True
        try:
            chunk = os.read(self._terminal, 65536)
        except OSError as error:
            if error.errno == errno.EIO:
                return False
            raise
        self._written += chunk
        return bool(chunk)

    def _cpu_s(self) -> float:
        """CPU time so far, of all threads."""
        with open(f"/proc/{self._pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _end(self, keys: bytes) -> Usage:
        if keys:
            os.write(self._terminal, keys)
        else:
            os.kill(self._pid, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline and self._read_once(0.05):
            pass
        pid, status, usage = os.wait4(self._pid, os.WNOHANG)
        if pid == 0:
            os.kill(self._pid, signal.SIGKILL)
            _, status, usage = os.wait4(self._pid, 0)
        os.close(self._terminal)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 127:
            raise RunFailed("the program could not be started")
        return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
