#!/usr/bin/env python3
"""Records sibling runs of the demo, for training and for testing what was trained.

Owns: which recipes there are and their role, seeds, and the order of runs.
Refuses: the demo's own seed and plan. `README.md` beside this file lists them.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import attacks
import benign
import hard
from benign import Item, Scene
from network import Plan
from namespaces import LabError, leave_on_signals
from record import Attack, Scenario, recorded

FIRST_SEED = 3_000
RUN_SECONDS = 240
# How many idle connections to the pods an ingress keeps: many keep none.
POOLS = (0, 0, 16)


@dataclass(frozen=True)
class Recipe:
    """A kind of run. What is tested differs from what is trained on in tool or settings, not only in seed."""

    role: str
    attack: Callable[[Scene], Attack] | None = None
    extra: Callable[[Scene], Iterator[Item]] = hard.nothing
    crowd: int = 0
    attackers: int = 1
    seconds: float = 66.0
    patient: bool = False
    logins: tuple[str, ...] = ()
    pools: tuple[int, ...] = POOLS


TRAIN, TEST = (partial(Recipe, role) for role in ("train", "test"))
RECIPES = {
    "flood-wrk": TRAIN(attacks.wrk),
    "scan-syn": TRAIN(attacks.nmap_syn),
    "benign-quiet": TRAIN(),
    "benign-flash-crowd": TRAIN(extra=hard.flash_crowd, crowd=100),
    "flood-ab": TRAIN(attacks.ab),
    "flood-siege": TEST(attacks.siege),
    "scan-syn-slow": TRAIN(attacks.nmap_syn_slow),
    "scan-syn-paced": TEST(attacks.nmap_syn_paced),
    "slow-headers": TRAIN(attacks.slow_headers, seconds=86.0, patient=True),
    "brute-http": TRAIN(attacks.hydra_http),
    "benign-load-test": TRAIN(extra=hard.load_test),
    "benign-sale": TEST(extra=hard.sale, crowd=60),
    "flood-syn": TRAIN(attacks.syn),
    "flood-syn-forged": TEST(attacks.syn_forged),
    "scan-connect": TRAIN(attacks.nmap_connect),
    "scan-fin": TEST(attacks.nmap_fin),
    "slow-body": TRAIN(attacks.slow_body, seconds=86.0, patient=True),
    "slow-headers-eager": TEST(attacks.slow_headers_eager, seconds=86.0, patient=True),
    "benign-dead-backend": TRAIN(extra=hard.dead_backend),
    "benign-ingress-test": TEST(extra=hard.ingress_test, pools=(16,)),
    "flood-udp": TRAIN(attacks.udp),
    "flood-udp-one": TEST(attacks.udp_one),
    "scan-udp": TRAIN(attacks.nmap_udp),
    "brute-ssh": TRAIN(attacks.hydra_ssh, logins=("ssh",)),
    "brute-ftp": TEST(attacks.hydra_ftp, logins=("ftp",)),
    "slow-read": TRAIN(attacks.slow_read, seconds=86.0, patient=True),
    "benign-port-check": TRAIN(extra=hard.port_check),
    "benign-long-polls": TEST(extra=hard.long_polls, crowd=16),
    "flood-ab-many": TRAIN(attacks.ab_many, attackers=5),
    "flood-curls": TEST(attacks.curls),
    "scan-xmas": TRAIN(attacks.nmap_xmas),
    "scan-hping": TEST(attacks.hping_scan),
    "scan-sweep": TRAIN(attacks.sweep),
    "scan-inside": TRAIN(attacks.scan_inside),
    "scan-sweep-inside": TEST(attacks.sweep_inside),
    "slow-read-wide": TEST(attacks.slow_read_wide, seconds=86.0, patient=True),
    "brute-curl": TEST(attacks.curl_guesses),
    "benign-names": TRAIN(extra=hard.name_burst),
    "benign-backup": TRAIN(extra=hard.backup),
    "benign-quiet-other": TEST(),
    "flood-wrk-kept": TRAIN(attacks.wrk_keeping),
    "flood-ack": TRAIN(attacks.ack),
    "scan-versions": TRAIN(attacks.nmap_versions),
}


@dataclass(frozen=True)
class Run:
    """One run of a recipe; the number decides everything in it."""

    number: int

    @property
    def recipe(self) -> str:
        """Recipes take turns."""
        return list(RECIPES)[self.number % len(RECIPES)]

    @property
    def name(self) -> str:
        """The recipe, and which time it is run."""
        return f"{self.recipe}-{self.number // len(RECIPES)}"

    def scenario(self, folder: Path) -> Scenario:
        """What is to be played, with its programs' files in `folder`."""
        recipe, seed = RECIPES[self.recipe], FIRST_SEED + self.number
        rng = random.Random(seed)
        plan = Plan.drawn(seed, hard.REGULARS + recipe.crowd, (recipe.attackers,))
        scene = Scene(plan, rng, recipe.seconds, folder)
        items = [*benign.ordinary(scene, plan.clients[: hard.REGULARS]), *recipe.extra(scene)]
        attack = recipe.attack(scene) if recipe.attack else None
        about = (recipe.attack or recipe.extra).__doc__ or ""
        return Scenario(
            name=self.name, what=about, plan=plan, seconds=recipe.seconds,
            benign=tuple(sorted(items, key=lambda item: item.at_s)), attacks=(attack,) if attack else (),
            pool=rng.choice(recipe.pools), patient=recipe.patient, logins=recipe.logins, role=recipe.role,
        )


def record_all(folder: Path, runs: list[Run], jobs: int) -> list[str]:
    """Records runs, `jobs` at a time, each in a process of its own; the names of those that failed."""
    waiting, failed = list(reversed(runs)), []
    running: dict[subprocess.Popen[bytes], tuple[Run, float]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                run = waiting.pop()
                argv = [sys.executable, __file__, str(folder), "--only", str(run.number)]
                running[subprocess.Popen(argv, start_new_session=True)] = run, time.monotonic()
            for maker, (run, since) in list(running.items()):
                if maker.poll() is None and time.monotonic() - since < RUN_SECONDS:
                    continue
                # Asked, not killed: it has namespaces to remove.
                maker.terminate()
                if maker.wait(30) != 0:
                    failed.append(run.name)
                print(f"{run.name}: {'failed' if maker.returncode else 'done'}", flush=True)
                del running[maker]
            time.sleep(0.2)
    finally:
        for maker in running:
            maker.terminate()
        for maker in running:
            maker.wait(30)
    return failed


def main() -> int:
    """Writes NAME.pcap, NAME.labels.csv and NAME.json of each run to a folder."""
    parser = argparse.ArgumentParser(description="Records training and test runs; needs root.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=len(RECIPES), help="how many runs; each recipe once by default")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one run, in this process")
    args = parser.parse_args()
    leave_on_signals()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.only is None:
        missing = [run for run in map(Run, range(args.count)) if not (args.folder / f"{run.name}.pcap").exists()]
        return 1 if record_all(args.folder, missing, args.jobs) else 0
    run = Run(args.only)
    try:
        recorded(run.scenario, args.folder / f"{run.name}.pcap")
    except LabError as error:
        print(f"{run.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
