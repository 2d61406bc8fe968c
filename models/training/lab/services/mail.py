"""The shop's mail server.

Owns: where it is. Refuses: to keep or to pass on any mail.
"""

from __future__ import annotations

from services.base import PYTHON, Making, Service

PLACE, PORT = "mail", 25


def service(_making: Making) -> list[Service]:
    """aiosmtpd, which says yes to everything."""
    argv = (PYTHON, "-m", "aiosmtpd", "-n", "-l", f"0.0.0.0:{PORT}", "-c", "aiosmtpd.handlers.Sink")
    return [Service(PLACE, argv, frozenset({PORT}))]
