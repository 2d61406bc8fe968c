"""A stock keeper that speaks gRPC over plain HTTP/2.

Owns: where it is. Refuses: everything else; `rpc_app.py` is the program.
"""

from __future__ import annotations

from netns import HERE
from services.base import PYTHON, Making, Service

PLACE, PORT = "batch", 50051


def service(_making: Making) -> list[Service]:
    """The server in its pod."""
    return [Service(PLACE, (PYTHON, HERE / "rpc_app.py", str(PORT)), frozenset({PORT}))]
