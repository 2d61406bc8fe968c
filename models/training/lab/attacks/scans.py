"""Scans of the node and of what is behind it.

Owns: command lines of the tools; ports and rates are settings. Refuses: any target but the node and pods.
"""

from __future__ import annotations

from attacks.base import RAW, AttackSpec, Hosts, Program, Scene, numbers, own, seed
from scenario import tool

STEALTHY = {"fin": "-sF", "null": "-sN", "xmas": "-sX", "ack": "-sA", "maimon": "-sM"}


def nmap(scene: Scene, target: str, *words: str, raw: bool = True) -> list[Program]:
    """nmap, which says what it sends; what answers no ping is scanned all the same."""
    rights = ("--privileged", "--send-ip") if raw else ("--unprivileged",)
    return [Program(("nmap", "-n", "-Pn", "--disable-arp-ping", *rights, "--packet-trace", *words, target),
                    RAW if raw else ())]


def target(scene: Scene, what: str) -> str:
    """`node`, a pod by its name, or `pods:80-90`, `pods2:80-90` for a part of the pods' network on either node."""
    network, _, hosts = what.partition(":")
    if hosts:
        return f"{scene.plan.pods2 if network == 'pods2' else scene.plan.pods}.{hosts}"
    return scene.plan.node if what == "node" else scene.plan.pod(what)


def pace(rate: int, delay_s: float, timing: int) -> tuple[str, ...]:
    """How fast nmap goes; a template alone leaves it to nmap."""
    words = ["-T", str(timing)]
    words += ["--min-rate", str(rate), "--max-rate", str(rate)] if rate else []
    words += ["--scan-delay", f"{delay_s}s", "--max-scan-delay", f"{delay_s}s"] if delay_s else []
    # What is late on a busy machine is not asked for again: it would be one more flow.
    return (*words, "--max-retries", "1", "--min-rtt-timeout", "400ms", "--initial-rtt-timeout", "600ms")


@tool("scan-syn", "nmap")
def syn_nmap(
    scene: Scene, _: AttackSpec, __: Hosts, *, ports: str, to: str = "node", rate: int = 0, delay_s: float = 0.0,
    timing: int = 4, from_port: int = 0, decoys: int = 0, versions: bool = False,
) -> list[Program]:
    """Half-open connections; `decoys` other addresses seem to do the same."""
    words = ["-sS", *port_words(ports), *pace(rate, delay_s, timing)]
    words += ["-g", str(from_port)] if from_port else []
    if decoys:
        others = scene.rng.sample([f"198.18.41.{host}" for host in range(2, 250)], decoys)
        words += ["-D", ",".join((*others, "ME"))]
    words += ["-sV", "--version-light"] if versions else []
    return nmap(scene, target(scene, to), *words)


@tool("scan-syn", "hping3")
def syn_hping3(scene: Scene, _: AttackSpec, __: Hosts, *, first: int, count: int, rate: int) -> list[Program]:
    """hping3 that counts the port up; its own scan asks again by a clock of its own, each time for other ports."""
    return counting(scene, "S", first, count, rate)


def counting(scene: Scene, flags: str, first: int, count: int, rate: int) -> list[Program]:
    """hping3 that counts the port up with each segment."""
    return [Program(("hping3", "-q", "-n", *(f"-{flag}" for flag in flags), "-p", f"++{first}", "-c", str(count),
                     "-i", f"u{1_000_000 // rate}", scene.plan.node), RAW)]


@tool("scan-syn", "packets")
def syn_packets(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, ports: str, rate: float, to: str = "node"
) -> list[Program]:
    """SYNs as an ordinary stack sends them, port after port, each from a port of its own."""
    return bare(scene, "syn", hosts, ports, rate, to)


def bare(scene: Scene, what: str, hosts: Hosts, ports: str, rate: float, to: str, *words: object) -> list[Program]:
    """Our own packets: each port once."""
    wanted = numbers(ports)
    return [own(scene, "packets.py", what, "--sources", hosts.own[0], "--ports", ",".join(map(str, wanted)), "--count",
                len(wanted), "--rate", rate, "--seed", seed(scene), *words, target(scene, to), caps=RAW)]


