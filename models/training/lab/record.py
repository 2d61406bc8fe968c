"""One run: a network, its services, what is played in it, the capture and its truth.

Owns: what a scenario becomes, the order in which things begin and end, the files that are left:
NAME.pcap, NAME.labels.csv, NAME.json and the folder NAME.logs. Refuses: to keep a capture that lost
packets or whose witnesses did, that was played late, or whose truth does not explain every packet of an attacking host.
"""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import legs
import packets
import services
import truth
import witness
from late import Starts
from netns import PREFIX, need_root
from network import Network
from namespaces import LabError
from plan import Plan
from play import Attack, Player, check
from programs import require, versions
from scenario import CASES, TOOLS, AttackSpec, Hosts, Item, Run, Scenario, Scene, Visit

SETUP_SECONDS = 120.0
SETTLE_SECONDS = 1.5
# Connections that the services close are closed on the wire by then.
CLOSING_SECONDS = 0.5
LOGS = (".log", ".out", ".error")
MOST_LOG_BYTES = 20_000_000


@dataclass(frozen=True)
class Played:
    """What a scenario becomes around a folder: who is where, and what is started."""

    plan: Plan
    items: tuple[Item, ...]
    visits: tuple[Visit, ...]
    attacks: tuple[Attack, ...]

    @classmethod
    def of(cls, scenario: Scenario, folder: Path, plan: Plan | None = None) -> Played:
        """Draws everything that the seed decides; each case and attack has draws of its own."""
        plan = plan or Plan.drawn(scenario.seed, scenario.people, scenario.attacks, scenario.links)

        def scene(what: str) -> Scene:
            return Scene(plan, random.Random(f"{scenario.seed} {what}"), scenario.seconds, folder)

        found: list[Item | Visit] = []
        for number, one in enumerate(scenario.benign):
            settings = dict(one)
            name = settings.pop("case")
            found += CASES[name](scene(f"{name} {number}"), **settings)
        return cls(
            plan,
            tuple(one for one in found if isinstance(one, Item)),
            tuple(one for one in found if isinstance(one, Visit)),
            tuple(attack(number, spec, plan, folder, scene(f"attack {number}"))
                  for number, spec in enumerate(scenario.attacks)),
        )

    def started(self) -> Counter[str]:
        """How often each program is started."""
        programs = [program.argv[0] for attack in self.attacks for program in attack.programs]
        return Counter([*(item.argv[0] for item in self.items), *programs])


def attack(number: int, spec: AttackSpec, plan: Plan, folder: Path, scene: Scene) -> Attack:
    """An attack of a scenario, with a folder that is its user's."""
    own = folder / f"attack-{number}"
    user = witness.user(number)
    own.mkdir()
    os.chown(own, user, user)
    users = Path("/etc/passwd").read_text() + f"guest{number}:x:{user}:{user}::{own}:/bin/sh\n"
    (folder / f"attack-{number}.passwd").write_text(users)
    place = spec.pod if spec.origin == "pod" else f"bad{number}"
    hosts = Hosts((plan.pod(spec.pod),) if spec.origin == "pod" else plan.attackers[number], plan.far[number])
    programs = TOOLS[spec.kind, spec.tool](scene, spec, hosts, **spec.settings)
    return Attack(number, spec, tuple(programs), place, own)


def record(run: Run, out: Path, plan: Plan | None = None) -> None:
    """Leaves the files of a run in a folder; addresses are drawn unless a plan is given."""
    need_root()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}-{os.getpid()}-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Programs of attacks run as users who own nothing here.
        folder.chmod(0o755)
        played = Played.of(run.scenario, folder, plan)
        require([*played.started(), *services.programs(run.scenario)])
        part = folder / "capture"
        starts = play(run, played, folder, part)
        labels, counts = known(run.scenario, played, folder, part)
        # An older capture under new labels would be benign from end to end.
        (out / f"{run.name}.pcap").unlink(missing_ok=True)
        keep_logs(folder, out / f"{run.name}.logs")
        truth.write(out / f"{run.name}.labels.csv", labels)
        described = describe(run, played, counts, time.monotonic() - began) | {"starts": asdict(starts)}
        (out / f"{run.name}.json").write_text(json.dumps(described, indent=1) + "\n")
        # Last, and at once: who finds it finds the others.
        shutil.move(part, out / f"{run.name}.part")
        (out / f"{run.name}.part").rename(out / f"{run.name}.pcap")


def play(run: Run, played: Played, folder: Path, part: Path) -> Starts:
    """Makes the network, plays everything in it, and leaves the capture and all logs in the folder."""
    scenario, log = run.scenario, folder / "tcpdump.log"
    with Network(played.plan, offload=run.offload, seconds=scenario.seconds + SETUP_SECONDS) as network:
        capture = network.capture(part, log, scenario.snap_bytes, scenario.most_packets)
        witnesses = [witness.watch(network, place, folder, only) for place, only in watched(played).items()]
        listening = services.serve(network, folder, scenario)
        player = Player(network, folder, scenario.seconds, played.attacks)
        vital = [
            (f"tcpdump (after {scenario.most_packets:,} packets at most)", capture),
            ("internet.py", network.relay),
            *((f"{one.args[0]} {one.args[1]} … {one.args[-1]}", one) for one in (*listening, *witnesses)),
        ]
        player.play(played.items, played.visits, vital)
        # Connections that linger close, and the services write down what they were still doing.
        time.sleep(SETTLE_SECONDS)
        check(vital)
        services.end(listening)
        time.sleep(CLOSING_SECONDS)
        finish(network, [capture])
        time.sleep(witness.FLUSH_SECONDS)
        finish(network, witnesses)
    # What a witness lost of forged senders nobody would miss: it would be benign.
    for own in (log, *(witness.log(folder, place) for place in watched(played))):
        if "\n0 packets dropped by kernel" not in (said := own.read_text()):
            raise LabError(f"{own.stem} of {run.name} is not whole: {' / '.join(said.splitlines()[-3:])}")
    if fault := player.starts.fault:
        raise LabError(f"{run.name} {fault}")
    return player.starts


