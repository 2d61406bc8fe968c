"""What a run is made of: scenario files, read and checked before anything is made.

Owns: the format of `scenarios/*.toml`, what one run is (a scenario with segmentation
offload on or off), and the registries that the files name: cases of benign traffic and
tools of attacks. Refuses: an unknown key, case, tool or setting; to run anything.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cached_property
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

from network import HERE
from namespaces import LabError
from plan import Links, Plan

SCENARIOS = HERE / "scenarios"
MOST_SECONDS = 960.0
ORIGINS = ("outside", "shared", "pod")


@dataclass(frozen=True)
class Item:
    """A program to start at a place, this long after the beginning of the run."""

    at_s: float
    place: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """What one client does in the program that plays many of them (`crowd.py`), from `at_s` on.

    `place` is a namespace, `address` one of its addresses; `steps` are done one after another, each a
    JSON object that `crowd.py` describes.
    """

    at_s: float
    place: str
    address: str
    steps: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class AttackSpec:
    """An attack as a scenario file states it."""

    # The class of its flows, one of `verdict.CLASSES`; what it does; who does it.
    label: str
    kind: str
    tool: str
    at_s: float
    most_s: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    # Where it comes from: hosts of its own outside, hosts behind addresses that benign clients share,
    # or a pod that goes on with its own work.
    origin: str = "outside"
    hosts: int = 1
    pod: str = "odd"
    quiet: bool = False
    # How many hosts outside it talks to, if it comes from a pod: they have a namespace of their own.
    far: int = 0

    @property
    def setting(self) -> str:
        """The tool and its settings, which no two splits may share."""
        words = [f"{key}={value}" for key, value in sorted(self.settings.items())]
        return " ".join([self.kind, self.tool, *words])


@dataclass(frozen=True)
class Program:
    """One program of an attack, run as the attack's own user.

    `caps` are the capabilities that it needs beyond a plain user's, as `setpriv` names them. `far` ones
    run at the hosts outside that a pod talks to. Those that `serve` start a second before the others;
    the attack is over when all others have ended.
    """

    argv: tuple[str, ...]
    caps: tuple[str, ...] = ()
    far: bool = False
    serves: bool = False


@dataclass(frozen=True)
class Hosts:
    """The addresses of an attack: where it comes from, and the hosts outside that it talks to from a pod."""

    own: tuple[str, ...]
    far: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """What is played, but for the segmentation offload."""

    name: str
    about: str
    seconds: float
    seed: int
    benign: tuple[Mapping[str, Any], ...]
    attacks: tuple[AttackSpec, ...] = ()
    people: int = 12
    services: tuple[str, ...] = ()
    links: Links = Links()
    # Idle connections to the pods that the ingress keeps, and whether it waits long for clients.
    pool: int = 0
    patient: bool = False
    # What is kept: bytes of a packet, 0 for all of them, and packets.
    snap_bytes: int = 192
    most_packets: int = 500_000

    @property
    def is_benign(self) -> bool:
        """Whether nobody attacks in it."""
        return not self.attacks


@dataclass(frozen=True)
class Run:
    """A scenario with segmentation offload on or off; everything else is the scenario's."""

    scenario: Scenario
    offload: bool

    @property
    def name(self) -> str:
        """The name of its files."""
        return f"{self.scenario.name}.{'on' if self.offload else 'off'}"


@dataclass(frozen=True)
class Scene:
    """What a case or a tool needs to know of its run to say what it would start."""

    plan: Plan
    rng: random.Random
    seconds: float
    # The run's own folder, where generators leave lists and scripts. Every user can read it.
    folder: Path

    @cached_property
    def people(self) -> tuple[str, ...]:
        """The clients outside."""
        return self.plan.clients

    def times(self, mean_s: float, start_s: float = 0.0, until_s: float | None = None) -> Iterator[float]:
        """Moments of a Poisson process, to the end of the run."""
        until_s = self.seconds - 2 if until_s is None else min(until_s, self.seconds - 2)
        at = start_s + self.rng.expovariate(1 / mean_s)
        while at < until_s:
            yield at
            at += self.rng.expovariate(1 / mean_s)

    def curl(self, at_s: float, address: str, *words: str, agent: str = "curl/7.88.1") -> Item:
        """A curl from an outside address to the ingress, whatever the host in its URL."""
        argv = ("curl", "-sk", "--max-time", "60", "--interface", address, "-A", agent,
                "--connect-to", f"::{self.plan.node}:", *words)
        return Item(at_s, "out", argv)


