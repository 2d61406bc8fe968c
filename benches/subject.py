"""The program being measured: how it is called and how its answer is read.

Owns: the command lines of `weir flows` and of `tcpdump`, which is the reference
and, as a subject, shows what the bench itself adds: every ratio must be 1.
Refuses: to guess; a count that was not printed is none.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import RunFailed

TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FIELD = re.compile(r"\b(\w*(?:received|captured|dropped|drops)\w*)\s*[=:]\s*\"?(\d+)")
SENTENCE = re.compile(r"\b(\d+) packets? (captured|received by filter|dropped by \w+)")
PACKET_COLUMNS = ("Total Fwd Packet", "Total Bwd packets")


def reference(capture: Path) -> list[str]:
    """The reader every CPU time is compared with."""
    return ["tcpdump", "-nr", str(capture), "-w", "/dev/null"]


@dataclass(frozen=True)
class Weir:
    """`weir flows`, with the options every run of it gets."""

    binary: Path
    options: Sequence[str] = ()

    def replay(self, capture: Path, *options: str) -> list[str]:
        """Flows of a file, written to nowhere."""
        return [str(self.binary), "flows", str(capture), "-o", "/dev/null", *self.options, *options]

    def detect(self, capture: Path) -> list[str]:
        """Incidents of a file."""
        return [str(self.binary), "detect", str(capture), *self.options]

    def live(self, interface: str, out: Path) -> list[str]:
        """Flows of an interface until interrupted."""
        return [
            str(self.binary), "flows", f"iface:{interface}", "-o", str(out),
            "--log-level", "info", *self.options,
        ]

    def counted(self, out: Path, _reported: dict[str, int]) -> int | None:
        """Packets in all rows of a CSV."""
        with out.open(newline="") as file:
            return sum(int(row[column]) for row in csv.DictReader(file) for column in PACKET_COLUMNS)


@dataclass(frozen=True)
class Tcpdump:
    """`tcpdump` in place of the subject; options of `weir` mean nothing to it."""

    def replay(self, capture: Path, *_options: str) -> list[str]:
        """The reference itself."""
        return reference(capture)

    def live(self, interface: str, out: Path) -> list[str]:
        """Packets of an interface until interrupted, over a ring of 64 MiB."""
        return ["tcpdump", "-Z", "root", "-ni", interface, "-B", "65536", "-w", str(out)]

    def counted(self, _out: Path, reported: dict[str, int]) -> int | None:
        """Packets it says it captured."""
        return reported.get("captured")


Subject = Weir | Tcpdump


def reported(words: str) -> dict[str, int]:
    """The counters in what a program logged, the last of each name."""
    plain = TERMINAL_COLOUR.sub("", words)
    counters = {name: int(value) for name, value in FIELD.findall(plain)}
    return counters | {name: int(value) for value, name in SENTENCE.findall(plain)}


def build(root: Path, kind: str, name: str) -> Path:
    """Builds the release binary of a target, a `bin` or a `bench`, and returns where cargo put it."""
    argv = ["cargo", "build", "--release", f"--{kind}", name, "--message-format", "json-render-diagnostics"]
    try:
        done = subprocess.run(argv, cwd=root, stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RunFailed(f"build a release binary: {error}") from error
    messages = (json.loads(line) for line in done.stdout.splitlines())
    # A bench brings the binaries of its package with it.
    built = [
        message["executable"]
        for message in messages
        if message.get("executable") and kind in message["target"]["kind"] and message["target"]["name"] == name
    ]
    if not built:
        raise RunFailed("cargo named no binary")
    return Path(built[-1])


def chosen(name: str | None, options: Sequence[str], root: Path) -> Subject:
    """The subject by name: `tcpdump`, the path of a `weir`, or none to build one."""
    if name == "tcpdump":
        return Tcpdump()
    binary = Path(name) if name else build(root, "bin", "weir")
    if not os.access(binary, os.X_OK):
        raise RunFailed(f"`{binary}` is not a program")
    return Weir(binary.resolve(), options)
