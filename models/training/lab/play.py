"""The clock of a run: starts what is played at its time, and ends it.

Owns: programs of benign traffic, `crowd.py` for the visits of a place, the programs of attacks under
users of their own. Refuses: to play longer than the scenario says, to go on when what all rests on ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from late import LATE_SECONDS, Starts
from netns import HERE, PYTHON, instead
from network import Network
from namespaces import LabError, kill_group
from scenario import AttackSpec, Item, Program, Visit
from witness import user

# No program is looked after more often; what is due is started on time.
TICK_SECONDS = 0.25
SERVING_SECONDS = 3.0
CROWD_START_SECONDS = 4.0
NICE = 10
# Programs that all rests on, as errors name them: several of them begin with the same words.
Vital = Sequence[tuple[str, subprocess.Popen[bytes]]]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def check(vital: Vital) -> None:
    """Refuses to go on when something that all rests on has ended."""
    if ended := [name for name, program in vital if program.poll() is not None]:
        raise LabError(f"{ended[0]} ended early")


def told(out: Path) -> Mapping[str, int]:
    """What a crowd counted, a line of JSON; nothing where it was ended before it could say so."""
    for line in reversed(out.read_text(errors="replace").splitlines()):
        with suppress(ValueError):
            if isinstance(counts := json.loads(line), dict):
                return counts
    return {}


@dataclass
class Attack:
    """An attack that is to be carried out, and what became of it."""

    number: int
    spec: AttackSpec
    programs: tuple[Program, ...]
    place: str
    folder: Path
    start_s: float = 0.0
    end_s: float = 0.0
    # Packets, by the witness at its origin.
    sent: int = 0
    begun: list[tuple[Program, subprocess.Popen[bytes]]] = field(default_factory=list)
    # What of it does not serve and had to be ended all the same.
    cut: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # Whether those of its programs that serve were started, and whether all of it is over.
    serving: bool = False
    over: bool = False

    @property
    def far_place(self) -> str:
        """Where its `far` programs run."""
        return f"far{self.number}"

    @property
    def user(self) -> int:
        """The user that its programs run as."""
        return user(self.number)

    @property
    def unfinished(self) -> list[str]:
        """Its programs that did less than they were told, as far as they say: cut short, or with an exit status."""
        return [
            f"{' '.join(Path(word).name for word in program.argv[:2])}: "
            f"{'had to be ended' if started in self.cut else f'ended with {started.returncode}'}"
            for program, started in self.begun if not program.serves and (started in self.cut or started.returncode)
        ]


class Player:
    """Plays everything that a run is made of."""

    def __init__(self, network: Network, folder: Path, seconds: float, attacks: Sequence[Attack]) -> None:
        self._network, self._folder, self._seconds = network, folder, seconds
        self._attacks = attacks
        self._crowds: dict[str, subprocess.Popen[bytes]] = {}
        self._clients: list[subprocess.Popen[bytes]] = []
        # How many visits are due at each place long enough before the end.
        self._visits: Counter[str] = Counter()
        self.starts = Starts()

    def play(self, items: Iterable[Item], visits: Iterable[Visit], vital: Vital) -> None:
        """Returns when the time is over and everything started for it has ended; what is vital must not end before."""
        begun = time.monotonic() + CROWD_START_SECONDS
        self._start_crowds(visits, begun)
        waiting = sorted(items, key=lambda item: item.at_s, reverse=True)
        self.starts.due += len(self._attacks) + sum(self._is_due(item.at_s) for item in waiting)
        checked = 0.0
        while (now := time.monotonic() - begun) < self._seconds:
            while waiting and waiting[-1].at_s <= now:
                item = waiting.pop()
                self.starts.begin(time.monotonic() - begun - item.at_s)
                self._clients.append(self._network.start(self._network.end(item.place), item.argv, folder=self._folder))
            for attack in self._attacks:
                self._step(attack, now)
            if now - checked >= TICK_SECONDS:
                checked = now
                self._check(vital)
            due = min(waiting[-1].at_s if waiting else self._seconds, self._seconds)
            time.sleep(max(0.001, min(TICK_SECONDS, due - now)))
        self._end()

    def _is_due(self, at_s: float) -> bool:
        return at_s < self._seconds - LATE_SECONDS

    def _start_crowds(self, visits: Iterable[Visit], begun: float) -> None:
        scripts: dict[str, list[Visit]] = defaultdict(list)
        for visit in sorted(visits, key=lambda visit: visit.at_s):
            scripts[visit.place].append(visit)
            self._visits[visit.place] += self._is_due(visit.at_s)
        for place, own in scripts.items():
            script = self._folder / f"crowd-{place}.json"
            script.write_text(json.dumps(
                [{"at_s": one.at_s, "address": one.address, "steps": one.steps} for one in own]
            ))
            with (self._folder / f"crowd-{place}.out").open("wb") as out:
                self._crowds[place] = self._network.start(
                    self._network.end(place), [PYTHON, HERE / "crowd.py", script, f"{begun:.6f}"],
                    stdout=out, stderr=out, folder=self._folder,
                )

    def _check(self, vital: Vital) -> None:
        check(vital)
        if failed := [place for place, crowd in self._crowds.items() if crowd.poll()]:
            said = (self._folder / f"crowd-{failed[0]}.out").read_text(errors="replace")
            status = self._crowds[failed[0]].returncode
            raise LabError(f"crowd.py ended with {status} at {failed[0]}: {said.strip()[-400:] or 'it said nothing'}")
        self._clients = [client for client in self._clients if client.poll() is None]
        self._network.forget_ended()

    def _end(self) -> None:
        """Ends what still goes on; of the crowds in good order, so that they count what they did."""
        for attack in self._attacks:
            if not attack.over:
                self._end_attack(attack)
        for crowd in self._crowds.values():
            if crowd.poll() is None:
                crowd.terminate()
        for client in self._clients:
            kill_group(client)
        for place, crowd in self._crowds.items():
            with suppress(subprocess.TimeoutExpired):
                crowd.wait(timeout=3)
            kill_group(crowd)
            self.starts.add(self._visits[place], told(self._folder / f"crowd-{place}.out"))

    def _step(self, attack: Attack, now: float) -> None:
        """Begins an attack when it is time, and ends it when its programs are done or have had their time."""
        spec = attack.spec
        if attack.over or now < spec.at_s - SERVING_SECONDS:
            return
        if not attack.serving:
            attack.serving, attack.start_s = True, time.time()
            self._begin(attack, serves=True)
        if now < spec.at_s:
            return
        if all(program.serves for program, _ in attack.begun):
            self.starts.begin(now - spec.at_s)
            self._begin(attack, serves=False)
        alive = any(started.poll() is None for program, started in attack.begun if not program.serves)
        if not alive or now > spec.at_s + spec.most_s:
            self._end_attack(attack)

    def _begin(self, attack: Attack, serves: bool) -> None:
        for program in attack.programs:
            if program.serves == serves:
                attack.begun.append((program, self._start(attack, program)))

    def _start(self, attack: Attack, program: Program) -> subprocess.Popen[bytes]:
        caps = ",".join(["-all", *(f"+{name}" for name in program.caps)])
        user = [f"--reuid={attack.user}", f"--regid={attack.user}", "--clear-groups"]
        # Some programs refuse to run as a user whom nobody knows: these see a list of users with theirs.
        argv = [*instead(f"{attack.folder}.passwd", "/etc/passwd"),
                "setpriv", *user, f"--inh-caps={caps}", f"--ambient-caps={caps}", *program.argv]
        env = {"PATH": PATH, "HOME": str(attack.folder), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
        if program.caps:
            env["NMAP_PRIVILEGED"] = "1"
        place = attack.far_place if program.far else attack.place
        with (attack.folder / f"{len(attack.begun)}.out").open("wb") as out:
            started = self._network.start(
                self._network.end(place), argv, stdout=out, stderr=out, folder=attack.folder, env=env,
            )
        # Some turn round and round while they wait: who answers, and other runs, come first.
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, started.pid, NICE)
        return started

    def _end_attack(self, attack: Attack) -> None:
        attack.cut += [started for program, started in attack.begun if not program.serves and started.poll() is None]
        for sign in (signal.SIGINT, signal.SIGTERM):
            alive = [started for _, started in attack.begun if started.poll() is None]
            for started in alive:
                with suppress(ProcessLookupError):
                    os.killpg(started.pid, sign)
            until = time.monotonic() + 1.0
            for started in alive:
                with suppress(subprocess.TimeoutExpired):
                    started.wait(timeout=max(0.0, until - time.monotonic()))
        for _, started in attack.begun:
            kill_group(started)
        places = [attack.place, *([attack.far_place] if attack.spec.far else [])]
        self._network.kill_user(places, attack.user)
        attack.over, attack.end_s = True, time.time()
