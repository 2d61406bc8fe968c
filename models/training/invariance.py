#!/usr/bin/env python3
"""What recorded runs raise when they are rewritten, and with segmentation offload on against off; Markdown.

Owns: these comparisons. Of the same packets, later or cut, incidents must be the same; runs with offload on and off are
played one after the other and have other packets, so that it is only counted how often they agree. `rewrite` makes the
captures; `tests/verdicts.rs` has the same of the bundled demo flow by flow.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attacked
import rewrite
from attacked import Run
from detected import AS_IT_IS, Change, Detector, Incident, microseconds
from settings import settings
from split import SPLITS, TEST

LATER, WHOLE, CUT = Change("later", rewrite.later), Change("whole", rewrite.whole), Change("cut", rewrite.cut)
# So many runs are rewritten.
SAMPLE = 8
TIMES = ("first_packet", "last_packet", "detected_at", "timestamp", "resolved_at")
# What is made of times.
NAMES = ("id", "flow_ids", "related")


def main() -> int:
    """Prints all comparisons."""
    place = settings(__doc__)
    print(*lines(place.weir, place.recorded, place.work), sep="\n")
    return 0


def lines(weir: Path, recorded: Path, work: Path, splits: Sequence[str] = SPLITS) -> Iterator[str]:
    """The comparisons over runs that are recorded: rewritten ones of the test split, pairs of all."""
    runs, detector = attacked.runs(recorded, splits), Detector.of(weir, work)
    yield from rewritten(detector, sample([run for run in runs if run.split == TEST] or runs))
    yield from offload(detector, runs)


def sample(runs: Sequence[Run]) -> list[Run]:
    """A few runs, evenly over the names of all."""
    step = max(1, len(runs) // SAMPLE)
    return list(runs[::step][:SAMPLE])


def rewritten(detector: Detector, runs: Sequence[Run]) -> Iterator[str]:
    """Whether the same packets raise the same incidents."""
    yield "### The same packets, rewritten\n"
    detector.all((run.capture, change) for run in runs for change in (AS_IT_IS, LATER, WHOLE, CUT))
    yield f"| run | incidents | later | cut to {rewrite.CUT_BYTES} bytes, against whole packets |"
    yield "| --- | ---: | --- | --- |"
    for run in runs:
        here, later, whole, cut = (detector.incidents(run.capture, one) for one in (AS_IT_IS, LATER, WHOLE, CUT))
        shifted = verdict([timeless(one) for one in here], [timeless(one, rewrite.SHIFT_US) for one in later])
        shortened = verdict([one.said for one in whole], [one.said for one in cut])
        yield f"| {run.name} | {len(here)} | {shifted} | {shortened} |"
    yield ""


def timeless(incident: Incident, shift_us: int = 0) -> dict[str, Any]:
    """What an incident says, as it would be told so much earlier."""
    said = {key: value for key, value in incident.said.items() if key not in NAMES}
    return said | {key: microseconds(said[key]) - shift_us for key in TIMES if said[key] is not None}


def verdict(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> str:
    """Whether both lists are the same."""
    if one == other:
        return "the same"
    differing = [said for said in one if said not in other] + [said for said in other if said not in one]
    return "**differs**: " + ", ".join(sorted({f"{said['class']} about {said['pivot']}" for said in differing}))


def offload(detector: Detector, runs: Sequence[Run]) -> Iterator[str]:
    """How far runs with segmentation offload on and off raise the same incidents."""
    yield "### Segmentation offload on and off\n"
    by_name = {run.name: run for run in runs}
    scenarios = sorted({run.scenario for run in runs})
    pairs = [tuple(by_name.get(f"{name}.{state}") for state in ("on", "off")) for name in scenarios]
    pairs = [(on, off) for on, off in pairs if on and off]
    detector.all((run.capture, AS_IT_IS) for pair in pairs for run in pair)
    raised = [(on, *({one.name for one in detector.incidents(run.capture)} for run in (on, off))) for on, off in pairs]
    equal = sum(on == off for _, on, off in raised)
    both, either = (sum(len(how(on, off)) for _, on, off in raised) for how in (set.intersection, set.union))
    yield f"{equal} of {len(pairs)} pairs raise the same incidents by class and pivot; "
    yield f"of {either} incidents {both} are raised by both.\n"
    yield "| scenario | split | both | only with offload | only without |"
    yield "| --- | --- | ---: | --- | --- |"
    for run, on, off in raised:
        if on != off:
            yield f"| {run.scenario} | {run.split} | {len(on & off)} | {named(on - off)} | {named(off - on)} |"
    yield ""


def named(incidents: Iterable[tuple[str, str]]) -> str:
    """Incidents in words."""
    return ", ".join(f"{kind} about {pivot}" for kind, pivot in sorted(incidents)) or "none"


if __name__ == "__main__":
    sys.exit(main())
