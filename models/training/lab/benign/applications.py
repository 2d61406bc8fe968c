"""Programs that use the API: in bursts, each second, by waiting for long, by hardly saying a word.

Owns: cases whose clients are programs. Refuses: people, who are in `people`.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import ask, call, inside, on_node, outside, pauses, repeats
from scenario import Item, Scene, Visit, case
from services import API, API_PORT, SHOP
from services.rpc import PLACE, PORT

APP = "shop-app/4.2"


@case("api-clients")
def api_clients(
    scene: Scene, *, clients: int = 4, every_s: float = 0.5, at_s: float = 5.0, lasts_s: float = 600.0, lanes: int = 1,
    tls: float = 0.5, burst: int = 1, fresh: bool = False, orders: float = 0.2,
) -> Iterator[Visit]:
    """Partners that synchronise: `burst` requests without a pause, then a while of nothing, for minutes."""
    rng = scene.rng
    for number in range(clients):
        scheme = "https" if rng.random() < tls else "http"
        urls = [f"{scheme}://{API}/api/stock/{rng.randrange(9000)}" for _ in range(burst * lanes)]
        waits = [every_s * 0.02] * (burst - 1) + [every_s * burst * rng.uniform(0.8, 1.2)]
        start = at_s + rng.uniform(0, 5)
        times = max(1, int(min(lasts_s, scene.seconds - start) / (every_s * burst)))
        sending = {"method": "POST", "send": rng.randrange(300, 4_000)} if rng.random() < orders else {}
        yield outside(start, scene.people[number % len(scene.people)], ask(
            scene, urls, f"partner-sync/{number + 2}", lanes=lanes, waits=waits, times=times, fresh=fresh, **sending))


@case("health-checks")
def health_checks(
    scene: Scene, *, every_s: float = 1.0, fresh: bool = True, balancers: int = 2, bare: bool = True,
    agent: str = "kube-probe/1.30",
) -> Iterator[Visit]:
    """Every pod is looked at each second by the node, the ingress by the balancers before it; `bare` by TCP alone."""
    rng, plan = scene.rng, scene.plan
    for number, (pod, port) in enumerate((("web", 80), ("api", API_PORT))):
        at = rng.uniform(0, every_s) + 0.1 * number
        times = repeats(scene, at, every_s)
        url = f"http://{plan.pod(pod)}:{port}/healthz"
        yield on_node(scene, at, call([url], agent, fresh=fresh, times=times, waits=[every_s]))
        yield inside(scene, at, "batch", call([url], agent, fresh=fresh, times=times, waits=[every_s]))
        if bare:
            looking = {"do": "tcp", "to": plan.pod(pod), "port": port, "times": times, "waits": [every_s]}
            yield inside(scene, at, "tool", looking)
    for address in scene.people[-balancers:]:
        at = rng.uniform(0, every_s)
        looking = {"do": "tcp", "to": plan.node, "port": 443, "times": repeats(scene, at, every_s), "waits": [every_s]}
        asking = ask(scene, [f"http://{SHOP}/?up"], "balancer/1.9", fresh=fresh, waits=[every_s],
                     times=repeats(scene, at, every_s))
        yield outside(at, address, looking if bare else asking)


@case("long-polls")
def long_polls(
    scene: Scene, *, clients: int = 16, wait_s: float = 25.0, spread: float = 0.4, tls: float = 0.5, streams: int = 2,
    event_s: float = 10.0,
) -> Iterator[Visit]:
    """Clients that wait for news over connections that hardly say a thing, from the beginning to the end."""
    rng = scene.rng
    for number in range(clients):
        scheme, wait = "https" if rng.random() < tls else "http", wait_s * rng.uniform(1 - spread, 1 + spread)
        at, address = rng.uniform(0, 20), scene.people[number % len(scene.people)]
        yield outside(at, address, ask(scene, [f"{scheme}://{API}/api/wait?s={wait:.1f}"], APP,
                                       times=repeats(scene, at, wait) + 1))
    for _ in range(streams):
        at, stays = rng.uniform(0, 20), rng.uniform(0.4, 0.95) * scene.seconds
        url = f"http://{API}/api/stream?s={stays:.0f}&every={event_s * rng.uniform(0.7, 1.3):.1f}"
        yield outside(at, rng.choice(scene.people), ask(scene, [url], APP))


@case("websockets")
def websockets(
    scene: Scene, *, clients: int = 12, quiet_s: float = 90.0, size: int = 120, beat_s: float = 0.0, tls: float = 0.7,
    burst: int = 1,
) -> Iterator[Visit]:
    """WebSockets that are idle for minutes, then say something; pings keep some of them alive."""
    rng = scene.rng
    for number in range(clients):
        says = []
        for quiet in pauses(rng, quiet_s, 0.8, 12):
            says.append([quiet, rng.randrange(size // 3 + 2, size * 2)])
            says += [[0.05, rng.randrange(size // 3 + 2, size * 2)] for _ in range(burst - 1)]
        scheme = "wss" if rng.random() < tls else "ws"
        step = {"do": "ws", "url": f"{scheme}://{API}/api/ws?beat={rng.choice((20, 45, 200))}", "to": scene.plan.node,
                "says": says, "stay_s": quiet_s}
        yield outside(rng.uniform(0, 30), scene.people[number % len(scene.people)],
                      step | ({"beat_s": beat_s} if beat_s else {}))


@case("rpc", needs="grpc")
def rpc(
    scene: Scene, *, clients: int = 3, every_s: float = 1.0, asked: int = 200, watch_s: int = 120, put_kb: int = 64,
    fresh: bool = False,
) -> Iterator[Visit]:
    """Pods that call each other by gRPC: short calls, a watch that lasts, uploads in pieces."""
    rng = scene.rng
    target = {"do": "rpc", "to": scene.plan.pod(PLACE), "port": PORT}
    for number in range(clients):
        place, at = ("api", "tool", "web", "odd")[number % 4], rng.uniform(0, 5)
        calls = [["Get", rng.randrange(asked // 4 + 1, asked * 2)] for _ in range(11)]
        yield inside(scene, at, place, target | {"calls": calls, "times": repeats(scene, at, 11 * every_s),
                                                 "waits": pauses(rng, every_s), "fresh": fresh})
    yield inside(scene, 2.0, "api", target | {"calls": [["Watch", watch_s]],
                                              "times": repeats(scene, 2.0, watch_s), "waits": [watch_s]})
    for at in scene.times(45.0):
        yield inside(scene, at, "tool", target | {"calls": [["Put", rng.randrange(put_kb * 512, put_kb * 2048)]]})


@case("h2")
def h2(
    scene: Scene, *, requests: int = 60, every_s: float = 40.0, streams: int = 8, connections: int = 1,
    path: str = "/api/items",
) -> Iterator[Item]:
    """A program that speaks HTTP/2 fetches many things at once over few connections, again and again."""
    for at in scene.times(every_s, 3.0):
        count = max(connections, scene.rng.randrange(requests // 2, requests * 2))
        yield Item(at, "out", ("h2load", "-n", str(count), "-c", str(connections), "-m", str(streams), "-T", "20",
                               f"--connect-to={scene.plan.node}:443", f"https://{API}{path}"))
