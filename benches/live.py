"""The live figure: trafgen at one end of the lab, the subject at the other.

Owns: the pace of the sender and the count of every frame on its way. Refuses:
to take the subject's word alone; sent, received and counted must agree.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab import Lab
from measure import Row, RunFailed, Usage, reap
from namespaces import End, LabError
from subject import Subject, reported

RATE = 300_000
SECONDS = 5
TRIES = 3
LAB_SECONDS = 90.0
SETTLE_SECONDS = 1.5

# 16 addresses and 625 ports have no common factor: their walk meets all 10,000 pairs.
# Nobody answers: the frames are for another card, as on a mirror port.
FRAME = (
    "{ eth(da=02:00:00:00:99:02, sa=02:00:00:00:99:01),"
    " ipv4(sa=dinc(0xc6120001, 0xc6120010), da=198.19.0.1, ttl=64),"
    " udp(sp=dinc(20000, 20624), dp=9), fill(0x41, 22) }\n"
)


@dataclass(frozen=True)
class Shown:
    """What one live run counted, frame by frame, and cost."""

    seconds: float
    sent: int
    received: int
    interface_drops: int
    counted: int | None
    reported: dict[str, int]
    usage: Usage


def live(subject: Subject) -> list[Row]:
    """Runs the sender and the subject and compares every counter.

    A sender that fell behind says nothing about the subject: then all is run again.
    """
    for _ in range(TRIES):
        shown = observe(subject)
        rate = shown.sent / shown.seconds
        if rate >= RATE:
            break
    drops = [value for name, value in shown.reported.items() if "drop" in name]
    dropped = sum(drops) if drops else None
    words = ", ".join(f"{name} {value:,}" for name, value in shown.reported.items()) or "nothing"
    cpu = 100 * shown.usage.cpu_s / shown.seconds
    return [
        Row("live: sent, frames a second", f"{rate:,.0f}", f"at least {RATE:,}", rate >= RATE),
        Row("live: sent, frames of 64 B", f"{shown.sent:,}", f"{RATE * SECONDS:,}", shown.sent == RATE * SECONDS),
        Row("live: received by the interface", f"{shown.received:,}", "all sent", shown.received == shown.sent),
        Row("live: dropped by the interfaces", f"{shown.interface_drops:,}", "0", shown.interface_drops == 0),
        Row("live: counted in flows", number(shown.counted), "all sent", shown.counted == shown.sent),
        Row("live: dropped, as the subject says", number(dropped), "0", dropped == 0),
        Row("live: the subject's own counters", words),
        Row("live: CPU of the subject, share of one core", f"{cpu:.0f} %"),
    ]


def number(value: int | None) -> str:
    """A count, or that there is none."""
    return "unknown" if value is None else f"{value:,}"


def observe(subject: Subject) -> Shown:
    """One live run."""
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as name, Lab(LAB_SECONDS) as lab:
        folder = Path(name)
        # The subject may have given up root by the time it writes.
        folder.chmod(0o777)
        silence(lab)
        out, log = folder / "flows.csv", folder / "subject.log"
        before_tx, before_rx = lab.counters(lab.client), lab.counters(lab.server)
        with log.open("wb") as stderr:
            program = lab.start(lab.server, subject.live(lab.server.interface, out), stderr=stderr)
        await_socket(lab, lab.server, log)
        seconds = send(lab, folder / "frame.cfg")
        # What still lies in the ring when the last frame was sent is read first.
        time.sleep(SETTLE_SECONDS)
        lab.interrupt(program)
        usage = reap(program, 20.0)
        words = log.read_text(errors="replace")
        if program.returncode != 0:
            raise RunFailed(f"the live subject ended with {program.returncode}: {words.strip()[-300:]}")
        tx, rx, counters = lab.counters(lab.client), lab.counters(lab.server), reported(words)
        return Shown(
            seconds, tx.sent - before_tx.sent, rx.received - before_rx.received,
            tx.dropped + rx.dropped - before_tx.dropped - before_rx.dropped,
            subject.counted(out, counters), counters, usage,
        )


def silence(lab: Lab) -> None:
    """Brings the wire up with nothing on it: no ARP, no IPv6, no addresses."""
    for end in (lab.client, lab.server):
        lab.run(end, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        lab.run(end, "ip", "link", "set", end.interface, "arp", "off", "up")


def await_socket(lab: Lab, end: End, log: Path) -> None:
    """Returns once somebody at `end` holds a packet socket, whatever the program."""
    for _ in range(100):
        if len(lab.read(end, "/proc/net/packet").splitlines()) > 1:
            # The ring is mapped and bound right after the socket appears.
            time.sleep(0.5)
            return
        time.sleep(0.05)
    raise LabError(f"the subject opened no capture: {log.read_text(errors='replace').strip()[-300:]}")


def send(lab: Lab, config: Path) -> float:
    """Sends every frame, one burst a second; returns how long it took in seconds.

    trafgen's own rate limit leaves its ring for a system call a frame and does
    not reach the rate; bursts at full speed, started by the clock, do. They run
    at a raised priority: the instrument must not lag on a busy machine.
    """
    if not shutil.which("trafgen"):
        raise LabError("`trafgen` is not installed")
    config.write_text(FRAME)
    trafgen = ["trafgen", "--no-sock-mem", "-Q", "-P", "1", "-n", str(RATE), "-o", lab.client.interface, "-i", config]
    start = time.monotonic()
    for second in range(SECONDS):
        # A burst that came late does not delay the next: the mean rate holds.
        time.sleep(max(0.0, start + second - time.monotonic()))
        burst = lab.start(lab.client, ["nice", "-n", "-10", *map(str, trafgen)])
        if lab.wait(burst, 10.0) != 0:
            raise LabError("trafgen failed to send")
    return max(time.monotonic() - start, float(SECONDS))
