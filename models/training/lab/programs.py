"""The programs that runs are made with, and the Debian packages that bring them.

Owns: which package has which program or Python module, what is missing, the versions. Refuses: to
install anything. Run alone, it prints the packages.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from contextlib import suppress

from netns import PYTHON, LabError

PACKAGES = {
    "ab": "apache2-utils", "curl": "curl", "dig": "bind9-dnsutils", "dirb": "dirb", "dns2tcpc": "dns2tcp",
    "dns2tcpd": "dns2tcp", "dnsmasq": "dnsmasq-base", "ethtool": "ethtool", "ffuf": "ffuf", "gobuster": "gobuster",
    "h2load": "nghttp2-client", "hping3": "hping3", "htpasswd": "apache2-utils", "hydra": "hydra", "ip": "iproute2",
    "medusa": "medusa", "nc": "netcat-openbsd", "ncrack": "ncrack", "nft": "nftables", "nginx": "nginx-light",
    "nmap": "nmap", "nping": "nmap", "openssl": "openssl", "patator": "patator", "ping": "iputils-ping",
    "ptunnel": "ptunnel", "redis-cli": "redis-tools", "redis-server": "redis-server", "rsyslogd": "rsyslog",
    "scp": "openssh-client", "setpriv": "util-linux", "siege": "siege", "slowhttptest": "slowhttptest",
    "socat": "socat", "sqlmap": "sqlmap", "ssh": "openssh-client", "sshd": "openssh-server", "swaks": "swaks",
    "tc": "iproute2", "tcpdump": "tcpdump", "vsftpd": "vsftpd", "wfuzz": "wfuzz", "wrk": "wrk",
}
# For Debian's own Python, which runs what is written in it.
MODULES = {"aiohttp": "python3-aiohttp", "aiosmtpd": "python3-aiosmtpd", "grpc": "python3-grpcio"}
ALWAYS = ("ip", "tc", "nft", "tcpdump", "ethtool", "setpriv")


class Missing(LabError):
    """A program that is not installed."""


def require(programs: Iterable[str]) -> None:
    """Every program of a run, before the first is started: a missing one would only thin the traffic."""
    missing = sorted(name for name in {*ALWAYS, PYTHON, *programs} if not shutil.which(name))
    missing += [] if PYTHON in missing else absent_modules()
    if missing:
        where = PACKAGES | MODULES
        raise Missing(f"missing: {', '.join(f'{name} ({where.get(name, name)})' for name in missing)}; "
                      "`make lab-packages` installs all")


def absent_modules() -> list[str]:
    """Modules that Debian's Python does not find."""
    ask = "import sys; from importlib.util import find_spec; print(*(n for n in sys.argv[1:] if not find_spec(n)))"
    return subprocess.run([PYTHON, "-c", ask, *MODULES], capture_output=True, text=True).stdout.split()


def versions(programs: Iterable[str]) -> dict[str, str]:
    """The versions of the packages of some programs; elsewhere than on Debian nobody knows."""
    wanted = sorted({PACKAGES[name] for name in programs if name in PACKAGES})
    with suppress(FileNotFoundError):
        argv = ["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *wanted]
        shown = subprocess.run(argv, capture_output=True, text=True).stdout
        return dict(line.split(" ", 1) for line in shown.splitlines())
    return {}


if __name__ == "__main__":
    print(*sorted({*PACKAGES.values(), *MODULES.values()}))