def finish(network: Network, programs: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ends what writes packets down, with all it has got."""
    for program in programs:
        network.interrupt(program)
    for program in programs:
        network.wait(program, 10.0)


def watched(played: Played) -> dict[str, Sequence[str]]:
    """The places whose packets are logged at their origin; of which addresses, if not of all."""
    shared = {address for one in played.attacks if one.spec.origin == "shared"
              for address in played.plan.attackers[one.number]}
    places = [place for one in played.attacks for place in (one.place, *([one.far_place] if one.spec.far else []))]
    return dict.fromkeys(places, ()) | ({"out": sorted(shared)} if shared else {})


def sent_by(played: Played, folder: Path) -> list[witness.Sent]:
    """What left the watched places. Outside, an attack's hosts do nothing else: all of it is the attack's."""
    own = {place: one.number for one in played.attacks for place in (f"bad{one.number}", one.far_place)}
    return [one for place in watched(played) for one in witness.read(folder, place, own.get(place))]


def known(scenario: Scenario, played: Played, folder: Path, part: Path) -> tuple[truth.Truth, Counter[str]]:
    """The truth about a run, and how many packets are whose."""
    plan, labels = played.plan, [one.label for one in scenario.attacks]
    sent = sent_by(played, folder)
    for one in played.attacks:
        one.sent = sum(packet.attack == one.number for packet in sent)
        if not one.sent:
            raise LabError(f"attack {one.number} of {scenario.name} ({one.spec.setting}) sent nothing")
    found = truth.of_hosts(sent, labels)
    logs = legs.read(plan, folder)
    truth.add_legs(found, logs, legs.packed(plan.node))
    far = {legs.packed(address): one.spec.label for one in played.attacks for address in plan.far[one.number]}
    own = {address for one in played.attacks
           for address in ((plan.pod(one.place),) if one.spec.origin == "pod" else plan.attackers[one.number])}
    windows = [(one.start_s - truth.SLACK_SECONDS, one.end_s + truth.SLACK_SECONDS) for one in played.attacks]

    def lacks(key: packets.Key, at_s: float) -> bool:
        return any(start <= at_s <= end for start, end in windows) and logs.lacks(key)

    hosts = frozenset({*far, *map(legs.packed, own)})
    return found, truth.complete(found, hosts, far, packets.read(part, plan.vxlan_port), lacks)


def keep_logs(folder: Path, target: Path) -> None:
    """Keeps what programs and services said, for those who check the truth."""
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted(folder.rglob("*")):
        if path.suffix in LOGS and path.is_file() and path.stat().st_size <= MOST_LOG_BYTES:
            kept = target / path.relative_to(folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)


def describe(run: Run, played: Played, counts: Mapping[str, int], took_s: float) -> dict[str, object]:
    """What ran, for the file beside the capture."""
    scenario, plan = run.scenario, played.plan
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "scenario": scenario.name,
        "about": scenario.about,
        "offload": run.offload,
        "seed": scenario.seed,
        "seconds": scenario.seconds,
        "packets": sum(counts.values()),
        "packets_by_label": dict(sorted(counts.items())),
        "plan": asdict(plan),
        "services": scenario.services,
        "pool": scenario.pool,
        "patient": scenario.patient,
        "benign": [dict(one) for one in scenario.benign],
        "attacks": [described(one, plan) for one in played.attacks],
        "started": dict(sorted(played.started().items())),
        "visits": len(played.visits),
        "versions": versions({*played.started(), "nginx", "tcpdump", "nft"}) | {"linux": platform.release()},
        "took_s": round(took_s, 1),
        "cpu_s": round(sum(one.ru_utime + one.ru_stime for one in used), 1),
    }


def described(attack: Attack, plan: Plan) -> dict[str, object]:
    """One attack, as it was carried out."""
    spec = attack.spec
    return {
        "label": spec.label, "kind": spec.kind, "tool": spec.tool, "setting": spec.setting, "quiet": spec.quiet,
        "origin": spec.origin, "place": attack.place, "hosts": plan.attackers[attack.number] or [plan.pod(spec.pod)],
        "far": plan.far[attack.number], "at_s": spec.at_s,
        "start": round(attack.start_s, 3), "end": round(attack.end_s, 3), "sent": attack.sent,
        "programs": [" ".join(program.argv) for program in attack.programs],
        "exits": [started.returncode for _, started in attack.begun], "unfinished": attack.unfinished,
    }
