"""Plays many clients of one place in one process: `crowd.py SCRIPT BEGUN`.

Owns: when visits begin, and how many of them late. SCRIPT is a JSON list of visits, `{"at_s", "address", "steps"}`;
BEGUN is second 0 by the monotonic clock; `crowd_plain`, `crowd_http` and `crowd_rpc` say what steps there are, by `do`.
Refuses: to decide anything: every size, pause and target is in the script. It ends when its visits are over, says on
standard output what was done and what failed, and fails itself only where a script is wrong: that a server is away is
life.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from crowd_plain import STEPS, Act, Step, Visit
from late import Starts


async def http(visit: Visit, step: Step) -> None:
    """Requests; imported when there are any, since that takes longer than the rest."""
    import crowd_http

    await crowd_http.requests(visit, step)


async def ws(visit: Visit, step: Step) -> None:
    """A WebSocket."""
    import crowd_http

    await crowd_http.socket(visit, step)


async def rpc(visit: Visit, step: Step) -> None:
    """Calls of gRPC."""
    import crowd_rpc

    await crowd_rpc.calls(visit, step)


KINDS: dict[str, Act] = STEPS | {"http": http, "ws": ws, "rpc": rpc}


def prepare(visits: list[dict[str, Any]]) -> None:
    """Imports what the steps need: at the first of them it would hold up all others."""
    kinds = {step["do"] for words in visits for step in words["steps"]}
    if kinds & {"http", "ws"}:
        import crowd_http  # noqa: F401
    if "rpc" in kinds:
        import crowd_rpc  # noqa: F401


async def main(visits: list[dict[str, Any]], begun: float) -> Counter[str]:
    """Plays every visit at its time."""
    loop, tally, starts = asyncio.get_running_loop(), Counter[str](), Starts()
    everything = asyncio.current_task()
    assert everything
    loop.add_signal_handler(signal.SIGTERM, everything.cancel)

    async def one(words: dict[str, Any]) -> None:
        due = begun + words["at_s"]
        await asyncio.sleep(max(0.0, due - loop.time()))
        starts.begin(loop.time() - due)
        await Visit(words["address"], tally, KINDS).play(words["steps"])

    with suppress(asyncio.CancelledError):
        async with asyncio.TaskGroup() as group:
            for words in visits:
                group.create_task(one(words))
    return tally + Counter(visits=starts.begun, late=starts.late, latest_ms=starts.latest_ms)


if __name__ == "__main__":
    script = json.loads(Path(sys.argv[1]).read_text())
    prepare(script)
    print(json.dumps(asyncio.run(main(script, float(sys.argv[2])))))
