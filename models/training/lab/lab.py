#!/usr/bin/env python3
"""The lab's command line: plays scenarios and leaves captures with their truth.

Owns: what can be asked for and the exit status. Refuses: to make anything while a program is missing.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from fnmatch import fnmatch
from pathlib import Path

# It finds what others import from `benches`.
import netns
from namespaces import LabError, leave_on_signals

import attacks  # noqa: F401
import benign  # noqa: F401
from jobs import Jobs, clean_all, end_with
from programs import PACKAGES, Missing, require
from record import record
from scenario import SCENARIOS, Run, Scenario, read_all

sys.path.append(str(netns.HERE.parent))

from split import NONE, Split  # noqa: E402

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
    run.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    run.set_defaults(does=play_one)
    every = commands.add_parser("all", help="play all, with segmentation offload and without; what is there stays")
    every.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    every.add_argument("--jobs", type=int, default=16, help="how many at a time")
    every.add_argument("--only", default="*", metavar="PATTERN", help="of the scenarios, those so called")
    every.set_defaults(does=play_all)
    commands.add_parser("clean", help="remove what killed runs left behind").set_defaults(does=clean)
    commands.add_parser("list", help="name all scenarios").set_defaults(does=list_all)
    return parser.parse_args()


def play_one(args: argparse.Namespace) -> None:
    """One run, in this process."""
    if args.parent:
        end_with(args.parent)
    args.out.mkdir(parents=True, exist_ok=True)
    record(Run(found(args, args.name), args.offload == "on"), args.out)


def play_all(args: argparse.Namespace) -> int:
    """Every run that is data, several at a time."""
    netns.need_root()
    require(PACKAGES)
    split = Split.read()
    wanted = [one for name, one in read_all(args.scenarios).items()
              if fnmatch(name, args.only) and split.lines.get(("scenario", name)) != NONE]
    args.out.mkdir(parents=True, exist_ok=True)
    words = ["--scenarios", args.scenarios, *(["--also", args.also] if args.also else [])]
    jobs = Jobs(args.out, [Run(one, offload) for one in wanted for offload in (True, False)], args.jobs, words)
    jobs.play()
    if jobs.failed:
        print(f"failed twice: {', '.join(jobs.failed)}; why is in NAME.failed", file=sys.stderr)
    return 1 if jobs.failed else 0


def clean(_args: argparse.Namespace) -> None:
    """Names what it removed."""
    for name in clean_all():
        print(f"removed {name}")


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
