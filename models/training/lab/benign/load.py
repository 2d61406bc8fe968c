"""A load test by the site's own people.

Owns: the command lines of ab and h2load, bounded by counts. Refuses: to hide: they are as loud as a flood, from
one address, and mean well.
"""

from __future__ import annotations

from collections.abc import Iterator

from namespaces import LabError
from scenario import Item, Scene, case
from services import API, API_PORT, SHOP


@case("load-test")
def load_test(
    scene: Scene, *, program: str = "ab", requests: int = 2_000, connections: int = 6, kept: bool = True,
    target: str = "shop", at_s: float = 60.0, rounds: int = 2, every_s: float = 90.0,
) -> Iterator[Item]:
    """Somebody measures the shop or the API through the ingress, or a pod itself, round after round."""
    for number in range(rounds):
        at = at_s + number * every_s
        if at < scene.seconds - 20:
            yield Item(at, *_program(scene, program, requests, connections * (number + 1), kept, target))


def _program(
    scene: Scene, program: str, requests: int, connections: int, kept: bool, target: str
) -> tuple[str, tuple[str, ...]]:
    plan = scene.plan
    place = "tool" if target == "pod" else "out"
    host, url = {
        "shop": (SHOP, f"{plan.node}/catalog/9.html"),
        "api": (API, f"{plan.node}/api/items"),
        "pod": (API, f"{plan.pod('api')}:{API_PORT}/api/items"),
    }[target]
    count, many, tester = str(requests), str(connections), scene.people[-1]
    if program == "ab":
        bound = ("-B", tester) if place == "out" else ()
        keep = ("-k",) if kept else ()
        return place, ("ab", "-q", "-r", *keep, "-n", count, "-c", many, *bound, "-H", f"Host: {host}", f"http://{url}")
    if program == "h2load":
        at, _, path = url.partition("/")
        to, scheme, words = (at, "http", ("--h1",)) if target == "pod" else (f"{at}:443", "https", ())
        return place, ("h2load", *words, "-n", count, "-c", many, "-m", "4", "-T", "30", f"--connect-to={to}",
                       f"{scheme}://{host}/{path}")
    raise LabError(f"no load test by `{program}`: ab, h2load")
