"""The cluster's DNS.

Owns: what it knows. Refuses: to ask anybody else.
"""

from __future__ import annotations

from services.base import Making, Service

CLUSTER_NAMES = tuple(f"{name}.shop.svc.cluster.local" for name in ("web", "api", "db", "logs", "mail", "batch"))
PARTNERS = 100
DISCOVERED = ("web", "api", "batch")


def service(making: Making) -> list[Service]:
    """dnsmasq in the `dns` pod, by UDP and TCP."""
    addresses = {name: f"10.96.{number}.10" for number, name in enumerate(CLUSTER_NAMES)}
    addresses |= {f"host-{number}.partner.example": f"198.18.0.{number}" for number in range(1, PARTNERS)}
    argv = (
        "dnsmasq", "-k", "-u", "root", "-C", "/dev/null", "-R", "-h", "-x", making.folder / "dnsmasq.pid",
        "--local=/cluster.local/", "--local=/example/", "--max-port=60000",
        f"--log-facility={making.folder / 'dns.log'}", "--log-queries=extra",
        *(f"--host-record={name},{address}" for name, address in addresses.items()),
        *(f"--srv-host=_http._tcp.{name}.shop.svc.cluster.local,{name}.shop.svc.cluster.local,8080"
          for name in DISCOVERED),
    )
    return [Service("dns", argv, frozenset({53}))]
