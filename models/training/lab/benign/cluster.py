"""What a cluster does for itself: monitoring, logs, replication.

Owns: cases between pods and nodes. Refuses: to need a client outside.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benign.base import call, inside, outside, pauses, repeats
from plan import PODS
from scenario import Item, Scene, Visit, case
from services import metrics, redis, syslog, voice


@case("monitoring", needs="metrics")
def monitoring(
    scene: Scene, *, every_s: float = 15.0, fresh: bool = False, at_once: bool = False, compressed: bool = True,
) -> Iterator[Visit]:
    """One program scrapes every pod, for ever: many targets from one address, one after the other or at once."""
    rng = scene.rng
    for number, pod in enumerate(PODS):
        at = 1.0 if at_once else 1.0 + number * every_s / len(PODS)
        step = call([f"http://{scene.plan.pod(pod)}:{metrics.PORT}/metrics"], "Prometheus/2.53", fresh=fresh,
                    times=repeats(scene, at, every_s), waits=[every_s],
                    headers={"Accept-Encoding": "gzip"} if compressed else {})
        yield inside(scene, at + (0.0 if at_once else rng.uniform(0, 0.4)), "tool" if pod != "tool" else "logs", step)


@case("log-shipping", needs="syslog")
def log_shipping(
    scene: Scene, *, every_s: float = 1.0, size: int = 300, pods: int = 4, by: str = "udp", batch: int = 1,
) -> Iterator[Visit]:
    """Every pod sends its lines to one place, by datagrams or over a connection that never ends."""
    rng, to = scene.rng, scene.plan.pod(syslog.PLACE)
    target = {"to": to, "port": syslog.PORT}
    for number in range(pods):
        place, at = ("web", "api", "odd", "tool", "cache")[number % 5], rng.uniform(0, every_s)
        times = repeats(scene, at, every_s)
        sizes = [min(1_400, rng.randrange(size // 2, size * 2)) for _ in range(times * batch)]
        if by == "udp":
            waits = [w for wait in pauses(rng, every_s, 0.6) for w in (*[0.002] * (batch - 1), wait)]
            yield inside(scene, at, place, target | {"do": "udp", "sizes": sizes, "waits": waits})
        else:
            says = [[wait, batch * count] for wait, count in zip(pauses(rng, every_s, 0.6, times), sizes)]
            yield inside(scene, at, place, target | {"do": "tcp", "says": says})


@case("pings")
def pings(
    scene: Scene, *, every_s: float = 1.0, hosts: int = 6, size: int = 56, sweep_s: float = 0.0
) -> Iterator[Item]:
    """Somebody watches how far hosts are away: each of them all the time, or all of them in turn now and then."""
    found = [scene.plan.pod(pod) for pod in PODS if pod != "tool"][:hosts]
    for number, host in enumerate(found):
        count = str(repeats(scene, 1.0, every_s) if not sweep_s else 2)
        argv = ("ping", "-q", "-n", "-W", "1", "-s", str(size), "-i", str(every_s), "-c", count, host)
        for round_ in range(repeats(scene, 1.0, sweep_s) if sweep_s else 1):
            yield Item(1.0 + 0.1 * number + round_ * sweep_s, "tool", argv)


@case("calls", needs="voice")
def calls(
    scene: Scene, *, callers: int = 3, at_s: float = 30.0, every_s: float = 120.0, lasts_s: float = 60.0,
    gap_s: float = 0.02, size: int = 180,
) -> Iterator[Visit]:
    """People talk to the shop: fifty small datagrams a second, both ways, for a minute or more."""
    rng = scene.rng
    for number in range(callers):
        count = int(lasts_s * rng.uniform(0.5, 1.5) / gap_s)
        sizes = [max(40, min(1_300, int(rng.gauss(size, size * 0.08)))) for _ in range(count)]
        yield outside(at_s + number * every_s, rng.choice(scene.people), {
            "do": "udp", "to": scene.plan.node, "port": voice.PORT, "sizes": sizes, "waits": [gap_s]})


def cart(rng: random.Random) -> str:
    """The key of somebody's cart."""
    return f"cart:{rng.randrange(500)}"


@case("replication", needs="redis")
def replication(
    scene: Scene, *, writes_s: float = 5.0, size: int = 300, clients: int = 2, bulk_kb: int = 400,
    bulk_s: float = 120.0, readers: int = 1,
) -> Iterator[Item | Visit]:
    """Writes to the store, which go on to its replica on the other node; bulk loads now and then."""
    rng = scene.rng
    primary, replica = (scene.plan.pod(place) for place in (redis.PRIMARY, redis.REPLICA))
    for number in range(clients):
        place, at = ("api", "tool", "odd")[number % 3], rng.uniform(0, 3)
        commands = [["SET", cart(rng), f"@{rng.randrange(size // 3 + 1, size * 2)}"] for _ in range(17)]
        commands += [["EXPIRE", cart(rng), "3600"], ["GET", cart(rng)], ["PING"]]
        yield inside(scene, at, place, {"do": "redis", "to": primary, "commands": commands,
                                        "times": repeats(scene, at, len(commands) / writes_s) + 1,
                                        "waits": pauses(rng, 1 / writes_s, 0.7)})
    for number in range(readers):
        commands = [["GET", cart(rng)] for _ in range(13)]
        yield inside(scene, 2.0, ("mail", "batch", "logs")[number % 3], {
            "do": "redis", "to": replica, "commands": commands, "times": repeats(scene, 2.0, 13 / writes_s),
            "waits": pauses(rng, 1 / writes_s, 0.5)})
    for at in scene.times(bulk_s, 10.0):
        load = [["SET", f"goods:{number}", "@20000"] for number in range(max(1, bulk_kb // 20))]
        yield inside(scene, at, "api", {"do": "redis", "to": primary, "commands": load, "waits": [0.004]})
    for at in scene.times(60.0, 5.0):
        yield Item(at, "tool", ("redis-cli", "-h", primary, "INFO", "replication"))