@tool("scan-stealth", "nmap")
def stealth_nmap(scene: Scene, _: AttackSpec, __: Hosts, *, flags: str, ports: str, to: str = "node", rate: int = 0,
                 delay_s: float = 0.0, timing: int = 4) -> list[Program]:
    """FIN, NULL, Xmas, ACK: segments that no connection begins with."""
    return nmap(scene, target(scene, to), STEALTHY[flags], *port_words(ports), *pace(rate, delay_s, timing))


@tool("scan-stealth", "hping3")
def stealth_hping3(
    scene: Scene, _: AttackSpec, __: Hosts, *, flags: str, first: int, count: int, rate: int
) -> list[Program]:
    """hping3 with any flags."""
    return counting(scene, flags, first, count, rate)


@tool("scan-udp", "nmap")
def udp_nmap(
    scene: Scene, _: AttackSpec, __: Hosts, *, ports: str, to: str = "node", rate: int = 0, delay_s: float = 0.0,
    timing: int = 4,
) -> list[Program]:
    """Datagrams to many ports."""
    return nmap(scene, target(scene, to), "-sU", *port_words(ports), *pace(rate, delay_s, timing))


@tool("scan-udp", "hping3")
def udp_hping3(
    scene: Scene, _: AttackSpec, __: Hosts, *, first: int, count: int, rate: int, to: str = "node"
) -> list[Program]:
    """hping3 that counts the port up with each datagram."""
    return [Program(("hping3", "-q", "-n", "--udp", "-p", f"++{first}", "-c", str(count), "-i", f"u{1_000_000 // rate}",
                     target(scene, to)), RAW)]


@tool("scan-udp", "packets")
def udp_packets(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, ports: str, rate: float, size: int = 0, to: str = "node",
) -> list[Program]:
    """Datagrams, port after port."""
    return bare(scene, "udp", hosts, ports, rate, to, "--bytes", size)


@tool("scan-connect", "nmap")
def connect_nmap(scene: Scene, _: AttackSpec, __: Hosts, *, ports: str, to: str = "node", rate: int = 0,
                 delay_s: float = 0.0, timing: int = 4, versions: bool = False) -> list[Program]:
    """Full connections; with `versions` what answers is asked what it is."""
    words = ("-sV",) if versions else ()
    return nmap(scene, target(scene, to), "-sT", *port_words(ports), *pace(rate, delay_s, timing), *words, raw=False)


@tool("scan-connect", "nc")
def connect_nc(
    scene: Scene, _: AttackSpec, __: Hosts, *, ports: str, wait_s: int = 0, to: str = "node"
) -> list[Program]:
    """netcat, port after port; `wait_s` between two."""
    words = ("-i", str(wait_s)) if wait_s else ()
    return [Program(("nc", "-n", "-v", "-z", "-w", "1", *words, target(scene, to), ports))]


@tool("scan-connect", "knock")
def connect_knock(scene: Scene, _: AttackSpec, __: Hosts, *, ports: str, rate: float, to: str = "node",
                  banner_s: float = 0.0, ordered: bool = False) -> list[Program]:
    """Our own: any order, any pace, and it may wait for what a service says first."""
    hosts = expanded(target(scene, to))
    return [own(scene, "knock.py", "--hosts", ",".join(hosts), "--ports", ",".join(map(str, numbers(ports))),
                "--rate", rate, "--banner", banner_s, "--seed", seed(scene), *(("--ordered",) if ordered else ()))]


def port_words(ports: str) -> tuple[str, ...]:
    """`top:200` or nmap's own way."""
    return ("--top-ports", ports.removeprefix("top:")) if ports.startswith("top:") else ("-p", ports)


def expanded(hosts: str) -> list[str]:
    """`10.0.0.1-9` as addresses."""
    network, _, last = hosts.rpartition(".")
    return [f"{network}.{number}" for number in numbers(last)]
