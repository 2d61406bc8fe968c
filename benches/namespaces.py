"""Network namespaces and the programs run inside them.

Owns: making and removing the namespaces, every process started there. Refuses:
to touch any other namespace, interface or process; to outlive its time. The
wires between them belong to who derives from `Namespaces`: `lab` beside this
file, and the lab of `models/training`.
"""

from __future__ import annotations

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
    """Something in a lab could not be done; the text says what and why."""


@dataclass(frozen=True)
class End:
    """One end of a wire: a namespace and the interface inside it."""

    namespace: str
    interface: str


class Namespaces:
    """The namespaces of some ends; leaving the `with` block removes them and all they ran.

    `seconds` bounds the wait for everything started inside. A process that makes
    some calls `leave_on_signals` first.
    """

    def __init__(self, names: Sequence[str], seconds: float) -> None:
        self._names = tuple(names)
        self._deadline = time.monotonic() + seconds
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            raise LabError("making network namespaces needs root")
        try:
            for name in self._names:
                command(["ip", "netns", "add", name])
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
        self, end: End, argv: Sequence[str | Path], stdout: IO[bytes] | None = None, stderr: IO[bytes] | None = None,
        folder: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a program at `end`, its output discarded unless a file is given, in `folder` if one is."""
        program = subprocess.Popen(
            ["ip", "netns", "exec", end.namespace, *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=stderr or subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        self._started.append(program)
        return program

    def wait(self, program: subprocess.Popen[bytes], seconds: float) -> int:
        """The exit status of a started program, which gets `seconds` to end by itself."""
        try:
            return program.wait(timeout=max(0.0, min(seconds, self._deadline - time.monotonic())))
        except subprocess.TimeoutExpired as late:
            raise LabError(f"{words(program)} did not end within {late.timeout:.0f} s") from None

    def run(self, end: End, *argv: str | Path) -> None:
        """Runs a short program at `end`; it must end well."""
        command(["ip", "netns", "exec", end.namespace, *map(str, argv)])

    def read(self, end: End, path: str) -> str:
        """The text of a file under `/proc` as `end` sees it."""
        return command(["ip", "netns", "exec", end.namespace, "cat", path])

    @staticmethod
    def interrupt(program: subprocess.Popen[bytes]) -> None:
        """Asks a program to end as Ctrl-C would."""
        program.send_signal(signal.SIGINT)

    def _join(self) -> None:
        """Lays the wires between the namespaces, which are there by now."""
        raise NotImplementedError

    def _remove(self) -> None:
        """Best effort and in order: programs, then namespaces, which take the wires along."""
        before = ignore_signals()
        for program in self._started:
            if program.poll() is None:
                kill_group(program)
        for name in self._names:
            left = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
            for pid in left.stdout.split():
                # Nobody else knows the namespace: whatever is in it came from here.
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        for sign, handler in before.items():
            signal.signal(sign, handler)


def words(program: subprocess.Popen[bytes]) -> str:
    """The first words of what was started inside a namespace."""
    if not isinstance(program.args, list):
        return str(program.args)
    own = program.args[4:] if program.args[:3] == ["ip", "netns", "exec"] else program.args
    return " ".join(own[:2])


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
    """Ends a program and its children; what they were writing is not wanted any more.

    One that is over is left alone: its number may be that of somebody else by now.
    """
    if program.poll() is not None:
        return
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
