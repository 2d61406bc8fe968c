"""Many at once: a crowd from the news, a crawler.

Owns: cases whose harmlessness lies in who comes, not in how much comes. Refuses: to outdo the bounds of a run.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import ask, outside, pauses
from benign.people import browsing
from scenario import Scene, Visit, case
from services import SHOP
from services.site import IMAGES, PAGES


@case("flash-crowd")
def flash_crowd(
    scene: Scene, *, a_minute: float = 100.0, at_s: float = 60.0, lasts_s: float = 120.0, rise_s: float = 20.0,
    think_s: float = 3.0, tls: float = 0.3,
) -> Iterator[Visit]:
    """Ten times as many people as usual, because the shop was in the news: they come within seconds and ebb away."""
    rng = scene.rng
    for at in scene.times(60.0 / a_minute, at_s, at_s + lasts_s):
        # Few at first, and fewer and fewer in the second half.
        here = min(1.0, (at - at_s) / rise_s, 2.0 * (at_s + lasts_s - at) / lasts_s)
        if rng.random() < here:
            yield browsing(scene, rng.choice(scene.people), at, think_s=think_s, tls=tls, pages=(1, 5))


@case("crawler")
def crawler(
    scene: Scene, *, pages: int = 300, at_s: float = 30.0, every_s: float = 1.0, lanes: int = 1, fresh: bool = False,
    dead: float = 0.05, agent: str = "Mozilla/5.0 (compatible; weirbot/2.1)",
) -> Iterator[Visit]:
    """A search engine reads page after page; some links are dead."""
    rng = scene.rng
    address, urls = rng.choice(scene.people), []
    for _ in range(pages):
        kinds = ("old/{}.html", 300), ("images/{}.jpg", IMAGES), ("catalog/{}.html", PAGES)
        (path, many), = rng.choices(kinds, (dead, 0.15, 0.85 - dead))
        urls.append(f"http://{SHOP}/{path.format(rng.randrange(1, many + 1))}")
    yield outside(
        at_s, address,
        ask(scene, [f"http://{SHOP}/robots.txt", f"http://{SHOP}/sitemap.xml"], agent, waits=[0.4]),
        ask(scene, urls, agent, lanes=lanes, fresh=fresh, waits=pauses(rng, every_s * lanes)),
    )
