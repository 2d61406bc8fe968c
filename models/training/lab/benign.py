"""What people and programs do who mean no harm, as command lines with a time.

Owns: the ordinary traffic under every run. Refuses: to run anything (`record`
does), to invent packets. The hard cases are in `hard`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from network import SILENT, Plan
from services import API, API_PORT, CLUSTER_NAMES, SHOP

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)
NAT_USERS = 4


@dataclass(frozen=True)
class Item:
    """A program to start at a place, this long after the beginning of the run."""

    at_s: float
    place: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """What a generator of traffic needs to know."""

    plan: Plan
    rng: random.Random
    seconds: float
    folder: Path

    def curl(self, at_s: float, address: str, *words: str, agent: str = "curl/7.88.1") -> Item:
        """A curl from an outside address to the ingress, whatever the host in its URL."""
        argv = ("curl", "-sk", "--max-time", "60", "--interface", address, "-A", agent,
                "--connect-to", f"::{self.plan.node}:", *words)
        return Item(at_s, "out", argv)

    def times(self, mean_s: float, start_s: float = 0.0) -> Iterator[float]:
        """Moments of a Poisson process, to the end of the run."""
        at = start_s + self.rng.expovariate(1 / mean_s)
        while at < self.seconds - 2:
            yield at
            at += self.rng.expovariate(1 / mean_s)


def ordinary(scene: Scene, clients: Sequence[str]) -> list[Item]:
    """Everything that goes on in a cluster on a quiet day, in order of time."""
    nat, monitor, partner, batch, download, *people = clients
    items = [*probes(scene, monitor), *partners(scene, partner), *batches(scene, batch), *names(scene),
             *failures(scene, people), *long_ones(scene, people)]
    manual = f"http://{SHOP}/files/manual.pdf"
    items.append(scene.curl(scene.rng.uniform(4, 9), download, "--limit-rate", "220k", manual))
    for _ in range(NAT_USERS):
        items += browsing(scene, nat, scene.rng.uniform(0, 8))
    for person in people:
        items += browsing(scene, person, scene.rng.uniform(0, 0.6 * scene.seconds))
    return sorted(items, key=lambda item: item.at_s)


def browsing(scene: Scene, address: str, start_s: float, think_s: float = 6.0) -> Iterator[Item]:
    """A person: a page with what is on it, some thought, the next page; some leave early."""
    rng = scene.rng
    agent = rng.choice(AGENTS)
    base = f"{'https' if rng.random() < 0.2 else 'http'}://{SHOP}"
    at, first = start_s, True
    for _ in range(rng.randrange(3, 12)):
        if at > scene.seconds - 2:
            return
        pictures = [f"{base}/images/{rng.randrange(1, 41)}.jpg" for _ in range(rng.randrange(0, 5))]
        page = f"{base}/" if first else f"{base}/catalog/{rng.randrange(1, 41)}.html"
        assets = [f"{base}/assets/app.css", f"{base}/assets/app.js"] if first else []
        # Half the browsers open several connections at once, as all do when a page has many parts.
        many = ("-Z", "--parallel-max", str(rng.randrange(2, 6))) if rng.random() < 0.5 else ()
        yield scene.curl(at, address, *many, page, *assets, *pictures, agent=agent)
        if rng.random() < 0.15:
            yield scene.curl(at + 0.8, address, "-d", f"@{scene.folder / 'order.json'}", f"http://{API}/api/orders",
                             agent=agent)
        at, first = at + 0.4 + rng.lognormvariate(0, 0.7) * think_s / 1.3, False


def probes(scene: Scene, monitor: str) -> Iterator[Item]:
    """The node's own checks of each pod, and a monitor outside: a connection a second for ever."""
    plan, count = scene.plan, int(scene.seconds)
    for pod, port in (("web", 80), ("api", API_PORT)):
        yield Item(0.0, "node", ("curl", "-s", "--max-time", str(count), "-A", "kube-probe/1.30", "--rate", "1/s",
                                 "-H", "Connection: close", f"http://{plan.pod(pod)}:{port}/healthz?[1-{count}]"))
    yield scene.curl(0.3, monitor, "--rate", "30/m", "-H", "Connection: close", f"http://{SHOP}/?up=[1-{count // 2}]")
    yield Item(0.5, "out", ("ping", "-q", "-i", "5", "-c", str(count // 5), "-I", monitor, plan.node))


def partners(scene: Scene, partner: str) -> Iterator[Item]:
    """API clients that keep their connection, one over TLS."""
    count, agent = int(scene.seconds), "partner-sync/2.1"
    yield scene.curl(0.8, partner, "--rate", "1/s", f"http://{API}/api/items/[1-{count}]", agent=agent)
    yield scene.curl(2.1, partner, "--rate", "20/m", f"https://{API}/api/stock/[1-{count // 3}]", agent=agent)
    for at in scene.times(7.0):
        reports = f"http://{scene.plan.pod('api')}:{API_PORT}/api/report/[1-{scene.rng.randrange(2, 9)}]"
        yield Item(at, "tool", ("curl", "-s", "--max-time", "10", reports))


def batches(scene: Scene, batch: str) -> Iterator[Item]:
    """A job that fetches a few dozen things in a row, now and then."""
    for at in scene.times(22.0, 3.0):
        keep = ("-k",) if scene.rng.random() < 0.5 else ()
        count = str(scene.rng.randrange(15, 50))
        yield Item(at, "out", ("ab", "-q", "-r", *keep, "-n", count, "-c", "2", "-B", batch, "-H", f"Host: {API}",
                               f"http://{scene.plan.node}/api/items"))


def names(scene: Scene) -> Iterator[Item]:
    """Look-ups as a cluster makes them: the search list first, both families, some that do not exist."""
    rng, dns = scene.rng, f"@{scene.plan.pod('dns')}"
    for place, mean_s in (("web", 4.0), ("api", 2.5), ("tool", 6.0), ("node", 8.0)):
        for at in scene.times(mean_s):
            name = rng.choice((*CLUSTER_NAMES, f"host-{rng.randrange(1, 120)}.partner.example"))
            searched = [f"{name}.shop.svc.cluster.local"] if rng.random() < 0.4 else []
            yield Item(at, place, ("dig", dns, "+tries=2", "+time=2",
                                   *(word for each in (*searched, name) for word in (each, "A", each, "AAAA"))))


def failures(scene: Scene, people: list[str]) -> Iterator[Item]:
    """What goes wrong every day: dead links, a closed port, a host that is away, a reader who leaves."""
    rng = scene.rng
    for at in scene.times(9.0):
        gone = f"http://{SHOP}/old/{rng.randrange(100)}.html"
        yield scene.curl(at, rng.choice(people), gone, agent=rng.choice(AGENTS))
    for at in scene.times(25.0):
        yield scene.curl(at, rng.choice(people), "--retry", "1", "--retry-connrefused", "--connect-timeout", "3",
                         f"http://{SHOP}:8443/")
    for at in scene.times(30.0):
        yield Item(at, "api", ("curl", "-s", "--connect-timeout", "4", f"http://{SILENT}:8080/rates"))
    for at in scene.times(20.0):
        yield scene.curl(at, rng.choice(people), "--max-time", "1.2", "--limit-rate", "60k",
                         f"http://{SHOP}/files/manual.pdf", agent=rng.choice(AGENTS))


def long_ones(scene: Scene, people: list[str]) -> Iterator[Item]:
    """Connections that say little for long: polls and a stream of events."""
    rng = scene.rng
    for person in rng.sample(people, 2):
        yield scene.curl(rng.uniform(0, 10), person, f"http://{API}/api/wait?s={rng.randrange(8, 20)}&n=[1-4]")
    person = rng.choice(people)
    yield scene.curl(rng.uniform(1, 8), person, f"http://{API}/api/stream?s={min(58, int(scene.seconds) - 20)}")
