#!/usr/bin/env python3
"""The lab's command line: plays scenarios and leaves captures with their truth.

Owns: what can be asked for and the exit status. Refuses: to make anything while a program is missing.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

# It finds what others import from `benches`.
import netns  # noqa: F401
from namespaces import LabError, leave_on_signals

import attacks  # noqa: F401
import benign  # noqa: F401
from programs import Missing
from record import record
from scenario import SCENARIOS, Run, Scenario, read_all

EXIT_MISSING = 77


def main() -> int:
    """Does what the command line says."""
    args = parsed()
    leave_on_signals()
    if args.also:
        runpy.run_path(str(args.also))
    try:
        return int(args.does(args) or 0)
    except Missing as error:
        print(error, file=sys.stderr)
        return EXIT_MISSING
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Plays traffic between network namespaces; needs root.")
    parser.add_argument("--scenarios", type=Path, default=SCENARIOS, metavar="FOLDER", help="where the files are")
    parser.add_argument("--also", type=Path, metavar="FILE", help="Python that registers more cases and tools")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="play one scenario")
    run.add_argument("name")
    run.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    run.add_argument("--offload", choices=("on", "off"), default="off", help="segmentation offload")
    run.set_defaults(does=play_one)
    commands.add_parser("list", help="name all scenarios").set_defaults(does=list_all)
    return parser.parse_args()


def play_one(args: argparse.Namespace) -> None:
    """One run, in this process."""
    args.out.mkdir(parents=True, exist_ok=True)
    record(Run(found(args, args.name), args.offload == "on"), args.out)


def list_all(args: argparse.Namespace) -> None:
    """Each scenario with its length and what it is about."""
    for name, one in read_all(args.scenarios).items():
        print(f"{name:32} {one.seconds:5.0f} s  {one.about}")


def found(args: argparse.Namespace, name: str) -> Scenario:
    """The scenario of a name."""
    known = read_all(args.scenarios)
    if name not in known:
        raise LabError(f"no scenario is called `{name}`; `lab.py list` names them")
    return known[name]


if __name__ == "__main__":
    sys.exit(main())
