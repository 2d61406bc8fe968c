"""One run: a network, its services, what is played in it, the capture and its truth.

Owns: the clock of a run, starting and ending what is played, the three files that
are left: NAME.pcap, NAME.labels.csv, NAME.json. Refuses: to keep a capture that
lost packets, to play longer or to keep more packets than its bounds.
"""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import truth
from benign import Item
from network import MOST_PACKETS, Network, Plan
from namespaces import LabError, kill_group, words
from services import LOGINS, require, serve

TICK_SECONDS = 0.02
SETUP_SECONDS = 60.0
MOST_SECONDS = 180.0
SETTLE_SECONDS = 1.5
PACKAGES = {
    "ab": "apache2-utils", "curl": "curl", "dig": "bind9-dnsutils", "dnsmasq": "dnsmasq-base", "hping3": "hping3",
    "hydra": "hydra", "nginx": "nginx-light", "nmap": "nmap", "ping": "iputils-ping", "siege": "siege",
    "slowhttptest": "slowhttptest", "sshd": "openssh-server", "tcpdump": "tcpdump", "vsftpd": "vsftpd", "wrk": "wrk",
}


@dataclass(frozen=True)
class Attack:
    """Programs of the attackers at one place, started together and ended after a time."""

    label: str
    at_s: float
    most_s: float
    programs: tuple[tuple[str, ...], ...]
    place: str = "bad0"
    forged_port: int | None = None


@dataclass(frozen=True)
class Scenario:
    """All there is to know about a run before it begins."""

    name: str
    what: str
    plan: Plan
    seconds: float
    benign: tuple[Item, ...]
    attacks: tuple[Attack, ...] = ()
    pool: int = 0
    patient: bool = False
    logins: tuple[str, ...] = ()
    role: str = "demo"

    def programs(self) -> Counter[str]:
        """How often each program is started."""
        return Counter(
            [item.argv[0] for item in self.benign] + [argv[0] for attack in self.attacks for argv in attack.programs]
        )


class Player:
    """Plays the items and attacks of a scenario at their times."""

    def __init__(self, network: Network, scenario: Scenario, folder: Path) -> None:
        self._network, self._scenario, self._folder = network, scenario, folder
        self._clients: list[subprocess.Popen[bytes]] = []
        self._running: dict[Attack, tuple[float, list[subprocess.Popen[bytes]]]] = {}
        self.windows: list[truth.Window] = []

    def play(self, vital: Sequence[subprocess.Popen[bytes]]) -> None:
        """Returns when the time of the scenario is over and everything started for it has ended.

        What is vital must not end before.
        """
        begun = time.monotonic()
        items, attacks = list(reversed(self._scenario.benign)), list(self._scenario.attacks)
        while (now := time.monotonic() - begun) < self._scenario.seconds:
            while items and items[-1].at_s <= now:
                item = items.pop()
                self._clients.append(self._start(item.place, item.argv))
            for attack in [attack for attack in attacks if attack.at_s <= now]:
                attacks.remove(attack)
                self._begin(attack)
            self._end_attacks(now)
            if ended := [words(program) for program in vital if program.poll() is not None]:
                raise LabError(f"`{ended[0]}` ended early; tcpdump does after {MOST_PACKETS:,} packets")
            self._clients = [client for client in self._clients if client.poll() is None]
            time.sleep(TICK_SECONDS)
        self._end_attacks(float("inf"))
        for client in self._clients:
            kill_group(client)

    def _begin(self, attack: Attack) -> None:
        started = time.time()
        self._running[attack] = started, [self._start(attack.place, argv) for argv in attack.programs]

    def _start(self, place: str, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        # In the run's own folder: some tools leave files where they are.
        return self._network.start(self._network.end(place), argv, folder=self._folder)

    def _end_attacks(self, now: float) -> None:
        """Notes the attacks that are over, and ends those that have had their time."""
        for attack, (started, programs) in list(self._running.items()):
            alive = [program for program in programs if program.poll() is None]
            if alive and now < attack.at_s + attack.most_s:
                continue
            for program in alive:
                with suppress(ProcessLookupError):
                    program.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    program.wait(timeout=1)
                kill_group(program)
            del self._running[attack]
            self.windows.append(truth.Window(
                attack.label, self._scenario.plan.attackers_at(attack.place), started, time.time(),
                forged_port=attack.forged_port,
            ))


def record(scenario: Scenario, path: Path, folder: Path) -> None:
    """Makes the three files of a run; `folder` is where its programs keep theirs."""
    require([*scenario.programs(), *(LOGINS[name] for name in scenario.logins)])
    if scenario.seconds > MOST_SECONDS:
        raise LabError(f"{scenario.name} would take {scenario.seconds:.0f} s, {MOST_SECONDS:.0f} s is the most")
    part, log = path.with_suffix(".part"), folder / "tcpdump.log"
    try:
        with Network(scenario.plan, scenario.seconds + SETUP_SECONDS) as network:
            services = serve(
                network, folder, pool=scenario.pool, patient=scenario.patient, logins=scenario.logins
            )
            capture = network.capture(part, log)
            player = Player(network, scenario, folder)
            player.play([capture, network.relay, *services])
            # Connections that linger close, and the capture empties its ring.
            time.sleep(SETTLE_SECONDS)
            network.interrupt(capture)
            network.wait(capture, 10.0)
        said = log.read_text()
        if "\n0 packets dropped by kernel" not in said:
            raise LabError(f"the capture of {scenario.name} is not whole: {' / '.join(said.splitlines()[-3:])}")
        truth.write(path.with_suffix(".labels.csv"), truth.lines(scenario.plan, player.windows, folder))
        path.with_suffix(".json").write_text(json.dumps(described(scenario, player.windows), indent=1) + "\n")
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def described(scenario: Scenario, windows: Sequence[truth.Window]) -> dict[str, object]:
    """What ran, for the file beside the capture."""
    programs = scenario.programs()
    return {
        "name": scenario.name,
        "what": scenario.what,
        "role": scenario.role,
        "plan": asdict(scenario.plan),
        "seconds": scenario.seconds,
        "pool": scenario.pool,
        "attacks": [
            {
                "label": attack.label, "place": attack.place, "at_s": attack.at_s,
                "programs": [" ".join(argv) for argv in attack.programs],
            }
            for attack in scenario.attacks
        ],
        "windows": [asdict(window) for window in windows],
        "started": dict(sorted(programs.items())),
        "versions": {name: version(PACKAGES[name]) for name in sorted({*programs, "nginx", "tcpdump"} & {*PACKAGES})},
    }


def version(package: str) -> str:
    """The version of a Debian package; elsewhere nobody knows."""
    with suppress(FileNotFoundError):
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout
    return "unknown"


def recorded(make: Callable[[Path], Scenario], path: Path) -> None:
    """Records the scenario that `make` builds around a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="weir-lab-") as name:
        record(make(Path(name)), path, Path(name))
