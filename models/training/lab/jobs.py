"""Many runs: several at a time, each in a process of its own, and nothing left of any.

Owns: the order of runs, their time limits, trying once more what failed, what is left behind by a run
that was killed. Refuses: to make a run again that is there; to touch what a living run owns.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from netns import C, HERE, NAMED, PREFIX, PYTHON, sweep
from scenario import Run

# Beyond the time of its scenario: making the network, ending the services, working out the truth.
MORE_SECONDS = 150.0
ENDING_SECONDS = 30.0
# Making a network takes a processor for about a second; runs that begin together would wait for each other.
APART_SECONDS = 1.5
TICK_SECONDS = 0.2
# Long runs are behind sooner, so that at the end short ones fill the gaps.
LONG_FIRST = 4.0
TRIES = 2
PR_SET_PDEATHSIG = 1


@dataclass(eq=False)
class Job:
    """A run, and the process that plays it."""

    run: Run
    tries: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    since: float = 0.0

    @property
    def late(self) -> bool:
        """Whether it has had all its time."""
        return time.monotonic() - self.since > self.run.scenario.seconds + MORE_SECONDS


class Jobs:
    """Plays runs side by side."""

    def __init__(self, out: Path, runs: Sequence[Run], many: int, words: Sequence[str]) -> None:
        """`words` are for each run's command line, before its command."""
        self._out, self._many, self._words = out, many, list(words)
        self._all = len(runs)
        self._waiting = [Job(run) for run in sorted(runs, key=lambda run: (-run.scenario.seconds, run.name))
                         if not (out / f"{run.name}.pcap").exists()]
        self._running: list[Job] = []
        self._done = self._all - len(self._waiting)
        self.failed: list[str] = []

    def play(self) -> None:
        """Returns when every run is there or has failed twice; leaves nothing behind, whatever happens."""
        if self._done:
            print(f"{self._done} of {self._all} runs are there", flush=True)
        started = 0.0
        try:
            while self._waiting or self._running:
                if self._waiting and len(self._running) < self._many and time.monotonic() - started > APART_SECONDS:
                    started = time.monotonic()
                    self._start(self._next())
                for job in list(self._running):
                    if job.process.poll() is not None or job.late:
                        self._end(job)
                time.sleep(TICK_SECONDS)
        finally:
            for job in self._running:
                job.process.terminate()
            for job in self._running:
                stop(job.process)

    def _next(self) -> Job:
        """Of the two kinds the one that is behind: without an attack runs are long and light, the others short."""

        def behind(benign: bool) -> float:
            rest = sum(job.run.scenario.seconds for job in self._waiting if job.run.scenario.is_benign == benign)
            own = sum(job.run.scenario.is_benign == benign for job in self._running)
            return rest * (LONG_FIRST if benign else 1.0) / (1 + own)

        benign = behind(True) > behind(False)
        job = next(job for job in self._waiting if job.run.scenario.is_benign == benign)
        self._waiting.remove(job)
        return job

    def _start(self, job: Job) -> None:
        run = job.run
        job.tries, job.since = job.tries + 1, time.monotonic()
        argv = [PYTHON, HERE / "lab.py", *self._words, "run", run.scenario.name, "--out", self._out,
                "--offload", "on" if run.offload else "off", "--parent", str(os.getpid())]
        with self._log(run).open("wb") as said:
            job.process = subprocess.Popen(
                list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )
        self._running.append(job)

    def _end(self, job: Job) -> None:
        """Notes how a run ended; one that is late is ended."""
        run, late = job.run, job.late
        job.process.terminate()
        stop(job.process)
        self._running.remove(job)
        said = self._log(run).read_text(errors="replace").strip().splitlines()
        if job.process.returncode == 0 and (self._out / f"{run.name}.pcap").exists():
            self._log(run).unlink()
            self._done += 1
            how = f"kept, {time.monotonic() - job.since:.0f} s"
        else:
            how = "took too long" if late else said[-1] if said else f"ended with {job.process.returncode}"
            if job.tries < TRIES:
                self._waiting.append(job)
                how += "; once more"
            else:
                self.failed.append(run.name)
                self._log(run).write_text("\n".join([*said, how, ""]))
        print(f"[{self._done}/{self._all}] {run.name}: {how}", flush=True)

    def _log(self, run: Run) -> Path:
        return self._out / f"{run.name}.failed"


def stop(process: subprocess.Popen[bytes]) -> None:
    """Waits for a run's process, which was asked to end and has things to remove; then removes what it left."""
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    clean(f"{PREFIX}-{process.pid}-")


def clean(prefix: str) -> list[str]:
    """Removes what is left of a run that was killed, and names it."""
    names = sorted(name for name in listed(NAMED) if name.startswith(prefix))
    folders = sorted(name for name in listed(Path(tempfile.gettempdir())) if name.startswith(prefix))
    sweep(names)
    for name in folders:
        shutil.rmtree(Path(tempfile.gettempdir(), name), ignore_errors=True)
    return [*names, *folders]


def clean_all() -> list[str]:
    """Removes what is left of every run whose process is no more."""
    found = []
    for name in {*listed(NAMED), *listed(Path(tempfile.gettempdir()))}:
        pid = name.removeprefix(f"{PREFIX}-").partition("-")[0]
        if name.startswith(f"{PREFIX}-") and pid.isdigit() and not playing(int(pid)):
            found += clean(f"{PREFIX}-{pid}-")
    return found


def playing(pid: int) -> bool:
    """Whether a process may be one that plays runs."""
    with suppress(OSError):
        # A number is given again in time; only Python plays runs, and what looks like it is left alone.
        return b"python" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def listed(folder: Path) -> list[str]:
    """What is in a folder, if it is there."""
    with suppress(OSError):
        return os.listdir(folder)
    return []


def end_with(parent: int) -> None:
    """This process is asked to end when the one that started it ends, however it does."""
    C.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    if os.getppid() != parent:
        raise SystemExit(1)
