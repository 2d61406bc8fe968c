"""What listens: the ingress on the node, the shop and its API in pods, names, log-ins.

Owns: the configuration files of nginx, dnsmasq, sshd and vsftpd, and their start.
Refuses: to return before each of them listens. Every request to a pod is logged
with the port and the client it came for: `truth` reads that.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from network import HERE, Network, Plan
from namespaces import LabError

SHOP, API = "shop.example", "api.shop.example"
CLUSTER_NAMES = ("web.shop.svc.cluster.local", "api.shop.svc.cluster.local", "db.shop.svc.cluster.local")
APP_PORT, API_PORT = 9000, 8080
PROGRAMS = ("nginx", "dnsmasq", "curl", "dig", "ab", "ping", "tcpdump", "openssl", "htpasswd", "ethtool")
LOGINS = {"ssh": "sshd", "ftp": "vsftpd"}
# Known to nobody who guesses.
USER, PASSWORD = "warden", "floodgate-7"
WORDS = ("river", "summer", "password", "dragon", "letmein", "winter", "admin", "qwerty")

HTTP = """
daemon off; user root; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.error;
events {{ worker_connections 4096; }}
http {{
  log_format truth '$msec $request_time $connection $remote_addr $remote_port $http_x_real_ip $status';
  access_log {folder}/{name}.log truth; default_type text/html; types {{ }}
  client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy;
  client_max_body_size 16m; keepalive_timeout {keepalive}s; {timeouts}
  {servers}
}}
"""
INGRESS = """
  upstream web {{ server {web}:80; {pool} }}
  upstream api {{ server {api}:8080; {pool} }}
  proxy_bind {node}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr; proxy_buffering off; proxy_read_timeout 75s;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{ listen {node}:80 backlog=1024; listen {node}:443 ssl backlog=1024; server_name {shop};
    location /legacy/ {{ proxy_pass http://{web}:81; }}
    location / {{ proxy_pass http://web; }} }}
  server {{ listen {node}:80; listen {node}:443 ssl; server_name {api_name};
    location / {{ proxy_pass http://api; }} }}
"""
WEB = """
  server {{ listen 80 backlog=1024; root {folder}/www; location = /healthz {{ return 200 "ok\\n"; }}
    location /upload/ {{ return 200 "kept\n"; }}
    location /admin/ {{ auth_basic "shop"; auth_basic_user_file {folder}/htpasswd; }} }}
"""
APP = """
  upstream app {{ server 127.0.0.1:{port}; keepalive 8; }}
  server {{ listen 8080 backlog=1024; location = /healthz {{ return 200 "ok\\n"; }}
    location /api/ {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 75s; }} }}
"""
SSHD = """
Port 22
ListenAddress {node}
HostKey {folder}/host_key
PidFile none
UsePAM no
PasswordAuthentication yes
MaxStartups 50:30:100
MaxAuthTries 3
"""
VSFTPD = """
listen=YES
listen_address={node}
background=NO
isolate=NO
isolate_network=NO
local_enable=YES
anonymous_enable=NO
seccomp_sandbox=NO
max_login_fails=6
"""


def require(programs: Sequence[str]) -> None:
    """Every program of a run, before the first is started: a missing one would only thin the traffic."""
    if missing := [program for program in (*PROGRAMS, *programs) if not shutil.which(program)]:
        raise LabError(f"not installed: {', '.join(missing)}")


def write_site(folder: Path, rng: random.Random) -> None:
    """The pages of the shop, of which `admin` asks for a password, and what clients bring along."""
    www = folder / "www"
    sizes = {"index.html": 7_400, "assets/app.css": 16_000, "assets/app.js": 34_000, "files/manual.pdf": 1_300_000,
             "files/backup.tar": 6_000_000, "login.html": 1_800,
             "about.html": 4_200, "admin/index.html": 900}
    sizes |= {f"catalog/{number}.html": rng.randrange(2_000, 12_000) for number in range(1, 41)}
    sizes |= {f"images/{number}.jpg": rng.randrange(2_000, 18_000) for number in range(1, 41)}
    for name, size in sizes.items():
        path = www / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((b"weir holds the water back. " * (size // 27 + 1))[:size])
    (folder / "order.json").write_text('{"item": 17, "count": 2, "note": "%s"}' % ("deep water " * 40))
    (folder / "words").write_text("".join(f"{rng.choice(WORDS)}{rng.randrange(10_000)}\n" for _ in range(400)))
    subprocess.run(["htpasswd", "-bcB", folder / "htpasswd", USER, PASSWORD], check=True, capture_output=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", f"/CN={SHOP}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )


def nginx(folder: Path, name: str, servers: str, keepalive: int, timeouts: str = "") -> list[str | Path]:
    """Writes the configuration of an nginx and returns its command line."""
    path = folder / f"{name}.conf"
    path.write_text(HTTP.format(folder=folder, name=name, servers=servers, keepalive=keepalive, timeouts=timeouts))
    return ["nginx", "-p", folder, "-e", folder / f"{name}.error", "-c", path]


def serve(
    network: Network, folder: Path, *, pool: int, patient: bool, logins: Sequence[str]
) -> list[subprocess.Popen[bytes]]:
    """Starts everything and returns it when it listens.

    `pool` idle connections to the pods are kept, none means one connection a request;
    `patient` gives the ingress the long timeouts that slow attacks live on; `logins`
    names those of `LOGINS` that are wanted.
    """
    plan = network.plan
    rng = random.Random(f"site {plan.seed}")
    write_site(folder, rng)
    ingress = INGRESS.format(
        folder=folder, node=plan.node, web=plan.pod("web"), api=plan.pod("api"), shop=SHOP, api_name=API,
        pool=f"keepalive {pool};" if pool else "",
    )
    if not pool:
        ingress = ingress.replace('proxy_set_header Connection ""', "proxy_set_header Connection close")
    timeouts = "client_header_timeout 120s; client_body_timeout 120s; send_timeout 120s;" if patient else ""
    wanted = {"node": {80, 443}, "web": {80}, "api": {API_PORT, APP_PORT}, "dns": {53}}
    started = [
        network.start(network.end("node"), nginx(folder, "ingress", ingress, rng.choice((15, 65)), timeouts)),
        network.start(network.end("web"), nginx(folder, "web", WEB.format(folder=folder), 75)),
        network.start(network.end("api"), nginx(folder, "api", APP.format(port=APP_PORT), 75)),
        network.start(network.end("api"), [sys.executable, HERE / "app.py", str(APP_PORT), str(plan.seed)]),
        network.start(network.end("dns"), names(folder, plan)),
    ]
    if "ssh" in logins:
        wanted["node"].add(22)
        started.append(network.start(network.end("node"), sshd(folder, plan)))
    if "ftp" in logins:
        wanted["node"].add(21)
        (folder / "vsftpd.conf").write_text(VSFTPD.format(node=plan.node).lstrip())
        Path("/var/run/vsftpd/empty").mkdir(parents=True, exist_ok=True)
        started.append(network.start(network.end("node"), [LOGINS["ftp"], folder / "vsftpd.conf"]))
    await_services(network, started, wanted, folder)
    return started


def names(folder: Path, plan: Plan) -> list[str | Path]:
    """The command line of the cluster's DNS."""
    addresses = {name: f"10.96.{number}.10" for number, name in enumerate(CLUSTER_NAMES)}
    addresses |= {f"host-{number}.partner.example": f"198.18.0.{number}" for number in range(1, 100)}
    return ["dnsmasq", "-k", "-u", "root", "-C", "/dev/null", "-R", "-h", "-x", folder / "dnsmasq.pid",
            "--local=/cluster.local/", "--local=/example/", "--max-port=60000",
            *(f"--host-record={name},{address}" for name, address in addresses.items())]


def sshd(folder: Path, plan: Plan) -> list[str | Path]:
    """Writes the configuration of an sshd and returns its command line."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host_key"], check=True)
    (folder / "sshd.conf").write_text(SSHD.format(node=plan.node, folder=folder))
    Path("/run/sshd").mkdir(exist_ok=True)
    # It starts itself again for each connection, which takes its whole path.
    return [shutil.which(LOGINS["ssh"]) or LOGINS["ssh"], "-D", "-f", folder / "sshd.conf"]


def await_services(
    network: Network, started: Sequence[subprocess.Popen[bytes]], wanted: dict[str, set[int]], folder: Path
) -> None:
    """Returns once every wanted port has a listener."""
    for _ in range(200):
        if ended := [program for program in started if program.poll() is not None]:
            raise LabError(f"{ended[0].args} ended at once: {errors(folder)}")
        if all(ports <= listening(network, name) for name, ports in wanted.items()):
            return
        time.sleep(0.05)
    raise LabError(f"nobody listens on some of {wanted}: {errors(folder)}")


def errors(folder: Path) -> str:
    """The ends of the logs of what would not start."""
    return " / ".join(path.read_text().strip()[-300:] for path in sorted(folder.glob("*.error")))


def listening(network: Network, name: str) -> set[int]:
    """TCP ports with a listener in a namespace."""
    rows = [line.split() for line in network.read(network.end(name), "/proc/net/tcp").splitlines()[1:]]
    return {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"}
