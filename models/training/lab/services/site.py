"""The files of the shop and what clients bring along.

Owns: `www` and the certificates in a run's folder. Refuses: content that means anything; only sizes matter.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from services.base import PASSWORD, USER

PAGES, IMAGES, SEGMENTS, BUILDS = 120, 60, 40, 6
WORDS = ("river", "summer", "password", "dragon", "letmein", "winter", "admin", "qwerty")
FILL = b"weir holds the water back. "
# Larger files have no content of their own: it would only cost space on disk.
SPARSE_BYTES = 150_000


def write(folder: Path, rng: random.Random) -> None:
    """Everything that services and clients of a run read."""
    for name, size in _sizes(rng).items():
        path = folder / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write((FILL * (min(size, SPARSE_BYTES) // len(FILL) + 1))[: min(size, SPARSE_BYTES)])
            file.truncate(size)
    (folder / "www/kept").mkdir()
    (folder / "words").write_text("".join(f"{rng.choice(WORDS)}{rng.randrange(10_000)}\n" for _ in range(400)))
    for argv in (
        ["htpasswd", "-bcB", folder / "htpasswd", USER, PASSWORD],
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", "/CN=shop.example", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
    ):
        subprocess.run(argv, check=True, capture_output=True)
    (folder / "htpasswd").chmod(0o644)


def _sizes(rng: random.Random) -> dict[str, int]:
    sizes = {
        "index.html": 7_400, "about.html": 4_200, "login.html": 1_800, "admin/index.html": 900,
        "private/list.html": 700, "robots.txt": 120, "sitemap.xml": 9_000, "favicon.ico": 1_150,
        "assets/app.css": 16_000, "assets/app.js": 34_000, "files/manual.pdf": 1_300_000, "files/backup.tar": 6_000_000,
    }
    sizes |= {f"catalog/{number}.html": rng.randrange(2_000, 9_000) for number in range(1, PAGES + 1)}
    sizes |= {f"images/{number}.jpg": rng.randrange(1_000, 10_000) for number in range(1, IMAGES + 1)}
    sizes |= {f"video/{number}.ts": rng.randrange(150_000, 500_000) for number in range(1, SEGMENTS + 1)}
    sizes |= {f"files/build-{number}.tar.gz": rng.randrange(150_000, 1_300_000) for number in range(1, BUILDS + 1)}
    return sizes
