"""What real programs say to each other while the mixed capture is recorded.

Owns: the services at one end of the lab, the rounds of clients at the other.
Refuses: to invent packets; every frame comes from a program's own socket.
Recording is done by `captures`.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from lab import Lab
from namespaces import End, LabError

SERVER = "198.18.0.1"
SERVER6 = "fd00:18::1"
CLIENTS = tuple(f"198.18.0.{host}" for host in range(11, 17))
CLIENT6 = "fd00:18::11"
# Routed to the server, which forwards nothing: connects there are never answered.
SILENT = "198.18.1"
HTTP_PORTS = range(8001, 8009)
ROUND_SECONDS = 60.0
PROGRAMS = ("tcpdump", "nginx", "dnsmasq", "iperf3", "ab", "wrk", "dig", "curl", "ping")

NGINX = """
daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; client_max_body_size 16m;
  keepalive_requests 20; keepalive_timeout 2s; default_type text/html;
  server {{ {listen} root {folder}/www; location /upload {{ return 200 "kept\\n"; }} }}
}}
"""


def address(lab: Lab) -> None:
    """Gives both ends their addresses and room for many short connections."""
    for end, hosts in ((lab.server, (SERVER, SERVER6)), (lab.client, (*CLIENTS, CLIENT6))):
        for host in hosts:
            prefix = ["64", "nodad"] if ":" in host else ["24"]
            ip(lab, end, "addr", "add", f"{host}/{prefix[0]}", "dev", end.interface, *prefix[1:])
        ip(lab, end, "link", "set", "lo", "up")
        ip(lab, end, "link", "set", end.interface, "up")
        lab.run(end, "sysctl", "-qw", "net.ipv4.ip_local_port_range=2048 65000", "net.ipv4.icmp_ratelimit=0")
    ip(lab, lab.client, "route", "add", f"{SILENT}.0/24", "via", SERVER)


def require() -> None:
    """Every program of a round, before the first is started: a missing one would only thin the traffic."""
    if missing := [program for program in PROGRAMS if not shutil.which(program)]:
        raise LabError(f"not installed: {', '.join(missing)}")


def ip(lab: Lab, end: End, *words: str) -> None:
    """One `ip` command at `end`."""
    lab.run(end, "ip", *words)


def serve(lab: Lab, folder: Path) -> None:
    """Starts the services and returns when each of them answers."""
    www = folder / "www"
    www.mkdir()
    for name, size in (("small", 700), ("page", 2_400), ("long", 8_000), ("file", 600_000)):
        (www / name).write_bytes((b"weir holds the water back. " * (size // 27 + 1))[:size])
    (folder / "upload").write_bytes(bytes(200_000))
    listen = "".join(f"listen {port} backlog=1024; listen [::]:{port} backlog=1024; " for port in HTTP_PORTS)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, listen=listen))
    (folder / "names").write_text("".join(f"host-{n}.lab.test {t}\n" for n in range(300) for t in ("A", "AAAA")))
    services: list[list[str | Path]] = [
        ["nginx", "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"],
        ["dnsmasq", "-k", "-u", "root", "-C", "/dev/null", "-R", "-h", "-x", folder / "dnsmasq.pid",
         f"--address=/lab.test/{SERVER}", f"--address=/lab.test/{SERVER6}"],
        ["iperf3", "-s", "-p", "5201"],
        ["iperf3", "-s", "-p", "5202"],
    ]
    started = [lab.start(lab.server, service) for service in services]
    wanted = {53, 5201, 5202, *HTTP_PORTS}
    for _ in range(100):
        if any(service.poll() is not None for service in started):
            raise LabError(f"a service ended at once, see {folder / 'nginx.log'}")
        if wanted <= listening(lab):
            return
        time.sleep(0.05)
    raise LabError(f"no service on ports {sorted(wanted - listening(lab))}")


def listening(lab: Lab) -> set[int]:
    """TCP ports with a listener at the server's end."""
    tables = [lab.read(lab.server, f"/proc/net/{name}") for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table.splitlines()[1:]]
    return {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"}


def clients(folder: Path, turn: int) -> list[list[str | Path]]:
    """The programs of one round; they run at the same time, so that flows interleave."""
    port, other = (HTTP_PORTS[(turn * 2 + step) % len(HTTP_PORTS)] for step in (0, 1))
    near, far = CLIENTS[turn % len(CLIENTS)], CLIENTS[(turn + 1) % len(CLIENTS)]
    dig = ["dig", "+tries=1", "+time=1"]
    curl = ["curl", "-s", "--max-time", "20"]
    return [
        # Short connections, most of the flows.
        ["ab", "-q", "-r", "-n", "5000", "-c", "16", "-B", near, f"http://{SERVER}:{port}/page"],
        ["ab", "-q", "-r", "-n", "1500", "-c", "8", "-B", far, f"http://{SERVER}:{other}/long"],
        ["ab", "-q", "-r", "-n", "1500", "-c", "8", f"http://[{SERVER6}]:{port}/small"],
        ["wrk", "-t", "1", "-c", "4", "-d", "1s", "-H", "Connection: close", f"http://{SERVER}:{other}/small"],
        # Kept-alive connections, most of the packets of web browsing.
        ["ab", "-q", "-r", "-k", "-n", "8000", "-c", "8", "-B", far, f"http://{SERVER}:{other}/small"],
        ["ab", "-q", "-r", "-k", "-n", "3000", "-c", "4", f"http://[{SERVER6}]:{other}/page"],
        # Names, over UDP, TCP and IPv6, and to a port nobody serves.
        [*dig, f"@{SERVER}", "-f", folder / "names"],
        [*dig, f"@{SERVER6}", "-b", CLIENT6, "-f", folder / "names"],
        [*dig, f"@{SERVER}", "+tcp", "host-1.lab.test", "host-2.lab.test", "host-3.lab.test"],
        [*dig, f"@{SERVER}", "-p", "5399", "host-1.lab.test"],
        # Bulk, both ways and both protocols.
        ["iperf3", "-c", SERVER, "-p", "5201", "-n", "3M", "-b", "80M"],
        ["iperf3", "-c", SERVER, "-p", "5202", "-u", "-l", "300", "-b", "8M", "-t", "1"],
        [*curl, "--limit-rate", "2M", "-o", "/dev/null", f"http://{SERVER}:{port}/file?[1-3]"],
        [*curl, "-o", "/dev/null", "-H", "Expect:", "--data-binary", f"@{folder / 'upload'}",
         f"http://[{SERVER6}]:{port}/upload?[1-3]"],
        # What fails: refused, and never answered.
        [*curl, "--interface", near, f"http://{SERVER}:[9000-9199]/"],
        [*curl, "-Z", "--parallel-immediate", "--connect-timeout", "1.5", f"http://{SILENT}.[1-40]:8080/"],
        # Echoes, small, fragmented and over IPv6.
        ["ping", "-q", "-i", "0.005", "-c", "150", SERVER],
        ["ping", "-q", "-i", "0.02", "-c", "20", "-s", "3500", "-I", far, SERVER],
        ["ping", "-q", "-i", "0.01", "-c", "50", SERVER6],
    ]


def play(lab: Lab, folder: Path, turn: int) -> None:
    """Runs one round of clients to its end.

    Exit statuses mean nothing here: refused and silent connects are wanted.
    """
    started: list[subprocess.Popen[bytes]] = [lab.start(lab.client, argv) for argv in clients(folder, turn)]
    for program in started:
        lab.wait(program, ROUND_SECONDS)
