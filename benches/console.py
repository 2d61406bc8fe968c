"""What the console costs: CPU, bytes to the terminal, the time until it shows something.

Owns: the runs of the console on the bundled capture, and of it and its peers on
a wire with fifty new connections a second. Refuses: to compare runs of
different traffic. A peer that is not installed is left out and named.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from lab import Lab
from measure import Row
from namespaces import command
from screen import Screen, Shown
from subject import Weir

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "tests" / "data" / "demo.pcap.zst"
DEMO_SECONDS = 60.0
LIVE_SECONDS = 30.0
LAB_SECONDS = 240.0
CONNECTIONS_A_SECOND = 50
SERVER, CLIENT, PORT = "198.18.0.1", "198.18.0.11", 8080
FIRST_FRAME_S = 0.1
BYTES_A_SECOND = 1000.0
# Name, arguments for an interface, a text of its first populated frame, keys that end it.
PEERS = (
    ("rustnet", ("-i", "{interface}"), b"tcp", b"qq"),
    ("bandwhich", ("-i", "{interface}"), b"198.18", b"q"),
    ("btm", (), b"CPU", b"q"),
    ("iftop", ("-i", "{interface}", "-n", "-N"), b"198.18", b"q"),
)


def console(subject: Weir) -> list[Row]:
    """All figures of the console."""
    return [*replayed(subject), *live(subject)]


def replayed(subject: Weir) -> list[Row]:
    """The bundled capture at recorded speed; once with the console, once without."""
    shown = watch(subject, ["--replay", str(DEMO), "--speed", "1"], DEMO_SECONDS)
    engine = headless(subject, DEMO_SECONDS)
    idle = watch(subject, ["--replay", str(DEMO), "--speed", "max"], 15.0, warmup_s=20.0)
    first = shown.first_text_s
    screen = 100 * (shown.measured_cpu_s - engine) / shown.seconds
    rate = shown.measured_bytes / shown.seconds
    return [
        Row("console: first populated frame", "never" if first is None else f"{first * 1000:.0f} ms",
            f"within {FIRST_FRAME_S * 1000:.0f} ms", first is not None and first <= FIRST_FRAME_S),
        Row("console: bytes a second, bundled capture", f"{rate:,.0f} B/s", f"at most {BYTES_A_SECOND:,.0f} B/s",
            rate <= BYTES_A_SECOND),
        Row("console: CPU with the engine, share of a core", f"{100 * shown.measured_cpu_s / shown.seconds:.2f} %"),
        Row("console: CPU of the screen itself", f"{screen:.2f} %", "at most 0.5 %", screen <= 0.5),
        Row("console: bytes a second when nothing changes", f"{idle.measured_bytes / idle.seconds:,.1f} B/s", "0 B/s",
            idle.measured_bytes == 0),
        Row("console: CPU when nothing changes", f"{100 * idle.measured_cpu_s / idle.seconds:.2f} %", "under 0.1 %",
            idle.measured_cpu_s / idle.seconds < 0.001),
    ]


def watch(subject: Weir, arguments: list[str], seconds: float, warmup_s: float = 0.0) -> Shown:
    """One run of the console with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        argv = [str(subject.binary), *arguments, "--database", f"{folder}/weir.db"]
        return Screen(argv).watch(b"Flows", warmup_s, seconds, b"q")


def headless(subject: Weir, seconds: float) -> float:
    """CPU seconds of the same engine on the same capture without a console."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        argv = [str(subject.binary), "--api", "--listen", "127.0.0.1:0", "--replay", str(DEMO), "--speed", "1",
                "--log-level", "info", "--database", f"{folder}/weir.db"]
        return Screen(argv).watch(b"listening", 0.0, seconds, b"").measured_cpu_s


def live(subject: Weir) -> list[Row]:
    """Fifty new connections a second on a wire, watched by the console and by each peer in turn."""
    programs = [("weir", [str(subject.binary), "--interface", "{interface}"], b"198.18", b"q")]
    rows = []
    for name, arguments, text, keys in PEERS:
        if found := shutil.which(name):
            programs.append((name, [found, *arguments], text, keys))
        else:
            rows.append(Row(f"console: {name}", "not installed"))
    for name, argv, text, keys in programs:
        with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder, Lab(LAB_SECONDS) as lab:
            # The console gives up root before it opens its database.
            Path(folder).chmod(0o777)
            talk(lab)
            words = [word.format(interface=lab.server.interface) for word in argv]
            if name == "weir":
                words += ["--database", f"{folder}/weir.db"]
            inside = ["ip", "netns", "exec", lab.server.namespace, *words]
            shown = Screen(inside).watch(text, 3.0, LIVE_SECONDS, keys)
        rate = shown.measured_bytes / shown.seconds
        cpu = 100 * shown.measured_cpu_s / shown.seconds
        seen = "never populated" if shown.first_text_s is None else f"populated in {shown.first_text_s * 1000:,.0f} ms"
        rows.append(Row(f"console: {name}, 50 connections a second", f"{rate:,.0f} B/s, {cpu:.2f} % of a core, {seen}"))
    return rows


def talk(lab: Lab) -> None:
    """Starts a server and a client that opens fifty connections a second to it."""
    for end, address in ((lab.server, SERVER), (lab.client, CLIENT)):
        command(["ip", "-n", end.namespace, "addr", "add", f"{address}/24", "dev", end.interface])
        for interface in ("lo", end.interface):
            command(["ip", "-n", end.namespace, "link", "set", interface, "up"])
    script = Path(__file__).with_name("talk.py")
    lab.start(lab.server, [sys.executable, script, "serve", SERVER, str(PORT), str(LAB_SECONDS)])
    lab.start(lab.client, [sys.executable, script, "call", SERVER, str(PORT), str(LAB_SECONDS),
                           str(CONNECTIONS_A_SECOND)])
