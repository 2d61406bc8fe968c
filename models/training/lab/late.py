"""Whether a run was played at its time.

Owns: what counts as late, and how much of it a run may have. On a machine with too little time for all that it
plays, less is said in the same seconds, and the capture is another than that of the same seed. Refuses: to measure
how fast anybody answers, which is what links and services are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# The clock of a run looks up four times a second, and a busy machine takes its time to start a program.
LATE_SECONDS = 1.0
MOST_SHARE = 0.01
# One that is late is no sign of anything.
SPARE = 1


@dataclass
class Starts:
    """How punctually programs and visits were begun."""

    due: int = 0
    begun: int = 0
    late: int = 0
    latest_ms: int = 0

    def begin(self, late_s: float) -> None:
        """One more is begun, that long after its time."""
        self.begun += 1
        self.late += late_s > LATE_SECONDS
        self.latest_ms = max(self.latest_ms, round(late_s * 1000))

    def add(self, due: int, counts: Mapping[str, int]) -> None:
        """What another process began, as `crowd.py` tells it: nothing where it could tell nothing."""
        self.due += due
        self.begun += counts.get("visits", 0)
        self.late += counts.get("late", 0)
        self.latest_ms = max(self.latest_ms, counts.get("latest_ms", 0))

    @property
    def fault(self) -> str | None:
        """Why the run is not what its seed says, if it is not."""
        left = max(0, self.due - self.begun)
        if self.late + left <= max(SPARE, MOST_SHARE * self.due):
            return None
        return (f"was played late: of {self.due} programs and visits {self.late} began more than {LATE_SECONDS} s"
                f" after their time ({self.latest_ms / 1000:.1f} s at most), {left} not at all; play fewer at once")
