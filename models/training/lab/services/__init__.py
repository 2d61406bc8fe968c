"""What listens in a run: the ingress on the node, the shop and its API in pods, names, and what a scenario asks for.

Owns: starting all of it, ending it so that its logs are whole. Refuses: to return before every port has a
listener; a service it does not know. One file a kind of service.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from network import Network
from namespaces import LabError, kill_group
from scenario import Scenario
from services import logins, mail, metrics, names, redis, rpc, site, syslog, voice, web
from services.base import PYTHON, USER, Making, Service
from services.names import CLUSTER_NAMES
from services.web import API, API_PORT, SHOP

__all__ = ["API", "API_PORT", "CLUSTER_NAMES", "PYTHON", "SHOP", "USER", "end", "programs", "serve"]

# What a scenario may ask for beside the shop, its API and names.
OPTIONAL = {
    "ftp": logins.ftp, "grpc": rpc.service, "metrics": metrics.services, "redis": redis.services,
    "smtp": mail.service, "ssh": logins.ssh, "syslog": syslog.service, "voice": voice.service,
}
PROGRAMS = ("nginx", "dnsmasq", "openssl", "htpasswd")
NEEDED = {"ftp": ("vsftpd",), "redis": ("redis-server",), "ssh": ("sshd", "ssh-keygen"), "syslog": ("rsyslogd",)}
END_SECONDS = 5.0


def serve(network: Network, folder: Path, scenario: Scenario) -> list[subprocess.Popen[bytes]]:
    """Starts everything and returns it when it listens."""
    making = Making(network.plan, folder, random.Random(f"site {network.plan.seed}"), scenario.pool, scenario.patient)
    site.write(folder, making.rng)
    wanted = [*web.services(making), *names.service(making)]
    for name in sorted(scenario.services):
        if name not in OPTIONAL:
            raise LabError(f"no service is called `{name}`; there are {', '.join(OPTIONAL)}")
        wanted += OPTIONAL[name](making)
    started = [network.start(network.end(one.place), one.argv, folder=folder) for one in wanted]
    _await(network, started, wanted, folder)
    return started


def end(started: Iterable[subprocess.Popen[bytes]]) -> None:
    """Asks each service to end, so that what it was still doing is in its log; what does not end is killed."""
    alive = [program for program in started if program.poll() is None]
    for program in alive:
        # nginx drops what it has not logged yet when it is terminated.
        program.send_signal(signal.SIGQUIT if "nginx" in map(str, program.args) else signal.SIGTERM)
    until = time.monotonic() + END_SECONDS
    for program in alive:
        with suppress(subprocess.TimeoutExpired):
            program.wait(timeout=max(0.0, until - time.monotonic()))
        kill_group(program)


def programs(scenario: Scenario) -> tuple[str, ...]:
    """The programs that the services of a scenario need."""
    return (*PROGRAMS, *(word for name in scenario.services for word in NEEDED.get(name, ())))


def _await(
    network: Network, started: Sequence[subprocess.Popen[bytes]], wanted: Sequence[Service], folder: Path
) -> None:
    """Returns once every wanted port has a listener."""
    ports: dict[str, set[int]] = defaultdict(set)
    for one in wanted:
        ports[one.place] |= one.ports
    for _ in range(400):
        if ended := [one for one, program in zip(wanted, started) if program.poll() is not None]:
            raise LabError(f"{ended[0].argv[0]} in {ended[0].place} ended at once: {_errors(folder)}")
        for place in [place for place, needed in ports.items() if needed <= _listening(network, place)]:
            del ports[place]
        if not ports:
            return
        time.sleep(0.05)
    raise LabError(f"nobody listens on some of {dict(ports)}: {_errors(folder)}")


def _errors(folder: Path) -> str:
    """The ends of the logs of what would not start."""
    return " / ".join(path.read_text().strip()[-300:] for path in sorted(folder.glob("*.error")))


def _listening(network: Network, place: str) -> set[int]:
    """TCP ports with a listener in a namespace."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in network.read(network.end(place), table).splitlines()[1:]]
            found |= {int(row[1].rsplit(":", 1)[1], 16) for row in rows if row[3] == "0A"}
    return found
