"""The shop's telephone: what a caller says comes back, as from the other side of a call.

Owns: where it is. Refuses: everything else; `voice_app.py` is the program.
"""

from __future__ import annotations

from netns import HERE
from services.base import PYTHON, Making, Service

PLACE, PORT = "node", 3478


def service(making: Making) -> list[Service]:
    """The media relay on the node; it listens by TCP too, where callers ask whether it is there."""
    argv = (PYTHON, HERE / "voice_app.py", making.plan.node, str(PORT))
    return [Service(PLACE, argv, frozenset({PORT}))]
