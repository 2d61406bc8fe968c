"""The shop's store: a Redis with a replica on the other node.

Owns: where both are. Refuses: to write anything to disk.
"""

from __future__ import annotations

from services.base import Making, Service

PRIMARY, REPLICA, PORT = "db", "cache", 6379


def services(making: Making) -> list[Service]:
    """Primary and replica."""
    base = ("redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no", "--bind", "0.0.0.0",
            "--logfile", "", "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0")
    follow = ("--replicaof", making.plan.pod(PRIMARY), str(PORT))
    return [Service(PRIMARY, base, frozenset({PORT})), Service(REPLICA, (*base, *follow), frozenset({PORT}))]
