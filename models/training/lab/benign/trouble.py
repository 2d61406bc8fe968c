"""When something is away or not there yet: retries, floods of names, checks of ports.

Owns: cases that look like a search for something. Refuses: to ask for what the owner does not run.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import BROWSERS, ask, call, inside, outside, pauses, repeats
from benign.people import log_in
from plan import SILENT
from scenario import Item, Scene, Visit, case
from services import API_PORT, CLUSTER_NAMES, SHOP
from services.names import PARTNERS

PORTS = (22, 25, 80, 443, 3306, 5432, 6379, 8080, 8443, 9090, 9100, 50051)


@case("dead-backend")
def dead_backend(
    scene: Scene, *, at_s: float = 30.0, lasts_s: float = 240.0, every_s: float = 1.0, clients: int = 8, pods: int = 3,
    silent: bool = True,
) -> Iterator[Visit]:
    """A back end is gone: everybody who needs it tries again, and again; a partner beyond does not answer at all."""
    rng, web = scene.rng, scene.plan.pod("web")
    for number in range(pods):
        place, port = ("api", "tool", "batch", "odd")[number % 4], (81, 5432, 81, 8081)[number % 4]
        times = max(2, int(lasts_s / every_s))
        yield inside(scene, at_s + rng.uniform(0, 3), place,
                     call([f"http://{web}:{port}/"], "shop-job/1.4", times=times, waits=pauses(rng, every_s, 0.5)))
        if silent:
            away = {"do": "tcp", "to": SILENT, "port": 8080, "within_s": 2.0}
            yield inside(scene, at_s, place, away | {"times": times // 4 + 1, "waits": pauses(rng, 4 * every_s)})
    for number in range(clients):
        url = f"http://{SHOP}/old-cart/{rng.randrange(300)}"
        every = every_s * rng.uniform(0.7, 2.5)
        yield outside(at_s + rng.uniform(0, 10), scene.people[-1 - number % len(scene.people)], ask(
            scene, [url], rng.choice(BROWSERS), fresh=number % 2 == 0, times=int(lasts_s / every), waits=[every]))


@case("dns-burst")
def dns_burst(
    scene: Scene, *, names: int = 150, every_s: float = 40.0, gap_s: float = 0.01, unknown: float = 0.5,
    search: bool = False, places: int = 3, dig: bool = False, label: int = 0, kind: str = "A",
) -> Iterator[Item | Visit]:
    """A log job and a crawler resolve hundreds of names at once, many of which do not exist; with `label` a scanner
    asks for the digests of files, so many digits each."""
    rng, dns = scene.rng, scene.plan.pod("dns")
    for number in range(places):
        place = ("tool", "batch", "api", "odd")[number % 4]
        for at in scene.times(every_s * (1 + 0.4 * number), 3.0):
            known = max(1, int(PARTNERS / (1 - unknown + 0.01)))
            count = rng.randrange(names // 3, names * 2)
            digests = (f"{rng.getrandbits(4 * label):0{label}x}." if label else "" for _ in range(count))
            hosts = [f"{digest}host-{rng.randrange(1, known)}.partner.example" for digest in digests]
            searched = (".shop.svc.cluster.local", ".svc.cluster.local", ".cluster.local", "") if search else ("",)
            asked = [host + end for host in hosts for end in searched]
            if dig:
                batch = scene.folder / f"names-{number}-{at:.3f}"
                batch.write_text("".join(f"{name} {kind}\n" for name in asked))
                yield Item(at, place, ("dig", f"@{dns}", "+tries=1", "+time=1", "-f", str(batch)))
            else:
                yield inside(scene, at, place, {"do": "dns", "to": dns, "names": [[name, kind] for name in asked],
                                                "waits": pauses(rng, gap_s, 0.9)})


@case("stale-password")
def stale_password(
    scene: Scene, *, jobs: int = 2, every_s: float = 20.0, at_s: float = 30.0, lasts_s: float = 400.0,
    fresh: bool = True, tries: int = 3,
) -> Iterator[Visit]:
    """A password was changed and some do not know: jobs that try the old one, people who mistype the new one."""
    rng = scene.rng
    for number in range(jobs):
        address, times = scene.people[number % len(scene.people)], max(1, int(lasts_s / every_s))
        old = {"Authorization": "Basic d2FyZGVuOmZsb29kZ2F0ZS02"}
        urls = [f"http://{SHOP}/admin/"] * tries
        yield outside(at_s + rng.uniform(0, every_s), address, ask(
            scene, urls, "backoffice/2", headers=old, fresh=fresh, times=times,
            waits=[*[0.5] * (tries - 1), every_s - 0.5 * (tries - 1)]))
    for at in scene.times(2 * every_s, at_s, at_s + lasts_s):
        agent = rng.choice(BROWSERS)
        steps = log_in(scene, f"http://{SHOP}", agent, wrong=rng.randrange(1, tries + 3))
        yield outside(at, rng.choice(scene.people), *steps)


@case("port-check")
def port_check(
    scene: Scene, *, ports: int = 4, hosts: int = 4, every_s: float = 6.0, at_s: float = 10.0, lasts_s: float = 180.0,
    gap_s: float = 0.15, hold_s: float = 0.0, outside_too: bool = True,
) -> Iterator[Visit]:
    """A deployment waits for services: the same few ports of each host every few seconds, until all is up."""
    rng, plan = scene.rng, scene.plan
    asked = rng.sample(PORTS, ports)
    found = [plan.gateway, *(plan.pod(name) for name in ("web", "api", "db", "mail", "dns", "cache", "logs"))][:hosts]
    rounds = max(1, int(min(lasts_s, scene.seconds - at_s) / every_s))
    looking = {"do": "tcp", "within_s": 1.0, "hold_s": hold_s}
    for number, (host, port) in enumerate((host, port) for host in found for port in asked):
        yield inside(scene, at_s + gap_s * number, "tool", looking | {
            "to": host, "port": port, "times": rounds, "waits": [every_s]})
    if outside_too:
        for number, port in enumerate(asked):
            yield outside(at_s + gap_s * number, scene.people[-1], looking | {
                "to": plan.node, "port": port, "times": rounds // 2 + 1, "waits": [2 * every_s]})


@case("discovery")
def discovery(
    scene: Scene, *, every_s: float = 5.0, pods: int = 4, watch_s: float = 60.0, ttl: int = 3, both: bool = True,
) -> Iterator[Visit]:
    """Clients look up where services are, again and again, watch for changes, and knock at what they found."""
    rng, plan = scene.rng, scene.plan
    for number in range(pods):
        place, at = ("web", "tool", "odd", "batch")[number % 4], rng.uniform(0, every_s)
        kinds = ("SRV", "A", "AAAA") if both else ("SRV", "A")
        asked = []
        for name in CLUSTER_NAMES[:ttl]:
            asked += [[f"_http._tcp.{name}" if kind == "SRV" else name, kind] for kind in kinds]
        waits = [0.003] * (len(asked) - 1) + [every_s]
        rounds = repeats(scene, at, every_s)
        yield inside(scene, at, place, {"do": "dns", "to": plan.pod("dns"), "names": asked * rounds, "waits": waits})
        watched = f"http://{plan.pod('api')}:{API_PORT}/api/wait?s={watch_s}"
        yield inside(scene, at, place, call([watched], "registry/0.9", times=repeats(scene, at, watch_s)))
        knocking = {"do": "tcp", "to": plan.pod("api"), "port": API_PORT, "times": rounds // 3 + 1,
                    "waits": [3 * every_s]}
        yield inside(scene, at + 0.2, place, knocking)
