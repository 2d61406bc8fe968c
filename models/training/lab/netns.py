"""Inside a network namespace: how to get there, who lives there, commands for what is in it and what they see.

Owns: the way to `benches/namespaces.py`, which others import after this; the removal of namespaces with
all that lives in them. Refuses: to make one, to touch one whose name does not begin as those of runs do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[2] / "benches"))

from namespaces import End, LabError  # noqa: E402

# What is written in Python needs the modules of Debian's own.
PYTHON = "/usr/bin/python3"
CLONE_NEWNET = 0x4000_0000
NAMED = Path("/run/netns")
# What begins with it in the names of namespaces and of temporary folders is of a run.
PREFIX = "weir-lab"
SWEEPS = 100
PREFERRED = -10
C = ctypes.CDLL(None, use_errno=True)


def need_root() -> None:
    """Says so before anything is made."""
    if os.geteuid() != 0:
        raise LabError("playing traffic between network namespaces needs root")


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread, and what it starts, is in a namespace for a while."""
    home, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(NAMED / namespace, os.O_RDONLY)
    try:
        enter(there, namespace)
        yield
    finally:
        enter(home, "the first namespace")
        os.close(home)
        os.close(there)


def enter(file: int, name: str) -> None:
    """This thread is in another network namespace from now on."""
    if C.setns(file, CLONE_NEWNET) != 0:
        raise LabError(f"enter {name}: {os.strerror(ctypes.get_errno())}")


def living(namespaces: Sequence[str]) -> list[int]:
    """The processes in some namespaces."""
    wanted = set()
    for name in namespaces:
        with suppress(OSError):
            wanted.add(os.stat(NAMED / name).st_ino)
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/net").st_ino in wanted:
                found.append(int(pid))
    return found


def sweep(names: Sequence[str]) -> None:
    """Ends whatever lives in some namespaces, also what was started while it was ended, and removes them."""
    names = [name for name in names if name.startswith(PREFIX) and (NAMED / name).exists()]
    for _ in range(SWEEPS):
        # Nobody else knows these namespaces: whatever is in them came from a run.
        # This process is in one of them still if it was told to end on its way out.
        if not (pids := [pid for pid in living(names) if pid != os.getpid()]):
            break
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for name in names:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)


def prefer(program: subprocess.Popen[bytes]) -> None:
    """What records or carries packets comes before what sends them, however busy the machine is."""
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, program.pid, PREFERRED)


def instead(source: str | Path, path: str) -> tuple[str, ...]:
    """What a command line begins with whose program, and nobody else, finds something else at a path."""
    shell = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    return "unshare", "--mount", "sh", "-c", shell, "sh", str(source), path


def batch(program: str, end: End, lines: Sequence[str]) -> None:
    """Several commands of `ip` or `tc` inside a namespace."""
    argv = [program, "-n", end.namespace, "-batch", "-"]
    done = subprocess.run(argv, input="\n".join(lines), capture_output=True, text=True, timeout=20)
    if done.returncode != 0:
        raise LabError(f"{program} in {end.namespace}: {done.stderr.strip()}")


def until(done: Callable[[], bool], what: str, program: subprocess.Popen[bytes]) -> None:
    """Waits a while for something that a program must do first."""
    for _ in range(600):
        if done():
            return
        if program.poll() is not None:
            raise LabError(f"`{program.args[0]}` ended at once, waited for {what}")
        time.sleep(0.05)
    raise LabError(f"waited 30 s for {what}")
