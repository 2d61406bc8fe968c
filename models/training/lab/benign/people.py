"""People in front of browsers: alone, behind one address, in search of one thing.

Owns: what a browser does with a page. Refuses: to know why they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benign.base import BROWSERS, ask, outside, pause, think
from scenario import Item, Scene, Visit, case
from services import API, SHOP
from services.site import IMAGES, PAGES

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SEARCHED = ("gate", "weir", "sluice", "pump", "valve", "filter", "deep+water", "hose")


def browsing(
    scene: Scene, address: str, at_s: float, *, think_s: float = 6.0, tls: float = 0.3, pages: tuple[int, int] = (3, 12)
) -> Visit:
    """One person: a page with what is on it, some thought, the next page; a search, an order, a log-in now and then."""
    rng = scene.rng
    agent, lanes = rng.choice(BROWSERS), rng.choice((1, 2, 4, 6))
    scheme = "https" if rng.random() < tls else "http"
    base, steps = f"{scheme}://{SHOP}", []
    for number in range(rng.randrange(*pages)):
        steps += page(scene, base, agent, lanes, first=number == 0)
        steps.append(pause(think(rng, think_s)))
        chance = rng.random()
        if chance < 0.10:
            urls = [f"{base}/search?q={rng.choice(SEARCHED)}", f"{base}/item?id={rng.randrange(1, 300)}"]
            steps.append(ask(scene, urls, agent, waits=[round(think(rng, think_s / 2), 3)]))
        elif chance < 0.15:
            steps.append(ask(scene, [f"{scheme}://{API}/api/orders"], agent, method="POST",
                             send=rng.randrange(200, 2_500)))
        elif chance < 0.18:
            steps += log_in(scene, base, agent, wrong=rng.choice((0, 0, 1)))
    return outside(at_s, address, *steps)


def page(scene: Scene, base: str, agent: str, lanes: int, first: bool) -> list[dict[str, Any]]:
    """A page, then its parts over several connections."""
    rng = scene.rng
    path = "/" if first else f"/catalog/{rng.randrange(1, PAGES + 1)}.html"
    parts = [f"/images/{rng.randrange(1, IMAGES + 1)}.jpg" for _ in range(rng.randrange(0, 9))]
    parts = ["/assets/app.css", "/assets/app.js", "/favicon.ico", *parts] if first else parts
    shown = [ask(scene, [base + path], agent)]
    return [*shown, ask(scene, [base + part for part in parts], agent, lanes=lanes)] if parts else shown


def log_in(scene: Scene, base: str, agent: str, wrong: int) -> list[dict[str, Any]]:
    """A log-in by somebody who may mistype the password."""
    steps = [ask(scene, [f"{base}/login"], agent)]
    for password in (*("floodgate7" for _ in range(wrong)), "floodgate-7"):
        steps.append(pause(think(scene.rng, 5.0)))
        steps.append(ask(scene, [f"{base}/login"], agent, method="POST", send=f"user=warden&password={password}",
                         headers=FORM))
    return [*steps, ask(scene, [f"{base}/account"], agent, headers={"Cookie": "session=open"})]


def ahead(scene: Scene, address: str, at_s: float) -> Visit:
    """A connection that a browser opens in case it will be needed, and then does not need."""
    port, hold_s = scene.rng.choice((80, 443)), scene.rng.choice((10.0, 30.0, 70.0, 120.0))
    return outside(at_s, address, {"do": "tcp", "to": scene.plan.node, "port": port, "hold_s": hold_s})


def over_h2(scene: Scene, address: str, at_s: float) -> Iterator[Item]:
    """One page by a browser that speaks HTTP/2: everything over one connection."""
    rng = scene.rng
    urls = [f"https://{SHOP}/catalog/{rng.randrange(1, PAGES + 1)}.html",
            *(f"https://{SHOP}/images/{rng.randrange(1, IMAGES + 1)}.jpg" for _ in range(rng.randrange(2, 9)))]
    yield scene.curl(at_s, address, "--http2", "-Z", *urls, agent=rng.choice(BROWSERS))


@case("nat")
def nat(
    scene: Scene, *, users: int = 12, at_s: float = 0.0, lasts_s: float = 300.0, think_s: float = 6.0, tls: float = 0.4,
    office: int = 0,
) -> Iterator[Visit]:
    """An office behind one address: many people, each with a browser of their own, some with an app that polls."""
    rng = scene.rng
    address = scene.people[-office] if office else scene.plan.nat
    for number in range(users):
        start = at_s + rng.uniform(0, 0.7 * lasts_s)
        while start < min(at_s + lasts_s, scene.seconds - 2):
            yield browsing(scene, address, start, think_s=think_s, tls=tls)
            start += rng.uniform(40, 150)
        if number % 4 == 0:
            count = max(1, int(lasts_s / 15))
            yield outside(at_s + rng.uniform(0, 10), address, ask(
                scene, [f"https://{API}/api/news"], "shop-app/4.2", times=count, waits=[rng.uniform(12, 18)]))


@case("sale")
def sale(
    scene: Scene, *, people: int = 40, at_s: float = 20.0, reload_s: float = 2.0, reloads: int = 15, fresh: bool = True
) -> Iterator[Visit]:
    """Many people ask for the same page again and again until the sale opens."""
    rng = scene.rng
    for number in range(people):
        every = rng.uniform(0.6, 1.4) * reload_s
        yield outside(at_s + rng.uniform(0, 20), scene.people[number % len(scene.people)], ask(
            scene, [f"http://{SHOP}/catalog/17.html"], rng.choice(BROWSERS), fresh=fresh,
            times=rng.randrange(reloads // 2 + 1, reloads * 2), waits=[round(every, 3)]))
