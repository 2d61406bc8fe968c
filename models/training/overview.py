#!/usr/bin/env python3
"""Prints what there is to train and test on, by origin and class; Markdown.

Owns: the table of sources in the model card.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from data import Capture
from settings import settings
from sources import UNKNOWN
from verdict import CLASSES


def main() -> int:
    """Prints a line an origin; the lab's runs are one line a split."""
    print(*lines(settings(__doc__).captures()), sep="\n")
    return 0


def lines(captures: list[Capture]) -> Iterator[str]:
    """The table."""
    yield "| source | licence as stated there | captures | final flows of each class |"
    yield "| --- | --- | ---: | --- |"
    groups: dict[tuple[str, str], list[Capture]] = {}
    for one in captures:
        name = f"lab, {one.source.split}" if one.source.is_lab else one.source.origin
        groups.setdefault((name, one.source.licence), []).append(one)
    for (name, licence), own in groups.items():
        flows: Counter[int] = Counter()
        for one in own:
            flows.update(one.rows.classes[one.rows.final].tolist())
        kinds = [f"{CLASSES[kind]} {flows[kind]:,}" for kind in sorted(flows) if kind != UNKNOWN]
        if flows[UNKNOWN]:
            kinds.append(f"unknown {flows[UNKNOWN]:,}")
        yield f"| {name} | {licence} | {len(own)} | {', '.join(kinds)} |"


if __name__ == "__main__":
    sys.exit(main())
