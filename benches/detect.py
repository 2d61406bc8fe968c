"""Detection's own cost: what `weir detect` adds to `weir flows`, beside the backend alone.

Owns: which four commands run in turn on the bundled capture, and the ratio of
their differences. `backend.rs` beside this file is the backend alone.
Refuses: a subject that is no `weir`, and sequences too few to measure.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from measure import Row, RunFailed, run, spread
from subject import Subject, Weir, build

ROOT = Path(__file__).resolve().parent.parent
CAPTURE = ROOT / "tests" / "data" / "demo.pcap.zst"
RATIO = 1.25


def detect(subject: Subject, rounds: int) -> list[Row]:
    """CPU of `detect` less that of `flows`, over that of the backend on the same sequences."""
    if not isinstance(subject, Weir):
        raise RunFailed("measure detection: the subject must be a weir")
    bare = [str(build(ROOT, "bench", "backend")), str(CAPTURE)]
    if library := os.environ.get("ORT_DYLIB_PATH"):
        bare += ["--ort-lib", library]
    commands = [subject.detect(CAPTURE), subject.replay(CAPTURE), bare, [*bare, "--without"]]
    sequences = int(subprocess.run(bare, capture_output=True, check=True).stdout)
    for command in commands:
        run(command)
    ratios, own, backend = [], [], []
    for _ in range(rounds):
        detecting, flows, with_graph, without = (run(command).cpu_s for command in commands)
        if with_graph <= without:
            raise RunFailed("measure detection: the backend's own cost is lost in the noise")
        own.append((detecting - flows) * 1e6 / sequences)
        backend.append((with_graph - without) * 1e6 / sequences)
        ratios.append(own[-1] / backend[-1])
    middle = sorted(ratios)[len(ratios) // 2]
    which = "onnxruntime" if library else "tract"
    return [
        Row("detect: sequences, backend", f"{sequences:,}, {which}"),
        Row("detect: CPU, (detect - flows) / backend", spread(ratios), f"at most {RATIO}", middle <= RATIO),
        Row("detect: CPU a sequence, detect - flows", spread(own, 1, " µs")),
        Row("detect: CPU a sequence, backend alone", spread(backend, 1, " µs")),
    ]
