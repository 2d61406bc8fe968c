"""What the cases share: visits outside and in pods, steps, pauses, agents.

Owns: the words for them. Refuses: to be a case.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from scenario import Scene, Visit

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
)


def outside(at_s: float, address: str, *steps: dict[str, Any]) -> Visit:
    """A client outside."""
    return Visit(at_s, "out", address, steps)


def inside(scene: Scene, at_s: float, pod: str, *steps: dict[str, Any]) -> Visit:
    """A program in a pod."""
    return Visit(at_s, pod, scene.plan.pod(pod), steps)


def on_node(scene: Scene, at_s: float, *steps: dict[str, Any]) -> Visit:
    """A program on the node that talks to its pods."""
    return Visit(at_s, "node", scene.plan.gateway, steps)


def ask(scene: Scene, urls: Sequence[str], agent: str, **words: Any) -> dict[str, Any]:
    """Requests of somebody outside to the ingress, whatever the host."""
    headers = {"User-Agent": agent} | words.pop("headers", {})
    return {"do": "http", "urls": list(urls), "to": scene.plan.node, "headers": headers} | words


def call(urls: Sequence[str], agent: str, **words: Any) -> dict[str, Any]:
    """Requests of a program to a pod that it knows the address of."""
    return {"do": "http", "urls": list(urls), "headers": {"User-Agent": agent}} | words


def pause(seconds: float) -> dict[str, Any]:
    """Nothing for a while."""
    return {"do": "pause", "s": round(seconds, 3)}


def pauses(rng: random.Random, mean_s: float, jitter: float = 0.15, count: int = 23) -> list[float]:
    """Pauses around a mean, for steps that repeat."""
    return [round(mean_s * rng.uniform(1 - jitter, 1 + jitter), 3) for _ in range(count)]


def think(rng: random.Random, median_s: float) -> float:
    """How long a person looks at a page."""
    return min(rng.lognormvariate(0, 0.8) * median_s, 10 * median_s)


def repeats(scene: Scene, at_s: float, every_s: float) -> int:
    """How often something happens from then to the end of the run."""
    return max(1, int((scene.seconds - at_s) / every_s))
