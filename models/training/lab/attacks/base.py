"""What the tools of all classes share: targets, lists, and how a program of our own is started.

Owns: lists that tools read (drawn from the run's seed), the copies of our own programs in the run's folder, the
command lines that several classes have.
Refuses: any target but the run's node, its pods and the attack's own hosts; to run anything.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from netns import HERE
from scenario import AttackSpec, Hosts, Program, Scene
from services import API, PYTHON, SHOP, USER

__all__ = ["API", "PYTHON", "RAW", "SHOP", "TELLING", "USER", "AttackSpec", "Hosts", "Path", "Program", "Scene",
           "asked", "copied", "json_lines", "listed", "numbers", "own", "page", "passwords", "seed", "url", "wfuzz"]

PROGRAMS = HERE / "attacks" / "programs"
RAW = ("net_raw",)
# curl says which connections it used.
TELLING = ("-w", "curl %{local_ip} %{local_port} %{remote_ip} %{remote_port}\\n")
PAGES = ("/", "/login.html", "/about.html", "/catalog/9.html", "/catalog/31.html?sort=price")
WORDS = ("river", "summer", "password", "dragon", "letmein", "winter", "admin", "qwerty", "shop", "monkey", "secret")
# No flood of bare packets sends more than this.
FLOOD_PACKETS = 15_000


def own(scene: Scene, script: str, *words: object, caps: tuple[str, ...] = (), far: bool = False,
        serves: bool = False) -> Program:
    """A program of our own, from a copy that the attack's user can read wherever this file is."""
    argv = (PYTHON, str(copied(scene, script)), *(str(word) for word in words))
    return Program(argv, caps, far, serves)


def asked(scene: Scene, hosts: Hosts, rows: Path, count: int, rate: float, *, keep: bool, tls: bool, host: str = SHOP,
          together: int = 20) -> list[Program]:
    """A program that sends the requests of a list at its own rate, from all addresses of the attacker in turn."""
    words = [word for address in hosts.own for word in ("--source", address)]
    words += ["--keep"] if keep else []
    words += ["--tls"] if tls else []
    return [own(scene, "ask.py", "--to", f"{scene.plan.node}:{443 if tls else 80}", "--host", host, "--list", rows,
                "--count", count, "--rate", rate, "--together", together, "--seed", seed(scene), *words)]


def wfuzz(words: Path, threads: int, pause_s: float, *target: str) -> list[Program]:
    """wfuzz over connections that are kept."""
    return [Program(("wfuzz", "-f", "wfuzz.csv,csv", "-w", str(words), "-t", str(threads), "-s", str(pause_s),
                     *target))]


def copied(scene: Scene, script: str) -> Path:
    """A file of `programs` in the run's folder."""
    path = scene.folder / "programs" / script
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        shutil.copyfile(PROGRAMS / script, path)
    return path


def seed(scene: Scene) -> int:
    """A seed for a program that draws by itself."""
    return scene.rng.randrange(1 << 30)


def listed(scene: Scene, name: str, lines: Iterable[str]) -> Path:
    """A new file of lines in the run's folder."""
    number = sum(1 for _ in scene.folder.glob(f"{name}-*"))
    path = scene.folder / f"{name}-{number}"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def json_lines(scene: Scene, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
    """A new file of JSON objects, one a line."""
    return listed(scene, name, (json.dumps(row) for row in rows))


def passwords(scene: Scene, count: int) -> Path:
    """Guesses, none of which is right."""
    drawn = {f"{scene.rng.choice(WORDS)}{scene.rng.randrange(10_000)}": None for _ in range(4 * count)}
    return listed(scene, "passwords", list(drawn)[:count])


def page(scene: Scene) -> str:
    """One of the shop's pages."""
    return scene.rng.choice(PAGES)


def url(scene: Scene, path: str, scheme: str = "http") -> str:
    """A path at the ingress, by the node's address: its first server is the shop."""
    return f"{scheme}://{scene.plan.node}{path}"


def numbers(ports: str) -> list[int]:
    """`1-3,80` as numbers."""
    found: list[int] = []
    for part in ports.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found
