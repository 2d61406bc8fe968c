#!/usr/bin/env python3
"""Records the capture that is bundled with Weir: an ordinary day, an HTTP flood, a scan.

Owns: the addresses of the demo, which its tests and texts know. `scenarios/demo.toml` is what
is played; nothing is trained on it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

# It finds what others import from `benches`.
import netns  # noqa: F401
from namespaces import LabError, leave_on_signals

import attacks  # noqa: F401
import benign  # noqa: F401
from plan import Plan
from record import record
from scenario import Run, Scenario, read_all

NAME = "demo"
FILES = ("pcap", "labels.csv", "json")
CLIENTS = (
    "198.51.100.77", "198.51.100.5", "198.51.100.20", "203.0.113.140", "203.0.113.9",
    *(f"203.0.113.{host}" for host in (21, 38, 54, 83, 117, 162)),
    *(f"198.51.100.{host}" for host in (31, 64, 112, 148, 201)),
)


def plan(scenario: Scenario) -> Plan:
    """Who is where."""
    drawn = Plan.drawn(scenario.seed, scenario.people, scenario.attacks, scenario.links)
    return replace(
        drawn, node="192.0.2.10", pods="10.244.1", pods2="10.244.2", clients=CLIENTS,
        attackers=(("203.0.113.66",), ("198.51.100.99",)),
    )


def main() -> int:
    """Writes OUT.pcap, OUT.labels.csv and OUT.json."""
    parser = argparse.ArgumentParser(description="Records the demo capture; needs root.")
    parser.add_argument("out", type=Path, help="the capture, labels and description are written beside it")
    out = parser.parse_args().out
    leave_on_signals()
    try:
        scenario = read_all()[NAME]
        with tempfile.TemporaryDirectory(dir=out.parent) as name:
            run = Run(scenario, offload=False)
            record(run, Path(name), plan(scenario))
            for kind in FILES:
                Path(name, f"{run.name}.{kind}").rename(out.with_suffix(f".{kind}"))
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