# A case of benign traffic: what it would start. Settings are its keyword-only parameters.
Case = Callable[..., Iterable[Item | Visit]]
# A tool of an attack: the programs it would start together. Settings are its keyword-only parameters.
Tool = Callable[..., list[Program]]

CASES: dict[str, Case] = {}
# The service that a case talks to, where not every run has it.
NEEDS: dict[str, str] = {}
TOOLS: dict[tuple[str, str], Tool] = {}
Any_ = TypeVar("Any_", bound=Callable[..., Any])


def case(name: str, needs: str = "") -> Callable[[Any_], Any_]:
    """Registers a case of benign traffic, `(scene: Scene, *, settings…) -> Iterable[Item | Visit]`, and the service
    that it needs."""

    def register(function: Any_) -> Any_:
        CASES[name] = function
        if needs:
            NEEDS[name] = needs
        return function

    return register


def tool(kind: str, name: str) -> Callable[[Any_], Any_]:
    """Registers a tool, `(scene: Scene, spec: AttackSpec, hosts: Hosts, *, settings…) -> list[Program]`."""

    def register(function: Any_) -> Any_:
        TOOLS[kind, name] = function
        return function

    return register


def read_all(folder: Path = SCENARIOS) -> dict[str, Scenario]:
    """Every scenario by its name; the generators that they name must be registered by then."""
    found: dict[str, Scenario] = {}
    for path in sorted(folder.glob("*.toml")):
        for number, table in enumerate(tomllib.loads(path.read_text()).get("scenario", []), 1):
            try:
                scenario = _scenario(table)
            except (KeyError, TypeError, ValueError) as error:
                raise LabError(f"{path.name}, scenario {number} ({table.get('name', '?')}): {error}") from None
            if scenario.name in found:
                raise LabError(f"{path.name}: there are two scenarios `{scenario.name}`")
            found[scenario.name] = scenario
    return found


def _scenario(table: dict[str, Any]) -> Scenario:
    attacks = tuple(_attack(attack) for attack in table.pop("attacks", []))
    benign = tuple(table.pop("benign"))
    for one in benign:
        settings = dict(one)
        name = settings.pop("case")
        _check_settings(CASES, name, settings)
        if name in NEEDS and NEEDS[name] not in table.get("services", ()):
            raise ValueError(f"{name} needs the service `{NEEDS[name]}`")
    links = _build(Links, table.pop("links", {}))
    scenario = _build(Scenario, table | {"attacks": attacks, "benign": benign, "links": links})
    if scenario.seconds > MOST_SECONDS:
        raise ValueError(f"{scenario.seconds:.0f} s is more than {MOST_SECONDS:.0f} s")
    if late := [one.kind for one in attacks if one.at_s + one.most_s > scenario.seconds]:
        raise ValueError(f"{late[0]} may go on after the end")
    return scenario


def _attack(table: dict[str, Any]) -> AttackSpec:
    words = dict(table)
    words["label"] = words.pop("class")
    words["origin"], _, pod = words.pop("from", "outside").partition(":")
    attack = _build(AttackSpec, words | ({"pod": pod} if pod else {}))
    if attack.origin not in ORIGINS:
        raise ValueError(f"from `{attack.origin}` is none of {', '.join(ORIGINS)}")
    _check_settings(TOOLS, (attack.kind, attack.tool), attack.settings)
    return attack


def _build(kind: type[Any], table: Mapping[str, Any]) -> Any:
    """A dataclass from a table whose every key is a field; lists become tuples."""
    known = {one.name: one for one in fields(kind)}
    if unknown := [key for key in table if key not in known]:
        raise ValueError(f"unknown key `{unknown[0]}`")
    needed = [name for name, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
    if missing := [name for name in needed if name not in table]:
        raise ValueError(f"no `{missing[0]}`")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


def _check_settings(registry: Mapping[Any, Callable[..., Any]], name: Any, settings: Mapping[str, Any]) -> None:
    if name not in registry:
        raise ValueError(f"nothing is registered as {name}")
    known = [one.name for one in signature(registry[name]).parameters.values() if one.kind is one.KEYWORD_ONLY]
    if unknown := [key for key in settings if key not in known]:
        raise ValueError(f"{name} has no setting `{unknown[0]}`; it has {', '.join(known) or 'none'}")
