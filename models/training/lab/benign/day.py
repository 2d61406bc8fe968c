"""The ordinary day that goes on under every run.

Owns: one case, `day`, in parts. Refuses: to grow with the number of people: its rates are settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import BROWSERS, ask, call, inside, on_node, outside, pauses, repeats
from benign.people import ahead, browsing, over_h2
from plan import SILENT
from scenario import Item, Scene, Visit, case
from services import API, API_PORT, CLUSTER_NAMES, SHOP
from services.names import PARTNERS
from services.site import BUILDS


@case("day")
def day(
    scene: Scene, *, visits_a_minute: float = 10.0, think_s: float = 6.0, tls: float = 0.3, partners: int = 2,
    probe_s: float = 10.0, batch_s: float = 60.0, names_s: float = 3.0, failures_s: float = 15.0,
) -> Iterator[Item | Visit]:
    """People browsing, programs that call the API, probes, jobs, names, and what goes wrong every day."""
    rng = scene.rng
    for at in scene.times(60.0 / visits_a_minute):
        # Many are behind one address on any day.
        person = scene.plan.nat if rng.random() < 0.25 else rng.choice(scene.people)
        yield browsing(scene, person, at, think_s=think_s, tls=tls)
        if rng.random() < 0.2:
            yield ahead(scene, person, at + 0.05)
    for at in scene.times(600.0 / visits_a_minute):
        yield from over_h2(scene, rng.choice(scene.people), at)
    yield from probes(scene, probe_s)
    yield from callers(scene, partners)
    yield from batches(scene, batch_s)
    yield from names(scene, names_s)
    yield from failures(scene, failures_s)
    yield from long_ones(scene)


def probes(scene: Scene, every_s: float) -> Iterator[Item | Visit]:
    """The node's own checks of its pods, a monitor outside, a ping."""
    plan, monitor = scene.plan, scene.people[1]
    for number, (pod, port) in enumerate((("web", 80), ("api", API_PORT))):
        at = 0.7 * number + scene.rng.uniform(0, 0.5)
        yield on_node(scene, at, call([f"http://{plan.pod(pod)}:{port}/healthz"], "kube-probe/1.30", fresh=True,
                                      times=repeats(scene, at, every_s), waits=[every_s]))
    yield outside(1.3, monitor, ask(scene, [f"https://{SHOP}/?up", f"http://{API}/healthz"], "monitor/3.1", fresh=True,
                                    times=repeats(scene, 1.3, 2 * every_s), waits=[every_s]))
    pings = str(repeats(scene, 0.5, 5.0))
    yield Item(0.5, "out", ("ping", "-q", "-i", "5", "-c", pings, "-I", monitor, plan.node))


def callers(scene: Scene, partners: int) -> Iterator[Visit]:
    """Programs outside that keep their connection, and pods that call each other across the nodes."""
    rng, plan = scene.rng, scene.plan
    for number in range(partners):
        address = scene.people[(2 + number) % len(scene.people)]
        scheme, every = rng.choice(("http", "https")), rng.uniform(1.5, 6.0)
        urls = [f"{scheme}://{API}/api/items/{rng.randrange(9000)}" for _ in range(7)]
        yield outside(rng.uniform(0, 3), address, ask(
            scene, urls, f"partner-sync/{number + 1}", waits=pauses(rng, every),
            times=repeats(scene, 0, 7 * every) + 1))
    inner = f"http://{plan.pod('api')}:{API_PORT}/api"
    for pod, mean_s in (("batch", 9.0), ("tool", 11.0), ("odd", 14.0), ("mail", 25.0)):
        for at in scene.times(mean_s):
            urls = [f"{inner}/report/{rng.randrange(90)}" for _ in range(rng.randrange(1, 8))]
            yield inside(scene, at, pod, call(urls, "shop-job/1.4", waits=[rng.uniform(0.02, 0.3)]))
    for at in scene.times(100.0):
        fetched = f"http://{plan.pod('web')}/files/build-{rng.randrange(1, BUILDS + 1)}.tar.gz"
        yield inside(scene, at, rng.choice(("batch", "logs")), call([fetched], "shop-job/1.4"))


