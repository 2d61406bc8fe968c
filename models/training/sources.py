"""Which captures there are, where each comes from and what its flows are called.

Owns: the classes of the manifest's labels, origins, roles, and what is known of files that hold
background too. Reads the manifest and the lab's list; `vectors` reads the captures.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from verdict import CLASSES

MANIFEST_CLASS = {
    "port-scan": "scan", "port-scan-nmap": "scan", "recon": "scan", "os-fingerprint": "scan",
    "voip-scan-web": "scan",
    "ddos-syn-flood": "dos-flood", "dos-syn-flood": "dos-flood", "dos-dhcp-flood": "dos-flood",
    "ddos-tcp-reflection": "dos-reflection", "ddos-udp-amplification": "dos-reflection",
    "brute-force-ftp": "brute-force",
    "web-sqli": "web-attack", "web-xss": "web-attack", "web-rce-scan": "web-attack",
    "web-log4shell": "web-attack", "vuln-scan": "web-attack",
    "c2-mixed": "beacon", "cryptomining": "beacon",
    "exfil-tunnel": "exfiltration",
    "lateral-movement-mixed": "lateral-movement", "credential-access": "lateral-movement",
    "exploit": "exploit", "heartbleed": "exploit", "exploit-kit-mixed": "exploit", "malware": "exploit",
    "ransomware-mixed": "exploit", "session-hijack": "exploit", "web-exploit-kit": "exploit",
    "intrusion-mixed": "exploit",
}
# Weir sees IP alone.
LEFT_OUT = frozenset({"arp-spoof"})

# In a mixed file only flows to these server ports are taken for the attack; what the others are, nobody says.
WINDOWS_REMOTE = (*range(49152, 65536), 135, 139, 445, 593, 3389, 5985, 5986)
MIXED_PORTS = {
    "c2-mixed": (80, 443, 8080),
    "lateral-movement-mixed": WINDOWS_REMOTE,
    "exploit-kit-mixed": (80, 443, 8080),
    "ransomware-mixed": (6892,),
    "intrusion-mixed": (80,),
}
UNKNOWN = -1
TRAIN, TEST, DEMO = "train", "test", "demo"
LAB_LINE = re.compile(r"(?P<name>\S+) .*\brole=(?P<role>train|test)\b")


@dataclass(frozen=True)
class Source:
    """A capture: what it is called, whose it is, and what is said of its flows."""

    name: str
    path: Path
    origin: str
    licence: str
    role: str
    # Of every flow, where there are no labels by flow.
    kind: str | None
    mixed: str | None = None
    labels: Path | None = None

    @property
    def is_lab(self) -> bool:
        """Whether the lab made it."""
        return self.labels is not None

    @property
    def fold(self) -> str:
        """The part of a cross-validation that holds it back: its origin.

        The lab's runs are many small origins; they are held back in two halves, whole recipes at a time.
        """
        if not self.is_lab:
            return self.origin
        recipe = self.origin.rpartition("-")[0]
        return "lab/odd" if sum(recipe.encode()) % 2 else "lab/even"

    @property
    def stops(self) -> bool:
        """Whether it is kept from the gradient to say when to stop: one in eight, by name."""
        return sum(self.name.encode()) % 8 == 0

    def classes(self, labels: list[str], server_ports: np.ndarray) -> np.ndarray:
        """The class of every row; `UNKNOWN` where nobody says."""
        if self.is_lab:
            return np.array([CLASSES.index(label) if label in CLASSES else 0 for label in labels], np.int64)
        found = np.full(len(server_ports), CLASSES.index(self.kind), np.int64)
        if self.mixed:
            found[~np.isin(server_ports, MIXED_PORTS[self.mixed])] = UNKNOWN
        return found


def public(data: Path) -> Iterator[Source]:
    """The captures that the manifest names."""
    with (data / "MANIFEST.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if not row["path"].startswith("pcap/"):
                continue
            side, label = row["label"].split("/")
            if label in LEFT_OUT:
                continue
            yield Source(
                name=row["path"].removeprefix("pcap/"),
                path=data / row["path"],
                origin=row["origin"].split("@")[0].removeprefix("github:"),
                licence=row["license"],
                role=TRAIN,
                kind="benign" if side == "benign" else MANIFEST_CLASS[label],
                mixed=label if label.endswith("-mixed") else None,
            )


def lab(folder: Path) -> Iterator[Source]:
    """The lab's finished runs, each an origin of its own."""
    for line in (folder / "READY.txt").read_text().splitlines():
        match = LAB_LINE.match(line)
        if match is None:
            raise ValueError(f"`{line}` names no lab run with the role train or test")
        name, role = match["name"], match["role"]
        yield Source(
            name=f"lab/{name}",
            path=folder / f"{name}.pcap",
            origin=f"lab/{name}",
            licence="made by this project",
            role=role,
            kind=None,
            labels=folder / f"{name}.labels.csv",
        )


def demo(repository: Path) -> Source:
    """The bundled demo, which is never trained on."""
    path = repository / "tests" / "data" / "demo.pcap.zst"
    return Source("demo", path, "demo", "made by this project", DEMO, None, None, path.parent / "demo.labels.csv")
