"""A vulnerability database that Trivy takes for its own: four faults in packages of Alpine 3.19.

Usage: database.py CACHE [DAYS]
Writes CACHE/db/trivy.db and CACHE/db/metadata.json, as they were published DAYS days ago (0).

Owns: the format of bbolt, as far as it concerns who writes a file once and never changes it: every bucket is
one leaf, on pages of its own. Refuses: more than 65,535 entries in a bucket.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

RELEASE = "alpine 3.19"
SOURCE = {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"}
EXPLOITED = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?field_cve="

# What a source package suffers from, and the version that is free of it, where there is one.
ADVISORIES = {
    "busybox": {"CVE-2024-90002": ""},
    "openssl": {"CVE-2024-90001": "3.1.4-r6", "CVE-2024-90003": "3.1.5-r0"},
    "xz": {"CVE-2024-90004": "5.4.5-r1"},
}
# Title, severity, score, and what is referred to.
VULNERABILITIES = {
    "CVE-2024-90001": ("openssl: a certificate overflows a buffer", "CRITICAL", 9.8, []),
    "CVE-2024-90002": ("busybox: awk uses memory after it is freed", "HIGH", 7.5, []),
    "CVE-2024-90003": ("openssl: a key takes long to check", "LOW", 3.7, []),
    "CVE-2024-90004": ("xz: the library lets others in", "HIGH", 8.8, [f"{EXPLOITED}CVE-2024-90004"]),
}
SEVERITIES = "UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"

PAGE = 4096
PAGE_HEAD, ENTRY, BUCKET, META = "<QHHI", "<IIII", "<QQ", "<IIIIQQQQQ"
LEAF, METAS, FREE = 0x02, 0x04, 0x10
IS_BUCKET = 0x01
MAGIC, FORMAT = 0xED0CDAED, 2
FREE_LIST = 2  # The pages before it are the metas; those after it are the buckets'.

Tree = Mapping[str, "Tree | str"]


def contents() -> Tree:
    """The buckets as version 2 of Trivy's schema has them."""
    return {
        RELEASE: {
            package: {cve: json.dumps({"FixedVersion": fixed} if fixed else {}) for cve, fixed in faults.items()}
            for package, faults in ADVISORIES.items()
        },
        "data-source": {RELEASE: json.dumps(SOURCE)},
        "vulnerability": {cve: json.dumps(detail(cve, *told)) for cve, told in VULNERABILITIES.items()},
    }


def detail(cve: str, title: str, severity: str, score: float, references: list[str]) -> dict[str, object]:
    """A vulnerability as the NVD tells of it."""
    return {
        "Title": title,
        "Description": f"{title}. Nobody has found it outside of tests.",
        "Severity": severity,
        "VendorSeverity": {"nvd": SEVERITIES.index(severity)},
        "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "V3Score": score}},
        "CweIDs": ["CWE-787"],
        "References": [f"https://nvd.nist.gov/vuln/detail/{cve}", *references],
        "PublishedDate": "2024-01-15T10:00:00Z",
        "LastModifiedDate": "2024-02-01T10:00:00Z",
    }


def add_bucket(file: bytearray, tree: Tree) -> int:
    """Adds the pages of a bucket, after those of the buckets in it, and says which is its first."""
    entries: list[tuple[bytes, bytes, int]] = []
    for name, value in tree.items():
        if isinstance(value, str):
            entries.append((name.encode(), value.encode(), 0))
        else:
            entries.append((name.encode(), struct.pack(BUCKET, add_bucket(file, value), 0), IS_BUCKET))
    heads, bodies = b"", b""
    for number, (key, content, flags) in enumerate(sorted(entries)):
        offset = (len(entries) - number) * struct.calcsize(ENTRY) + len(bodies)
        heads += struct.pack(ENTRY, flags, offset, len(key), len(content))
        bodies += key + content
    page = len(file) // PAGE
    more = (struct.calcsize(PAGE_HEAD) + len(heads) + len(bodies) - 1) // PAGE
    file += padded(struct.pack(PAGE_HEAD, page, LEAF, len(entries), more) + heads + bodies)
    return page


def padded(content: bytes) -> bytes:
    """Whole pages."""
    return content + bytes(-len(content) % PAGE)


def checksum(content: bytes) -> int:
    """FNV-1a of 64 bits."""
    total = 0xCBF29CE484222325
    for byte in content:
        total = (total ^ byte) * 0x100000001B3 % 2**64
    return total


def bbolt(tree: Tree) -> bytes:
    """A whole file."""
    file = bytearray(FREE_LIST * PAGE) + padded(struct.pack(PAGE_HEAD, FREE_LIST, FREE, 0, 0))
    root = add_bucket(file, tree)
    for page in range(FREE_LIST):
        meta = struct.pack(META, MAGIC, FORMAT, PAGE, 0, root, 0, FREE_LIST, len(file) // PAGE, page)
        head = struct.pack(PAGE_HEAD, page, METAS, 0, 0)
        file[page * PAGE : (page + 1) * PAGE] = padded(head + meta + struct.pack("<Q", checksum(meta)))
    return bytes(file)


def main(cache: str, days: str = "0") -> None:
    folder = Path(cache, "db")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trivy.db").write_bytes(bbolt(contents()))
    updated = datetime.now(UTC) - timedelta(days=float(days))
    times = {"UpdatedAt": updated, "NextUpdate": updated + timedelta(days=1), "DownloadedAt": updated}
    metadata = {"Version": 2} | {name: f"{time:%Y-%m-%dT%H:%M:%SZ}" for name, time in times.items()}
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
