"""The captures the figures are taken from; each is made once and kept.

Owns: having the traffic lab play the mixed capture, writing the million and the
one-packet captures, counting what is in one. Refuses: to keep a capture that
misses its shape; the lab refuses one that lost packets. Run as `captures.py NAME
FILE`, in a process of its own: the peak memory of whoever starts a measured
program shows in its figures.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from namespaces import LabError, leave_on_signals

LAB = Path(__file__).resolve().parents[1] / "models" / "training" / "lab" / "lab.py"
# With frames as they are on a wire: segmentation offload is off.
SCENARIO, RUN = "bench-mixed", "bench-mixed.off.pcap"
LEAST_PACKETS = 1_000_000
PACKETS_PER_FLOW = (10.0, 20.0)
MILLION = 1_000_000
MILLION_SPACING_US = 20

FILE_HEADER_PARTS = struct.Struct("<IHHiIII")
FILE_HEADER = FILE_HEADER_PARTS.pack(0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
RECORD = struct.Struct("<IIII")
ETHERNET = bytes.fromhex("0200000000020200000000010800")
ETHERNET_LINK, COOKED_LINK = 1, 276
VXLAN_PORTS = (4789, 8472)
VXLAN_BYTES = 8 + 8
SYN, FIN_OR_RST, ACK = 0x02, 0x05, 0x10


@dataclass(frozen=True)
class Census:
    """What is in a capture; `bytes` are those of the frames on the wire."""

    packets: int
    flows: int
    bytes: int

    def __str__(self) -> str:
        return (
            f"{self.packets:,} packets, {self.flows:,} flows ({self.packets / self.flows:.1f} packets each), "
            f"mean frame {self.bytes / self.packets:.0f} B, {self.bytes:,} B"
        )


def record_mixed(path: Path) -> None:
    """Has the lab play real traffic of many kinds."""
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        argv = ["/usr/bin/python3", str(LAB), "run", SCENARIO, "--out", name]
        # Where there is room for it twice.
        with subprocess.Popen(argv, env=os.environ | {"TMPDIR": name}, start_new_session=True) as lab:
            try:
                lab.wait()
            finally:
                # Asked, not killed: it has namespaces to remove.
                lab.terminate()
        if lab.returncode != 0:
            raise LabError("the lab could not play it")
        Path(name, RUN).rename(path)


def check_mixed(census: Census) -> None:
    """Whether the capture has the shape the bounds were set for."""
    low, high = PACKETS_PER_FLOW
    each = census.packets / census.flows
    if census.packets < LEAST_PACKETS or not low <= each <= high:
        raise LabError(f"the mixed capture is not what was wanted: {census}")


def write_million(path: Path) -> None:
    """A million 5-tuples, one packet each, over 20 s: nine TCP SYN to one UDP datagram."""
    with path.open("wb", buffering=1 << 20) as file:
        file.write(FILE_HEADER)
        for index in range(MILLION):
            at = index * MILLION_SPACING_US
            frame = lone_frame(index)
            file.write(RECORD.pack(1_700_000_000 + at // 1_000_000, at % 1_000_000, len(frame), len(frame)))
            file.write(frame)


def write_one(path: Path) -> None:
    """One packet: what a run costs before its first flow."""
    frame = lone_frame(0)
    path.write_bytes(FILE_HEADER + RECORD.pack(1_700_000_000, 0, len(frame), len(frame)) + frame)


def lone_frame(index: int) -> bytes:
    """The only frame of the flow numbered `index`, 60 bytes, from one of 65,536 clients."""
    # An odd factor permutes the 2^20 numbers: neighbours in time are strangers in the table.
    spread = index * 611_953 & 0xFFFFF
    client, server = 0x0A4D0000 | spread >> 4, 0xC6120000 | spread & 0xFF
    port = 1_024 + (spread & 15) * 4_001
    if index % 10 == 9:
        packet = ipv4(17, client, server, udp(client, server, port))
    else:
        packet = ipv4(6, client, server, syn(client, server, port, index))
    return (ETHERNET + packet).ljust(60, b"\0")


def ipv4(protocol: int, source: int, target: int, content: bytes) -> bytes:
    """An IPv4 packet without options."""
    header = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(content), 0, 0x4000, 64, protocol, 0, source, target)
    return header[:10] + checksum(header) + header[12:] + content


def syn(source: int, target: int, port: int, sequence: int) -> bytes:
    """A TCP SYN to port 443 with a maximum segment size."""
    segment = struct.pack(">HHIIBBHHHBBH", port, 443, sequence, 0, 0x60, 2, 64_240, 0, 0, 2, 4, 1_460)
    pseudo = struct.pack(">IIHH", source, target, 6, len(segment))
    return segment[:16] + checksum(pseudo + segment) + segment[18:]


def udp(source: int, target: int, port: int) -> bytes:
    """A UDP datagram of 18 bytes to port 53."""
    datagram = struct.pack(">HHHH18x", port, 53, 26, 0)
    pseudo = struct.pack(">IIHH", source, target, 17, len(datagram))
    return datagram[:6] + checksum(pseudo + datagram) + datagram[8:]


def checksum(data: bytes) -> bytes:
    """The Internet checksum of an even number of bytes."""
    # 2^16 is 1 modulo 0xFFFF: the ones' complement sum of the words is a remainder.
    return (0xFFFF - int.from_bytes(data, "big") % 0xFFFF).to_bytes(2, "big")


def census(path: Path) -> Census:
    """Counts packets, flows and bytes; a flow is a 5-tuple in either direction.

    A SYN on a 5-tuple that has seen a FIN or a RST is the next flow.
    """
    closing: dict[tuple[object, ...], bool] = {}
    packets = flows = wire_bytes = 0
    for length, kind, content in records(path):
        packets += 1
        wire_bytes += length
        found = key(kind, content)
        if found is None:
            continue
        tuple_, flags = found
        if tuple_ not in closing or (closing[tuple_] and flags & (SYN | ACK) == SYN):
            flows += 1
            closing[tuple_] = False
        if flags & FIN_OR_RST:
            closing[tuple_] = True
    return Census(packets, flows, wire_bytes)


def records(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """Length on the wire, EtherType and what is behind it, of every record of a little-endian pcap file."""
    with path.open("rb", buffering=1 << 20) as file:
        link = FILE_HEADER_PARTS.unpack(file.read(len(FILE_HEADER)))[-1]
        kind, behind = {ETHERNET_LINK: (12, 14), COOKED_LINK: (0, 20)}[link]
        while header := file.read(RECORD.size):
            _, _, captured, length = RECORD.unpack(header)
            frame = file.read(captured)
            yield length, frame[kind : kind + 2], frame[behind:]


def key(kind: bytes, ip: bytes) -> tuple[tuple[object, ...], int] | None:
    """The 5-tuple, the same in both directions, and TCP flags; none without IP or past a first fragment.

    Of VXLAN it is that of the packet inside.
    """
    if kind == b"\x08\x00":
        protocol, source, target, content = ip[9], ip[12:16], ip[16:20], ip[(ip[0] & 15) * 4 :]
        if (ip[6] & 0x1F) << 8 | ip[7]:
            return None
    elif kind == b"\x86\xdd":
        protocol, source, target, content = ip[6], ip[8:24], ip[24:40], ip[40:]
    else:
        return None
    if protocol == 17 and int.from_bytes(content[2:4], "big") in VXLAN_PORTS:
        inner = content[VXLAN_BYTES:]
        return key(inner[12:14], inner[14:])
    ports = (content[:2], content[2:4]) if protocol in (6, 17) else (b"", b"")
    ends = sorted(((source, ports[0]), (target, ports[1])))
    return (protocol, *ends), content[13] if protocol == 6 else 0


MAKERS: dict[str, Callable[[Path], None]] = {"mixed": record_mixed, "million": write_million, "one": write_one}


def main() -> int:
    """Makes the capture `NAME` in `FILE`, with its census beside it as JSON."""
    leave_on_signals()
    name, path = sys.argv[1], Path(sys.argv[2])
    part = path.with_suffix(".part")
    try:
        MAKERS[name](part)
        counted = census(part)
        if name == "mixed":
            check_mixed(counted)
        path.with_suffix(".json").write_text(json.dumps(asdict(counted)))
        part.rename(path)
    except LabError as error:
        print(f"{name} capture: {error}", file=sys.stderr)
        return 1
    finally:
        part.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
