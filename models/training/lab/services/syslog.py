"""Where everybody's log lines go.

Owns: rsyslogd's configuration. Refuses: the machine's own log sockets.
"""

from __future__ import annotations

from services.base import Making, Service

PLACE, PORT = "logs", 514
CONFIG = """
global(workDirectory="{folder}")
module(load="imudp") module(load="imtcp")
input(type="imudp" port="{port}") input(type="imtcp" port="{port}")
*.* action(type="omfile" file="{folder}/syslog.log")
"""


def service(making: Making) -> list[Service]:
    """rsyslogd by UDP and TCP."""
    path = making.folder / "rsyslog.conf"
    path.write_text(CONFIG.format(folder=making.folder, port=PORT))
    argv = ("rsyslogd", "-n", "-f", path, "-i", making.folder / "rsyslog.pid")
    return [Service(PLACE, argv, frozenset({PORT}))]
