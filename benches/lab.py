"""Two network namespaces joined by a veth pair, and the programs run inside them.

Owns: making and removing the namespaces, the wire between them, every process
started there. Refuses: to touch any other namespace, interface or process; to
outlive its time. What runs inside is decided by `traffic` and `live`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

OFFLOADS = ("tx", "rx", "tso", "gso", "gro")
COMMAND_SECONDS = 10.0
ENDINGS = (signal.SIGINT, signal.SIGTERM)

Handler = Callable[[int, FrameType | None], object] | int | None


class LabError(Exception):
    """Something in the lab could not be done; the text says what and why."""


@dataclass(frozen=True)
class End:
    """One end of the wire: a namespace and the interface inside it."""

    namespace: str
    interface: str


@dataclass(frozen=True)
class Counters:
    """What an interface counted since it was made, in frames and bytes."""

    sent: int
    received: int
    dropped: int
    bytes: int


class Lab:
    """The namespaces; leaving the `with` block removes them and all they ran.

    `seconds` bounds the wait for everything started inside. A process that makes
    a lab calls `leave_on_signals` first.
    """

    def __init__(self, seconds: float) -> None:
        self.client = End(f"weir-bench-{os.getpid()}-c", "wire0")
        self.server = End(f"weir-bench-{os.getpid()}-s", "wire1")
        self._deadline = time.monotonic() + seconds
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise LabError("making network namespaces needs root")
        try:
            self._join()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def start(
        self, end: End, argv: Sequence[str | Path], stdout: IO[bytes] | None = None, stderr: IO[bytes] | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a program at `end`, its output discarded unless a file is given."""
        program = subprocess.Popen(
            ["ip", "netns", "exec", end.namespace, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=stderr or subprocess.DEVNULL,
            start_new_session=True,
        )
        self._started.append(program)
        return program

    def wait(self, program: subprocess.Popen[bytes], seconds: float) -> int:
        """The exit status of a started program, which gets `seconds` to end by itself."""
        try:
            return program.wait(timeout=max(0.0, min(seconds, self._deadline - time.monotonic())))
        except subprocess.TimeoutExpired as late:
            raise LabError(f"{self._words(program)} did not end within {late.timeout:.0f} s") from None

    def run(self, end: End, *argv: str | Path) -> None:
        """Runs a short program at `end`; it must end well."""
        command(["ip", "netns", "exec", end.namespace, *map(str, argv)])

    def read(self, end: End, path: str) -> str:
        """The text of a file under `/proc` as `end` sees it."""
        return command(["ip", "netns", "exec", end.namespace, "cat", path])

    def counters(self, end: End) -> Counters:
        """The interface's own statistics, those of `/sys/class/net/*/statistics`."""
        shown = command(["ip", "-n", end.namespace, "-s", "-j", "link", "show", end.interface])
        stats = json.loads(shown)[0]["stats64"]
        rx, tx = stats["rx"], stats["tx"]
        return Counters(
            tx["packets"], rx["packets"], rx["dropped"] + tx["dropped"] + rx["errors"] + tx["errors"],
            rx["bytes"] + tx["bytes"],
        )

    @staticmethod
    def interrupt(program: subprocess.Popen[bytes]) -> None:
        """Asks a program to end as Ctrl-C would."""
        program.send_signal(signal.SIGINT)

    def _join(self) -> None:
        for end in (self.client, self.server):
            command(["ip", "netns", "add", end.namespace])
        command([
            "ip", "link", "add", self.client.interface, "netns", self.client.namespace,
            "type", "veth", "peer", "name", self.server.interface, "netns", self.server.namespace,
        ])
        for end in (self.client, self.server):
            # Frames as a real wire carries them: MTU-sized, with their checksums.
            for offload in OFFLOADS:
                self.run(end, "ethtool", "-K", end.interface, offload, "off")

    def _remove(self) -> None:
        """Best effort and in order: programs, then namespaces, which take the wire along."""
        before = ignore_signals()
        for program in self._started:
            if program.poll() is None:
                kill_group(program)
        for end in (self.client, self.server):
            left = subprocess.run(["ip", "netns", "pids", end.namespace], capture_output=True, text=True)
            for pid in left.stdout.split():
                # Nobody else knows the namespace: whatever is in it came from here.
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", end.namespace], capture_output=True)
        for sign, handler in before.items():
            signal.signal(sign, handler)

    @staticmethod
    def _words(program: subprocess.Popen[bytes]) -> str:
        return " ".join(program.args[4:6]) if isinstance(program.args, list) else str(program.args)


def leave_on_signals() -> None:
    """Makes the first SIGINT or SIGTERM leave every `with` block before the process ends."""

    def leave(number: int, _frame: FrameType | None) -> None:
        # The next one must not interrupt the cleaning up.
        ignore_signals()
        sys.exit(128 + number)

    for sign in ENDINGS:
        signal.signal(sign, leave)


def ignore_signals() -> dict[signal.Signals, Handler]:
    """Ignores what asks for an end, and returns what was done about it before."""
    return {sign: signal.signal(sign, signal.SIG_IGN) for sign in ENDINGS}


def kill_group(program: subprocess.Popen[bytes]) -> None:
    """Ends a program and its children; what they were writing is not wanted any more."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        program.wait(timeout=3)


def command(argv: Sequence[str]) -> str:
    """The standard output of a short command that must end well."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    except FileNotFoundError:
        raise LabError(f"`{argv[0]}` is not installed") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(argv)}` took more than {COMMAND_SECONDS:.0f} s") from None
    if done.returncode != 0:
        raise LabError(f"`{' '.join(argv)}`: {done.stderr.strip() or done.returncode}")
    return done.stdout
