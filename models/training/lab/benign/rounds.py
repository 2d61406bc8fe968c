"""Rounds of many kinds of traffic at once, for the capture that a bench measures on.

Owns: one case, `rounds`. Refuses: to be like any day; counts are fixed, so that the capture has the same shape
whatever the machine.
"""

from __future__ import annotations

from collections.abc import Iterator

from plan import SILENT
from scenario import Item, Scene, case
from services import API, API_PORT, SHOP

NAMES = "rounds.names"


@case("rounds")
def rounds(scene: Scene, *, count: int = 8, every_s: float = 10.0) -> Iterator[Item]:
    """Short and kept connections, names, files, echoes, and what fails: inside, between the nodes, from outside."""
    names = (f"host-{n}.partner.example {kind}\n" for n in range(200) for kind in ("A", "AAAA"))
    (scene.folder / NAMES).write_text("".join(names))
    for number in range(count):
        at = 1.0 + number * every_s
        near, other = (("tool", "odd"), ("odd", "cache"), ("cache", "tool"))[number % 3]
        away = ("batch", "logs", "mail", "db")[number % 4]
        yield from short(scene, at, near, other, away)
        yield from kept(scene, at, other, away)
        yield from files(scene, at, near, away)
        yield from failing(scene, at, other)


def short(scene: Scene, at: float, near: str, other: str, away: str) -> Iterator[Item]:
    """A connection a request: most of the flows."""
    web, api = scene.plan.pod("web"), scene.plan.pod("api")
    page = scene.rng.randrange(1, 100)
    yield ab(at, near, 3_500, 16, f"http://{web}/catalog/{page}.html")
    yield ab(at, other, 2_000, 8, f"http://{api}:{API_PORT}/healthz")
    yield ab(at, away, 1_500, 8, f"http://{web}/about.html")
    yield ab(at, "out", 400, 8, f"http://{scene.plan.node}/login.html", "-B", scene.rng.choice(scene.people),
             "-H", f"Host: {SHOP}")
    yield Item(at, near, ("dig", "+tries=1", "+time=1", f"@{scene.plan.pod('dns')}", "-f", str(scene.folder / NAMES)))
    yield Item(at, away, ("dig", "+tries=1", "+time=1", "+tcp", f"@{scene.plan.pod('dns')}", "host-1.partner.example"))


def kept(scene: Scene, at: float, near: str, away: str) -> Iterator[Item]:
    """Many requests a connection: most of the packets of browsing."""
    web = scene.plan.pod("web")
    yield ab(at, near, 3_500, 8, f"http://{web}/login.html", "-k")
    yield ab(at, away, 2_000, 4, f"http://{web}/robots.txt", "-k")
    yield ab(at, "out", 300, 4, f"http://{scene.plan.node}/healthz", "-k", "-H", f"Host: {API}")


def files(scene: Scene, at: float, near: str, away: str) -> Iterator[Item]:
    """Bulk both ways."""
    web = scene.plan.pod("web")
    yield Item(at, away, ("curl", "-s", "--limit-rate", "2M", "-o", "/dev/null", f"http://{web}/files/build-[1-3].tar.gz"))
    yield Item(at, near, ("curl", "-s", "-T", str(scene.folder / "www/files/manual.pdf"), f"http://{web}/upload/kept.pdf"))


def failing(scene: Scene, at: float, place: str) -> Iterator[Item]:
    """Refused, never answered; echoes, small and in fragments."""
    web = scene.plan.pod("web")
    curl = ("curl", "-s", "-Z", "--parallel-immediate", "--connect-timeout", "1.5", "--max-time", "4")
    yield Item(at, place, (*curl[:2], f"http://{web}:[9200-9299]/"))
    yield Item(at, place, (*curl, f"http://{SILENT}:[8081-8120]/"))
    yield Item(at, place, ("ping", "-q", "-i", "0.01", "-c", "100", web))
    yield Item(at, place, ("ping", "-q", "-i", "0.05", "-c", "20", "-s", "3500", web))


def ab(at: float, place: str, requests: int, lanes: int, url: str, *words: str) -> Item:
    """So many requests of ab over so many connections at a time."""
    return Item(at, place, ("ab", "-q", "-r", "-n", str(requests), "-c", str(lanes), *words, url))
