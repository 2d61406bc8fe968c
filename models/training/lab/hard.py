"""What means no harm and looks as if it did: the cases a detector is wrong about.

Owns: one function a case, each giving what is added to the ordinary traffic.
Refuses: anything that a sound cluster would not see.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign import Item, Scene, browsing
from network import SILENT
from services import API, API_PORT, SHOP

# Of a plan's clients, those that the ordinary traffic is made of; the others come for the case.
REGULARS = 14
COMMON_PORTS = (22, 80, 443, 3306, 5432, 6379, 8080, 9090)


def nothing(_scene: Scene) -> Iterator[Item]:
    """A day without anything."""
    yield from ()


def flash_crowd(scene: Scene) -> Iterator[Item]:
    """A hundred people at once, because the shop was in the news."""
    start, rise = scene.rng.uniform(12, 20), scene.rng.uniform(4, 10)
    for person in scene.plan.clients[REGULARS:]:
        yield from browsing(scene, person, start + scene.rng.uniform(0, rise), scene.rng.uniform(1.5, 4.0))


def sale(scene: Scene) -> Iterator[Item]:
    """Many people ask for the same page again and again until the sale opens."""
    for person in scene.plan.clients[REGULARS:]:
        start, count = scene.rng.uniform(10, 25), scene.rng.randrange(10, 25)
        yield scene.curl(start, person, "--rate", f"{scene.rng.randrange(30, 90)}/m",
                         *(("-H", "Connection: close") if scene.rng.random() < 0.5 else ()),
                         f"http://{SHOP}/catalog/17.html?try=[1-{count}]")


def load_test(scene: Scene) -> Iterator[Item]:
    """Somebody measures the API from inside, over connections that are kept."""
    target = f"http://{scene.plan.pod('api')}:{API_PORT}/api/items"
    many, shop = str(scene.rng.randrange(4, 11)), f"http://{scene.plan.node}/"
    yield Item(scene.rng.uniform(10, 20), "tool", ("wrk", "-t", "1", "-c", many, "-d", "20s", target))
    yield Item(scene.rng.uniform(45, 50), "tool", ("ab", "-q", "-k", "-n", "800", "-c", "2", shop))


def ingress_test(scene: Scene) -> Iterator[Item]:
    """Somebody measures the ingress from a pod and from one address outside, a few connections kept by each."""
    tester = scene.plan.clients[-1]
    base = ("ab", "-q", "-k", "-r", "-t", "20")
    yield Item(scene.rng.uniform(8, 15), "tool", (*base, "-n", "6000", "-c", "4", "-H", f"Host: {API}",
                                                  f"http://{scene.plan.node}/api/items"))
    yield Item(scene.rng.uniform(20, 30), "out", (*base, "-n", "3000", "-c", "6", "-B", tester, "-H", f"Host: {SHOP}",
                                                  f"http://{scene.plan.node}/about.html"))


def dead_backend(scene: Scene) -> Iterator[Item]:
    """A back end is gone; everybody who needs it tries again, and again."""
    for place, port in (("api", 81), ("tool", 81), ("tool", 5432)):
        for at in scene.times(9.0, 8.0):
            tries, target = str(scene.rng.randrange(4, 12)), f"http://{scene.plan.pod('web')}:{port}/"
            yield Item(at, place, ("curl", "-s", "--retry", tries, "--retry-connrefused", "--retry-delay", "1",
                                   "--max-time", "12", target))
    for at in scene.times(7.0, 8.0):
        yield Item(at, "api", ("curl", "-s", "--retry", "3", "--connect-timeout", "2", f"http://{SILENT}:8080/rates"))
    for person in scene.plan.clients[REGULARS - 4 :]:
        yield scene.curl(scene.rng.uniform(8, 25), person, "--rate", "2/s", "-H", "Connection: close",
                         f"http://{SHOP}/legacy/cart?n=[1-{scene.rng.randrange(20, 60)}]")


def port_check(scene: Scene) -> Iterator[Item]:
    """A deployment waits for services: the same few ports of each host, every few seconds."""
    hosts = [scene.plan.node, *(scene.plan.pod(name) for name in ("web", "api", "dns"))]
    ports = scene.rng.sample(COMMON_PORTS, scene.rng.randrange(3, 6))
    for at in scene.times(6.0, 5.0):
        for number, (host, port) in enumerate((host, port) for host in hosts for port in ports):
            argv = ("curl", "-s", "--connect-timeout", "1", f"telnet://{host}:{port}")
            yield Item(at + 0.15 * number, "tool", argv)
    for at in scene.times(12.0, 10.0):
        for port in ports:
            yield Item(at, "out", ("curl", "-s", "--connect-timeout", "2", "--interface", scene.plan.clients[-1],
                                   f"telnet://{scene.plan.node}:{port}"))


def name_burst(scene: Scene) -> Iterator[Item]:
    """A crawler and a log job resolve hundreds of names at once, many of which do not exist."""
    for number, (place, mean_s) in enumerate((("api", 12.0), ("tool", 15.0), ("node", 25.0))):
        for at in scene.times(mean_s, 3.0):
            batch = scene.folder / f"names-{number}-{at:.3f}"
            count, known = scene.rng.randrange(60, 300), scene.rng.randrange(20, 400)
            hosts = (scene.rng.randrange(1, known) for _ in range(count))
            batch.write_text("".join(f"host-{host}.partner.example A\n" for host in hosts))
            yield Item(at, place, ("dig", f"@{scene.plan.pod('dns')}", "+tries=1", "+time=1", "-f", str(batch)))


def backup(scene: Scene) -> Iterator[Item]:
    """Large files go both ways, through the ingress and between pods."""
    rng, archive = scene.rng, scene.folder / "www/files/backup.tar"
    web = f"http://{scene.plan.pod('web')}"
    yield Item(rng.uniform(3, 8), "tool", ("curl", "-s", "--limit-rate", "900k", f"{web}/files/backup.tar?[1-4]"))
    upload = ("--limit-rate", "500k", "-T", str(archive), f"{web}/upload/")
    yield Item(rng.uniform(10, 15), "api", ("curl", "-s", *upload))
    for client in scene.plan.clients[-2:]:
        rate = f"{rng.randrange(150, 600)}k"
        yield scene.curl(rng.uniform(5, 20), client, "--limit-rate", rate, f"https://{SHOP}/files/backup.tar")
        yield scene.curl(rng.uniform(20, 30), client, "--limit-rate", rate, "-T", str(archive),
                         f"http://{SHOP}/upload/")


def long_polls(scene: Scene) -> Iterator[Item]:
    """Dozens of clients wait for news over connections that hardly say a thing."""
    for client in scene.plan.clients[REGULARS - 6 :]:
        start, wait = scene.rng.uniform(0, 15), scene.rng.randrange(5, 40)
        yield scene.curl(start, client, f"http://{API}/api/wait?s={wait}&n=[1-9]", agent="shop-app/4.2")
        if scene.rng.random() < 0.5:
            yield scene.curl(start + 1, client, f"https://{API}/api/stream?s={scene.rng.randrange(20, 58)}")
