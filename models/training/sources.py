"""Which captures there are, where each comes from and what its flows are called.

Owns: the classes of the manifest's labels, origins, and what is known of files that hold
background too. Reads the manifest and which runs of the lab are kept; `vectors` reads the rest, and
`split` says what is on which side.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import kept
from split import SPLITS, Split
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
DEMO = "demo"


@dataclass(frozen=True)
class Source:
    """A capture: what it is called, whose it is, and what is said of its flows."""

    name: str
    path: Path
    origin: str
    licence: str
    # `TRAIN`, `VALIDATION`, `TEST` by the table of `split`, or `DEMO`.
    split: str
    # Of every flow, where there are no labels by flow.
    kind: str | None
    mixed: str | None = None
    labels: Path | None = None
    # Of the lab: the run whose vectors are kept in the file at `path`.
    run: str | None = None

    @property
    def is_public(self) -> bool:
        """Whether others captured it, and say of the whole what it is.

        Their origins are few and each has its own classes: all are learnt from, and each is judged by a model that has
        not seen it.
        """
        return self.kind is not None

    @property
    def is_lab(self) -> bool:
        """Whether it is a run of the lab."""
        return self.run is not None

    @property
    def scenario(self) -> str:
        """What the lab played; the two runs of it are never apart."""
        return (self.run or "").rpartition(".")[0]

    def classes(self, labels: list[str], server_ports: np.ndarray) -> np.ndarray:
        """The class of every row; `UNKNOWN` where nobody says."""
        if not self.is_public:
            # Nobody knows for whom the ingress sent a few of the packets of an attack's time.
            return np.array([UNKNOWN if label == "unknown" else CLASSES.index(label) for label in labels], np.int64)
        found = np.full(len(server_ports), CLASSES.index(self.kind), np.int64)
        if self.mixed:
            found[~np.isin(server_ports, MIXED_PORTS[self.mixed])] = UNKNOWN
        return found


def public(data: Path) -> Iterator[Source]:
    """The captures that the manifest names."""
    split = Split.read()
    with (data / "MANIFEST.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if not row["path"].startswith("pcap/"):
                continue
            side, label = row["label"].split("/")
            if label in LEFT_OUT:
                continue
            origin = row["origin"].split("@")[0].removeprefix("github:")
            yield Source(
                name=row["path"].removeprefix("pcap/"),
                path=data / row["path"],
                origin=origin,
                licence=row["license"],
                split=split.origin(origin),
                kind="benign" if side == "benign" else MANIFEST_CLASS[label],
                mixed=label if label.endswith("-mixed") else None,
            )


def lab(folder: Path) -> Iterator[Source]:
    """The runs of the lab whose vectors are kept; the two of a scenario are one origin."""
    for split in SPLITS:
        path = folder / f"{split}.parquet"
        for run in kept.runs(path):
            yield Source(
                name=f"lab/{run}",
                path=path,
                origin=f"lab/{run.rpartition('.')[0]}",
                licence="made by this project",
                split=split,
                kind=None,
                run=run,
            )


def demo(repository: Path) -> Source:
    """The bundled demo, which is never trained on."""
    path = repository / "tests" / "data" / "demo.pcap.zst"
    return Source("demo", path, "demo", "made by this project", DEMO, None, None, path.parent / "demo.labels.csv")
