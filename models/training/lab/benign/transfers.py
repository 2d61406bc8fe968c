"""Much at once: downloads of a build, video, backups.

Owns: cases that move bytes. Refuses: more of them than a run's packets allow; what that is, is on the scenario.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import BROWSERS, ask, call, inside, outside, pause, pauses
from plan import SILENT
from scenario import Scene, Visit, case
from services import API, API_PORT, SHOP
from services.site import BUILDS, SEGMENTS

MB, KB = 1_000_000, 1_000


@case("ci-downloads")
def ci_downloads(
    scene: Scene, *, jobs: int = 5, files: int = 4, lanes: int = 4, rate_kb: int = 0, at_s: float = 20.0,
    every_s: float = 120.0, inner: bool = True,
) -> Iterator[Visit]:
    """Builds fetch what they depend on, all at once, look up names, and leave what they made."""
    rng, web = scene.rng, scene.plan.pod("web")
    limit = {"rate": rate_kb * KB} if rate_kb else {}
    address = rng.choice(scene.people)
    for number in range(jobs):
        at = at_s + number * every_s * rng.uniform(0.8, 1.2)
        names = [f"files/build-{rng.randrange(1, BUILDS + 1)}.tar.gz" for _ in range(files)]
        small = [f"catalog/{rng.randrange(1, 100)}.html" for _ in range(files * 6)]
        if at > scene.seconds - 10:
            return
        yield outside(at, address, ask(scene, [f"https://{SHOP}/{name}" for name in small], "pip/24.0", lanes=lanes),
                      ask(scene, [f"https://{SHOP}/{name}" for name in names], "pip/24.0", lanes=lanes, **limit))
        if inner:
            made = call([f"http://{web}/upload/build-{number}.bin"], "builder/1.0", method="PUT",
                        send=rng.randrange(400 * KB, 2 * MB))
            asked = [[f"host-{rng.randrange(1, 140)}.partner.example", "A"] for _ in range(12)]
            looking = {"do": "dns", "to": scene.plan.pod("dns"), "names": asked, "waits": [0.02]}
            yield inside(scene, at + 2, "batch", looking,
                         call([f"http://{web}/{name}" for name in names[:2]], "builder/1.0", lanes=2), pause(5.0), made)


@case("video")
def video(
    scene: Scene, *, viewers: int = 2, segments: int = 20, segment_s: float = 6.0, at_s: float = 15.0, ahead: int = 3,
    tls: float = 0.5, rate_kb: int = 600,
) -> Iterator[Visit]:
    """People watch: some segments ahead at once, then one every few seconds over a connection that is kept."""
    rng = scene.rng
    for _ in range(viewers):
        scheme, first = "https" if rng.random() < tls else "http", rng.randrange(SEGMENTS)
        urls = [f"{scheme}://{SHOP}/video/{(first + number) % SEGMENTS + 1}.ts" for number in range(segments)]
        words = {"agent": "VideoPlayer/7.1", "rate": rate_kb * KB}
        yield outside(at_s + rng.uniform(0, 30), rng.choice(scene.people), ask(scene, urls[:ahead], **words),
                      ask(scene, urls[ahead:], waits=pauses(rng, segment_s, 0.1), **words))


@case("backup")
def backup(
    scene: Scene, *, megabytes: int = 24, rate_kb: int = 700, at_s: float = 30.0, files: int = 3, way: str = "both",
    far: bool = True,
) -> Iterator[Visit]:
    """Large files go to a place of their own, in the night: between pods, and to or from outside."""
    rng, web = scene.rng, scene.plan.pod("web")
    each = megabytes * MB // files
    if way in ("in", "both"):
        sent = [f"http://{SHOP}/upload/night-{number}.tar" for number in range(files)]
        yield outside(at_s, scene.people[-2], *(
            ask(scene, [url], "restic/0.16", method="PUT", send=each // 2, rate=rate_kb * KB) for url in sent))
    if way in ("out", "both"):
        count = max(1, each * files // (12 * MB))
        yield outside(at_s + rng.uniform(1, 9), scene.people[-3], ask(
            scene, [f"https://{SHOP}/files/backup.tar"], "restic/0.16", times=count, rate=rate_kb * KB))
    if far:
        yield inside(scene, at_s + rng.uniform(5, 20), "db", call(
            [f"http://{web}/upload/db-{number}.dump" for number in range(files)], "pg_dump/15", method="PUT",
            send=each // 2, rate=2 * rate_kb * KB))


@case("slow-clients")
def slow_clients(
    scene: Scene, *, clients: int = 6, rate_kb: float = 8.0, at_s: float = 20.0, every_s: float = 45.0,
    send_kb: int = 60, buffer: int = 8_192, tls: float = 0.3,
) -> Iterator[Visit]:
    """People on poor links read a file and send one, a few kilobytes a second, for minutes; some lose patience."""
    rng = scene.rng
    for number in range(clients):
        address, rate = scene.people[number % len(scene.people)], rate_kb * KB * rng.uniform(0.5, 1.5)
        scheme = "https" if rng.random() < tls else "http"
        at, agent = at_s + number * every_s, rng.choice(BROWSERS)
        patience = {"leave_s": rng.uniform(20, 90)} if rng.random() < 0.3 else {}
        yield outside(at, address, ask(scene, [f"{scheme}://{SHOP}/files/manual.pdf"], agent, rate=rate, buffer=buffer,
                                       **patience))
        yield outside(at + 3, address, ask(scene, [f"{scheme}://{API}/api/orders"], agent, method="POST", rate=rate / 4,
                                           send=int(send_kb * KB * rng.uniform(0.3, 1.5))))


@case("telemetry")
def telemetry(
    scene: Scene, *, every_s: float = 10.0, size: int = 3_000, pods: int = 3, jitter: float = 0.1, fresh: bool = True,
    away: bool = False,
) -> Iterator[Visit]:
    """Agents report home at a steady pace, to the API or to a collector that may be away: as regular as a beacon."""
    rng, plan = scene.rng, scene.plan
    for number in range(pods):
        place, at = ("web", "tool", "batch", "odd", "mail")[number % 5], rng.uniform(0, every_s)
        waits, times = pauses(rng, every_s, jitter), int((scene.seconds - at) / every_s)
        report = call([f"http://{plan.pod('api')}:{API_PORT}/api/telemetry"], "agent/5.0", method="POST", fresh=fresh,
                      send=rng.randrange(size // 2, size * 2), waits=waits, times=times)
        lost = {"do": "tcp", "to": SILENT, "port": 4317, "within_s": 3.0, "waits": waits, "times": times}
        yield inside(scene, at, place, lost if away and number == 0 else report)
    for address in scene.people[:pods]:
        at = rng.uniform(0, every_s)
        yield outside(at, address, ask(scene, [f"https://{SHOP}/item?id=1"], "phone-app/9", fresh=fresh,
                                       waits=pauses(rng, every_s, jitter), times=int((scene.seconds - at) / every_s)))
