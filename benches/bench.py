#!/usr/bin/env python3
"""`make bench`: what `weir` costs, as ratios to `tcpdump` or to the backend alone in the same run.

Owns: the parts, their bounds, the exit status. `README.md` beside this file says
what each figure means; `captures`, `measure`, `live`, `detect` make them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from console import console
from detect import detect
from live import live
from measure import Pairs, Row, RunFailed, Usage, in_turn, run, spread
from namespaces import LabError, leave_on_signals
from subject import Subject, build, chosen, reference

HERE = Path(__file__).resolve().parent
CAPTURES = HERE / "captures"
CAPTURE_SECONDS = 400
MIXED_RATIO, MIXED_GOAL = 2.4, 2.0
MILLION_RATIO = 37.0
MILLION_RATE, MILLION_RATE_GOAL = 0.3e6, 0.4e6
ARRIVALS_RATIO, ARRIVALS_GOAL = 1.05, 1.02
BYTES_PER_FLOW = 1024
CAPPED_FLOWS, CAPPED_RSS = 100_000, 150_000_000
OK, FAILED, MISSED = 0, 1, 2


@dataclass(frozen=True)
class Capture:
    """A capture on disk and how much is in it."""

    path: Path
    packets: int
    flows: int
    bytes: int


def capture(name: str) -> Capture:
    """The capture of that name, made now if it is not there yet."""
    path = CAPTURES / f"{name}.pcap"
    if not path.exists():
        CAPTURES.mkdir(exist_ok=True)
        print(f"making {path.name}, once", file=sys.stderr)
        argv = [sys.executable, str(HERE / "captures.py"), name, str(path)]
        with subprocess.Popen(argv) as maker:
            try:
                maker.wait(CAPTURE_SECONDS)
            finally:
                # Asked, not killed: it has namespaces to remove.
                maker.terminate()
        if maker.returncode != 0:
            raise RunFailed(f"make the {name} capture")
    return Capture(path, **json.loads(path.with_suffix(".json").read_text()))


def mixed(subject: Subject, rounds: int) -> list[Row]:
    """CPU on real traffic of many kinds."""
    source = capture("mixed")
    pairs = in_turn(subject.replay(source.path), reference(source.path), rounds)
    mean = f"{source.packets / source.flows:.1f} packets a flow, mean frame {source.bytes / source.packets:.0f} B"
    return [
        Row("mixed: packets, flows", f"{source.packets:,}, {source.flows:,}", mean),
        Row(
            "mixed: CPU, subject / tcpdump", spread(pairs.ratios()),
            f"at most {MIXED_RATIO}, goal {MIXED_GOAL}", pairs.ratio() <= MIXED_RATIO,
        ),
        *per_packet("mixed", pairs, source.packets),
        Row("mixed: peak RSS", f"{peak(pairs.subject) / 1e6:.0f} MB"),
    ]


def million(subject: Subject, rounds: int) -> list[Row]:
    """CPU and memory when every packet is a flow of its own."""
    source, one = capture("million"), capture("one")
    pairs = in_turn(subject.replay(source.path), reference(source.path), rounds)
    empty = run(subject.replay(one.path)).peak_rss
    capped = run(subject.replay(source.path, "--max-flows", str(CAPPED_FLOWS))).peak_rss
    rates = [source.packets / usage.cpu_s for usage in pairs.subject]
    each = (peak(pairs.subject) - empty) / source.flows
    return [
        Row(
            "million: CPU, subject / tcpdump", spread(pairs.ratios()),
            f"at most {MILLION_RATIO:.0f}", pairs.ratio() <= MILLION_RATIO,
        ),
        Row(
            "million: packets a CPU-second", spread([rate / 1e6 for rate in rates], unit=" M"),
            f"at least {MILLION_RATE / 1e6} M, goal {MILLION_RATE_GOAL / 1e6} M",
            sorted(rates)[len(rates) // 2] >= MILLION_RATE,
        ),
        *per_packet("million", pairs, source.packets),
        Row("million: peak RSS a flow", f"{each:.0f} B", f"at most {BYTES_PER_FLOW} B", each <= BYTES_PER_FLOW),
        Row("million: peak RSS, and of one packet", f"{peak(pairs.subject) / 1e6:.0f} MB, {empty / 1e6:.0f} MB"),
        Row(
            f"million: peak RSS, --max-flows {CAPPED_FLOWS}", f"{capped / 1e6:.0f} MB",
            f"under {CAPPED_RSS / 1e6:.0f} MB", capped < CAPPED_RSS,
        ),
    ]


def per_packet(part: str, pairs: Pairs, packets: int) -> list[Row]:
    """The two CPU times behind a ratio, in nanoseconds a packet; they hold for this machine only."""
    return [
        Row(f"{part}: CPU a packet, {who}", spread([usage.cpu_s * 1e9 / packets for usage in usages], 0, " ns"))
        for who, usages in (("subject", pairs.subject), ("tcpdump", pairs.reference))
    ]


def peak(usages: Iterable[Usage]) -> int:
    """The highest peak of several runs, in bytes."""
    return max(usage.peak_rss for usage in usages)


def printed(argv: list[str]) -> int:
    """The number that a program prints."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip().isdigit():
        words = " ".join((done.stderr or done.stdout).strip().splitlines()[-1:])
        raise RunFailed(f"`{' '.join(argv)}` ended with {done.returncode} and printed no number: {words}")
    return int(done.stdout)