def batches(scene: Scene, every_s: float) -> Iterator[Item]:
    """A job that fetches a few dozen things in a row, now and then."""
    rng = scene.rng
    for at in scene.times(every_s, 3.0):
        keep = ("-k",) if rng.random() < 0.5 else ()
        count, many = str(rng.randrange(15, 50)), str(rng.randrange(1, 4))
        yield Item(at, "out", ("ab", "-q", "-r", *keep, "-n", count, "-c", many, "-B", scene.people[-1],
                               "-H", f"Host: {API}", f"http://{scene.plan.node}/api/items"))


def names(scene: Scene, every_s: float) -> Iterator[Item | Visit]:
    """Look-ups as a cluster makes them: the search list first, both families, some that do not exist."""
    rng, dns = scene.rng, scene.plan.pod("dns")
    for place, share in (("web", 1.5), ("api", 1.0), ("tool", 2.5), ("odd", 4.0), ("batch", 3.0), ("db", 8.0)):
        for at in scene.times(every_s * share):
            name = rng.choice((*CLUSTER_NAMES, f"host-{rng.randrange(1, PARTNERS + 20)}.partner.example"))
            searched = [f"{name}.shop.svc.cluster.local", f"{name}.svc.cluster.local"] if rng.random() < 0.4 else []
            asked = [[each, kind] for each in (*searched, name) for kind in ("A", "AAAA")]
            yield inside(scene, at, place, {"do": "dns", "to": dns, "names": asked, "waits": [0.001, 0.012]})
    for at in scene.times(25.0):
        by_tcp = ("+tcp",) if rng.random() < 0.3 else ()
        yield Item(at, "tool", ("dig", f"@{dns}", rng.choice(CLUSTER_NAMES), *by_tcp))


def failures(scene: Scene, every_s: float) -> Iterator[Visit]:
    """What goes wrong: dead links, a closed port, a host that is away, a reader who leaves."""
    rng = scene.rng
    for at in scene.times(every_s):
        urls = [f"http://{SHOP}/old/{rng.randrange(100)}.html" for _ in range(rng.randrange(1, 4))]
        yield outside(at, rng.choice(scene.people), ask(scene, urls, rng.choice(BROWSERS), waits=[2.0]))
    for at in scene.times(2.5 * every_s):
        closed = {"do": "tcp", "to": scene.plan.node, "port": rng.choice((8443, 8080, 8000)), "within_s": 3.0,
                  "times": rng.randrange(1, 4), "waits": [1.0, 2.0]}
        yield outside(at, rng.choice(scene.people), closed)
    for at in scene.times(2.5 * every_s):
        away = {"do": "tcp", "to": SILENT, "port": 8080, "within_s": 4.0}
        yield inside(scene, at, rng.choice(("api", "tool")), away)
    for at in scene.times(2.0 * every_s):
        leaving = ask(scene, [f"http://{SHOP}/files/manual.pdf"], rng.choice(BROWSERS), rate=60_000,
                      buffer=32_768, leave_s=1.5)
        yield outside(at, rng.choice(scene.people), leaving)


def long_ones(scene: Scene) -> Iterator[Visit]:
    """Connections that say little for long: polls, a stream of events, a WebSocket."""
    rng = scene.rng
    for person in rng.sample(scene.people, 2):
        wait = rng.randrange(8, 30)
        yield outside(rng.uniform(0, 10), person, ask(scene, [f"http://{API}/api/wait?s={wait}"], "shop-app/4.2",
                                                      times=rng.randrange(4, 12)))
    long = rng.randrange(40, 400)
    yield outside(rng.uniform(1, 8), rng.choice(scene.people),
                  ask(scene, [f"http://{API}/api/stream?s={long}&every={rng.uniform(2, 9):.1f}"], rng.choice(BROWSERS)))
    yield outside(rng.uniform(1, 8), rng.choice(scene.people), {
        "do": "ws", "url": f"wss://{API}/api/ws", "to": scene.plan.node,
        "says": [[wait, rng.randrange(20, 200)] for wait in pauses(rng, 25.0, 0.9, 9)], "times": 5})
