"""One measured run, runs in turn, and the table of what they showed.

Owns: the CPU time and peak memory of a finished process, ratios, the verdict on
a bound. Refuses: to call ok what is not known.
Which programs run on which captures is decided by `bench` and `live`.
"""

from __future__ import annotations

import os
import select
import signal
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

RUN_SECONDS = 300


class RunFailed(Exception):
    """A program did not do what it was measured for; the text says which and why."""


@dataclass(frozen=True)
class Usage:
    """What a finished process cost: CPU time of user and system, peak resident bytes."""

    cpu_s: float
    peak_rss: int


@dataclass(frozen=True)
class Row:
    """One figure; `met` is none where there is no bound."""

    name: str
    value: str
    bound: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {None: "", True: "ok", False: "NOT REACHED"}[self.met]
        return f"{self.name:<44} {self.value:<36} {self.bound:<26} {verdict}".rstrip()


@dataclass(frozen=True)
class Pairs:
    """Runs of a subject and of its reference, taken in turn."""

    subject: list[Usage]
    reference: list[Usage]

    def ratios(self) -> list[float]:
        """CPU of the subject over that of the reference that ran right after it."""
        return [a.cpu_s / b.cpu_s for a, b in zip(self.subject, self.reference, strict=True)]

    def ratio(self) -> float:
        """The median of the pairwise ratios."""
        return statistics.median(self.ratios())


def run(argv: Sequence[str], seconds: float = RUN_SECONDS) -> Usage:
    """Runs a program to its good end and returns what it cost."""
    with tempfile.TemporaryFile() as stderr:
        try:
            program = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
            )
        except OSError as error:
            raise RunFailed(f"start `{argv[0]}`: {error.strerror}") from error
        usage = reap(program, seconds)
        if program.returncode != 0:
            stderr.seek(0)
            words = stderr.read().decode(errors="replace").strip().splitlines()[-1:]
            raise RunFailed(f"`{' '.join(argv)}` ended with {program.returncode}: {' '.join(words)}")
    return usage


def reap(program: subprocess.Popen[bytes], seconds: float) -> Usage:
    """Waits for a program, killed after `seconds`, and sets its return code."""
    handle = os.pidfd_open(program.pid)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
        if not ended:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        _, status, usage = os.wait4(program.pid, 0)
    finally:
        os.close(handle)
    program.returncode = os.waitstatus_to_exitcode(status)
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def in_turn(subject: Sequence[str], reference: Sequence[str], rounds: int) -> Pairs:
    """A warm-up of both, then subject and reference alternating `rounds` times."""
    run(subject)
    run(reference)
    pairs = Pairs([], [])
    for _ in range(rounds):
        pairs.subject.append(run(subject))
        pairs.reference.append(run(reference))
    return pairs


def spread(values: Sequence[float], digits: int = 2, unit: str = "") -> str:
    """Median, minimum and maximum in one cell."""
    middle, low, high = (f"{value:.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{middle}{unit} ({low} to {high})"
