"""Captures rewritten: later, and with more or less of each packet.

Owns: calling `editcap`, and filling what a capture left out of its packets.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

SHIFT_US = 100_000_123_457
CUT_BYTES = 192
HEADER = struct.Struct("<IHHiIII")
RECORD = struct.Struct("<IIII")
MAGIC = 0xA1B2C3D4
LARGEST = 262_144
FILLER = b"\xa5"


class RewriteFailed(Exception):
    """The capture is of another form."""


def later(capture: Path, made: Path) -> None:
    """The same packets, a day and some hours later."""
    editcap("-t", f"{SHIFT_US // 1_000_000}.{SHIFT_US % 1_000_000:06}", capture, made)


def whole(capture: Path, made: Path) -> None:
    """Every packet as long as it was on the wire, with something where nobody knows what was there."""
    with capture.open("rb") as source, made.open("wb") as target:
        magic, *versions, zone, sigfigs, _, link = HEADER.unpack(source.read(HEADER.size))
        if magic != MAGIC:
            raise RewriteFailed(f"`{capture}` is no pcap file of this byte order with microseconds")
        target.write(HEADER.pack(magic, *versions, zone, sigfigs, LARGEST, link))
        while len(head := source.read(RECORD.size)) == RECORD.size:
            seconds, fraction, kept, length = RECORD.unpack(head)
            target.write(RECORD.pack(seconds, fraction, length, length))
            target.write(source.read(kept).ljust(length, FILLER))


def cut(capture: Path, made: Path) -> None:
    """Of every packet, as long as it was on the wire, the first bytes."""
    filled = made.with_suffix(".whole")
    whole(capture, filled)
    editcap("-s", str(CUT_BYTES), filled, made)
    filled.unlink()


def editcap(option: str, value: str, capture: Path, made: Path) -> None:
    """Rewrites a capture."""
    subprocess.run(["editcap", "-F", "pcap", option, value, str(capture), str(made)], check=True)
