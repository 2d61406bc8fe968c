"""Flows of the corrected CIC-IDS2017: the file, its split by time, and what went before each flow.

Owns: which columns are features, which rows are learnt from, which flows a flow may look back at. Refuses: addresses,
ports, times of day and labels as features; rows that are judged in the past of those learnt from.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv as csv

from verdict import SEQUENCE_LENGTH

NAME = Path("flows") / "cicids2017_improved_sample.csv.zst"
# Of these columns none says what a flow is like, only which one it is, when it was and what it is called.
NO_FEATURES = frozenset({
    "id", "Flow ID", "Src IP", "Src Port", "Dst IP", "Dst Port", "Timestamp", "Label", "Attempted Category",
})
HISTORY = SEQUENCE_LENGTH - 1
NO_STEP = -1
SECOND = 1_000_000
WINDOWS_S = (10, 60, 300)
LEARNT = 0.7

SERVICE, TARGET, SOURCE = "service", "target", "source"
SCOPES = (SERVICE, TARGET, SOURCE)


@dataclass(frozen=True)
class Flows:
    """Flows in the order in which they ended, as a sensor would have told of them."""

    names: list[str]
    # [flows, columns]: what each flow is like.
    columns: np.ndarray
    # Of each scope the number of the context that a flow is in.
    contexts: dict[str, np.ndarray]
    ports: np.ndarray
    start_us: np.ndarray
    end_us: np.ndarray
    classes: np.ndarray
    labels: list[str]

    def __len__(self) -> int:
        return len(self.classes)

    def first(self, rows: np.ndarray, share: float) -> np.ndarray:
        """Of each class of these rows the first share by the time they began."""
        chosen = np.zeros(len(self), bool)
        for kind in np.unique(self.classes[rows]):
            own = np.flatnonzero(rows & (self.classes == kind))
            own = own[np.argsort(self.start_us[own], kind="stable")]
            chosen[own[: int(len(own) * share)]] = True
        return chosen


def read(path: Path) -> Flows:
    """The file."""
    table = csv.read_csv(pyarrow.input_stream(str(path), compression="zstd"))
    start_us = table["Timestamp"].cast("int64").to_numpy() // 1000
    end_us = start_us + table["Flow Duration"].to_numpy()
    order = np.argsort(end_us, kind="stable")
    text = {name: np.array(table[name].to_pylist()) for name in ("Src IP", "Dst IP", "Label")}
    ports, protocol = table["Dst Port"].to_numpy()[order], table["Protocol"].to_numpy()[order]
    _, source = np.unique(text["Src IP"][order], return_inverse=True)
    _, target = np.unique(text["Dst IP"][order], return_inverse=True)
    _, service = np.unique(np.stack([source, target, ports, protocol], axis=1), axis=0, return_inverse=True)
    labels, classes = np.unique(text["Label"][order], return_inverse=True)
    names = [name for name in table.column_names if name not in NO_FEATURES]
    return Flows(
        names=names,
        columns=np.stack([table[name].to_numpy()[order].astype(np.float64) for name in names], axis=1),
        contexts={SERVICE: service, TARGET: target, SOURCE: source},
        ports=ports, start_us=start_us[order], end_us=end_us[order], classes=classes, labels=labels.tolist(),
    )


def past(flows: Flows, scope: str, pool: np.ndarray) -> np.ndarray:
    """Of every flow of the pool itself and the nine of its context that ended last before it, [flows, steps]."""
    found = np.full((len(flows), SEQUENCE_LENGTH), NO_STEP, np.int64)
    recent: dict[int, deque[int]] = {}
    for at in np.flatnonzero(pool):
        own = recent.setdefault(int(flows.contexts[scope][at]), deque(maxlen=HISTORY))
        found[at, HISTORY - len(own) : HISTORY] = own
        found[at, HISTORY] = at
        own.append(at)
    return found


def gaps(flows: Flows, steps: np.ndarray) -> np.ndarray:
    """ln(1 + s) from the end of the flow before to the end of each; 0 where there is none."""
    before = steps[:, HISTORY - 1]
    since = np.where(before == NO_STEP, 0, flows.end_us - flows.end_us[before]) / SECOND
    return np.log1p(since)[:, np.newaxis]


def counts(flows: Flows, pool: np.ndarray) -> np.ndarray:
    """ln(1 + n) of flows that had begun shortly before each flow of the pool: of its source, its target and both."""
    pair = flows.contexts[SOURCE] * (flows.contexts[TARGET].max() + 1) + flows.contexts[TARGET]
    rows = np.flatnonzero(pool)
    rows = rows[np.argsort(flows.start_us[rows], kind="stable")]
    views: list[tuple[np.ndarray, Sequence[np.ndarray]]] = [
        (flows.contexts[SOURCE], (flows.contexts[TARGET], flows.ports)),
        (flows.contexts[TARGET], (flows.contexts[SOURCE], flows.ports)),
        (pair, (flows.ports,)),
    ]
    columns = []
    for key, others in views:
        for window in WINDOWS_S:
            columns.append(_window(flows, rows, key, others, window * SECOND))
    return np.log1p(np.concatenate(columns, axis=1))


def _window(flows: Flows, rows: np.ndarray, key: np.ndarray, others: Sequence[np.ndarray], reach_us: int) -> np.ndarray:
    """Flows of the same key in the window, and how many different others they have."""
    found = np.zeros((len(flows), 1 + len(others)))
    open_rows: dict[int, deque[int]] = {}
    seen: dict[int, list[Counter[int]]] = {}
    for at in rows:
        own = int(key[at])
        queue = open_rows.setdefault(own, deque())
        tallies = seen.setdefault(own, [Counter() for _ in others])
        while queue and flows.start_us[queue[0]] < flows.start_us[at] - reach_us:
            gone = queue.popleft()
            for tally, other in zip(tallies, others, strict=True):
                tally[int(other[gone])] -= 1
                if not tally[int(other[gone])]:
                    del tally[int(other[gone])]
        queue.append(at)
        for tally, other in zip(tallies, others, strict=True):
            tally[int(other[at])] += 1
        found[at] = [len(queue), *map(len, tallies)]
    return found