def arrivals(subject: Subject, rounds: int) -> list[Row]:
    """CPU of flows with what telling and keeping arrivals adds to them, over that of flows."""
    source = capture("mixed")
    kept = [str(build(HERE.parent, "bench", "arrivals")), str(source.path)]
    count = printed(kept)
    commands = [kept, [*kept, "--without"], subject.replay(source.path)]
    for command in commands:
        run(command)
    ratios, added = [], []
    for _ in range(rounds):
        with_them, without, flows = (run(command).cpu_s for command in commands)
        ratios.append((flows + with_them - without) / flows)
        added.append((with_them - without) * 1e9 / source.packets)
    middle = sorted(ratios)[len(ratios) // 2]
    return [
        Row("arrivals: kept of mixed", f"{count:,}"),
        Row(
            "arrivals: CPU, (flows + arrivals) / flows", spread(ratios, 3),
            f"at most {ARRIVALS_RATIO}, goal {ARRIVALS_GOAL}", middle <= ARRIVALS_RATIO,
        ),
        Row("arrivals: CPU a packet", spread(added, 0, " ns")),
    ]


PARTS: dict[str, Callable[[Subject, int], list[Row]]] = {
    "mixed": mixed,
    "million": million,
    "arrivals": arrivals,
    "detect": detect,
    "console": lambda subject, _rounds: console(subject),
    "live": lambda subject, _rounds: live(subject),
}


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--subject", help="path of a weir binary, or `tcpdump`; built by cargo by default")
    parser.add_argument("--rounds", type=int, default=7, help="measured pairs after the warm-up (default 7)")
    parser.add_argument("--shards", type=int, help="passed on to `weir flows`")
    parser.add_argument("--remake", action="store_true", help="make the captures anew")
    parser.add_argument("--check", action="store_true", help=f"exit {MISSED} when a bound is not reached")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    if given.rounds < 1:
        parser.error("at least one round is needed")
    return given


def main() -> int:
    """Runs the parts asked for; one that fails does not keep the others from running."""
    given = arguments()
    leave_on_signals()
    if given.remake:
        for old in CAPTURES.glob("*.pcap"):
            old.unlink()
    status = OK
    try:
        subject = chosen(given.subject, ["--shards", str(given.shards)] if given.shards else [], HERE.parent)
    except RunFailed as error:
        print(error, file=sys.stderr)
        return FAILED
    for name in given.parts or PARTS:
        try:
            rows = PARTS[name](subject, given.rounds)
        except (LabError, RunFailed) as error:
            print(f"{name}: FAILED: {error}", flush=True)
            status = FAILED
            continue
        print(*rows, sep="\n", flush=True)
        if given.check and status == OK and any(row.met is False for row in rows):
            status = MISSED
    return status


if __name__ == "__main__":
    sys.exit(main())
