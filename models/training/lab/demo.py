#!/usr/bin/env python3
"""Records the demo capture: an ordinary day, an HTTP flood, a scan.

Owns: the addresses and the times of the demo. `README.md` beside this file says
what is in it. Its seed is that of no training run.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import benign
from network import Plan
from namespaces import LabError, leave_on_signals
from record import Attack, Scenario, recorded
from services import SHOP

SEED = 20_261_125
SECONDS = 78.0
FLOOD_AT_S, FLOOD_SECONDS = 17.0, 20.0
SCAN_AT_S, SCAN_SECONDS = 42.0, 12.0
PLAN = Plan(
    node="192.0.2.10",
    pods="10.244.1",
    clients=("198.51.100.77", "198.51.100.5", "198.51.100.20", "203.0.113.140", "203.0.113.9",
             *(f"203.0.113.{host}" for host in (21, 38, 54, 83, 117, 162)),
             *(f"198.51.100.{host}" for host in (31, 64, 112, 148, 201))),
    attackers=(("203.0.113.66",), ("198.51.100.99",)),
    offload=False,
    seed=SEED,
)


def scenario(folder: Path) -> Scenario:
    """The demo, its programs' files in `folder`."""
    flood = ("wrk", "-t", "1", "-c", "8", "-d", f"{FLOOD_SECONDS:.0f}s", "-H", f"Host: {SHOP}",
             "-H", "Connection: close", f"http://{PLAN.node}/login.html")
    scan = ("nmap", "-sS", "-n", "-Pn", "-T4", "--top-ports", "250", PLAN.node)
    return Scenario(
        name="demo",
        what="ordinary traffic; an HTTP flood on the shop through the ingress; a SYN scan of the node",
        plan=PLAN,
        seconds=SECONDS,
        benign=tuple(benign.ordinary(benign.Scene(PLAN, random.Random(SEED), SECONDS, folder), PLAN.clients)),
        attacks=(
            Attack("dos-flood", FLOOD_AT_S, FLOOD_SECONDS + 2, (flood,), "bad0"),
            Attack("scan", SCAN_AT_S, SCAN_SECONDS, (scan,), "bad1"),
        ),
    )


def main() -> int:
    """Writes OUT.pcap, OUT.labels.csv and OUT.json."""
    parser = argparse.ArgumentParser(description="Records the demo capture; needs root.")
    parser.add_argument("out", type=Path, help="the capture, labels and description are written beside it")
    leave_on_signals()
    try:
        recorded(scenario, parser.parse_args().out)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
