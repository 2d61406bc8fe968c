"""What programs and services say themselves about whose a flow was: not the kernel's logs that the truth is made of.

Owns: reading the logs of nginx, sshd and vsftpd, what tools print of each connection or packet, what Redis says of
its clients, and which addresses only an attack has. Refuses: to use the truth, or to decide where a source is silent.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from legs import packed, rows
from packets import ICMP, TCP, UDP, Key, canonical
from plan import PODS_AWAY, PODS_HERE, SILENT

BENIGN = "benign"
# Tools that say in a request who they are.
TOOLS = re.compile(
    r"h2load|Siege|gobuster|Fuzz Faster|Wfuzz|sqlmap|Hydra|Ming Mong|Ncrack|Shiretoko|MSIE 6\.0; Windows NT 5\.1"
)
# What people and attackers both use: it says nothing where both have the same address.
EITHER = re.compile(r'"(?:ApacheBench.*|curl/.*|-|Mozilla/5\.0|.*Linux x86_64; rv:128\.0.*|.*Chrome/126\.0 Safari.*)"$')
# The user whose password is guessed.
GUESSED = "warden"
OURS = ("ask.py", "knock.py", "slow.py", "talk.py", "listen.py", "lateral.py")
SERVES = re.compile(r"listen\.py|reflectors\.py|^dns2tcp|^ptunnel|^dnsmasq|TCP-LISTEN")
ADDRESS = r"(\d+\.\d+\.\d+\.\d+)"
SAID = re.compile(rf"^(\d+\.\d+) {ADDRESS} (\d+) {ADDRESS} (\d+)\b", re.M)
SENT = re.compile(rf"^SENT \([\d.]+s\) (TCP|UDP) \[?{ADDRESS}:(\d+) > {ADDRESS}:(\d+)", re.M)
CURL = re.compile(rf"^curl {ADDRESS} (\d+) {ADDRESS} (\d+)$", re.M)
SOCAT = re.compile(rf"opening connection to AF=2 {ADDRESS}:(\d+)\n.* from local address AF=2 {ADDRESS}:(\d+)$", re.M)
CLIENT = re.compile(rf"\baddr={ADDRESS}:(\d+) laddr={ADDRESS}:(\d+) .*?\bcmd=(\S+)")
SSH = re.compile(rf"(Failed|Invalid|Accepted|authenticating|invalid|Disconnected|closed by)\b.*? {ADDRESS} port (\d+)")
FTP = re.compile(rf'^(\w+ \w+ +\d+ [\d:]+ \d+) \[pid \d+\] .*?Client "(?:::ffff:)?{ADDRESS}", "USER (\S+)"')
# Attacks know their targets by address: whoever asks the cluster for a name is none.
NAMES = re.compile(rf" {ADDRESS}/(\d+) query\[")
FLOODS = {"syn-flood": TCP, "udp-flood": UDP, "icmp-flood": ICMP}
COUNTED = re.compile(r"^(\d+) packets transmitted|^Raw packets sent: (\d+)|^(\d+) sent$", re.M)
# How far a log may be from the capture; and one that counts whole seconds.
SOON, SECOND = 0.1, 2.0


@dataclass
class Evidence:
    """What all sources say: by flow, by address, and by address and second."""

    # When, if the source says so; whose; which source.
    flows: dict[Key, list[tuple[float | None, str, str]]] = field(default_factory=lambda: defaultdict(list))
    # Addresses that nobody but an attack has; those that nobody has are of who forges or looks for them.
    alone: dict[bytes, str] = field(default_factory=dict)
    real: frozenset[bytes] = frozenset()
    # Who may have to do with an attack: its hosts, and the node, which asks pods for others.
    may: frozenset[bytes] = frozenset()
    stray: str = ""
    logins: dict[bytes, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))

    def says(self, key: Key, first_s: float, last_s: float) -> tuple[str, str] | None:
        """Whose a flow is, as most of its entries in the sources say, and which source that is."""
        near = [(owner, source) for at_s, owner, source in self.flows.get(key, ())
                if at_s is None or first_s - SOON <= at_s <= last_s + SOON]
        if near:
            return Counter(near).most_common(1)[0][0]
        ends = key[0], key[2]
        if 21 in (key[1], key[3]):
            asked = {owner for end in ends for at_s, owner in self.logins.get(end, ())
                     if first_s - SECOND <= at_s <= last_s + SECOND}
            if len(asked) == 1:
                return asked.pop(), "vsftpd's log"
        for end in ends:
            if end in self.alone:
                return self.alone[end], "address of nobody else"
        if self.stray and not self.real.issuperset(ends):
            return self.stray, "address of nobody"
        return None if self.may.intersection(ends) else (BENIGN, "addresses of no attacker")


def gather(described: Mapping[str, Any], logs: Path) -> Evidence:
    """All that a run's logs say."""
    found, attacks = Evidence(), described["attacks"]
    addresses(found, described["plan"], attacks)
    for number, attack in enumerate(attacks):
        # Outputs are numbered in the order of start, servers first.
        programs = sorted(attack["programs"], key=lambda words: not SERVES.search(words))
        for place, words in enumerate(programs):
            for at_s, key, source in printed(text(logs / f"attack-{number}/{place}.out"), words):
                found.flows[key].append((at_s, attack["label"], source))
    guesses = [one["label"] for one in attacks if "ssh" in one["setting"]]
    for key, failed in ssh_logins(text(logs / "ssh.log"), described["plan"]["node"]):
        if guesses or not failed:
            found.flows[key].append((None, guesses[0] if failed else BENIGN, "sshd's log"))
    names = f"{described['plan']['pods']}.{PODS_HERE['dns']}"
    for address, port in NAMES.findall(text(logs / "dns.log")):
        found.flows[named(address, port, names, "53", UDP)].append((None, BENIGN, "dnsmasq's log"))
    for address, at_s, user in ftp_logins(text(logs / "ftp.log")):
        found.logins[address].append((at_s, "brute-force" if user == GUESSED else BENIGN))
    requests(found, described["plan"], attacks, logs)
    return found


def text(path: Path) -> str:
    """A log, if there is one."""
    return path.read_text(errors="replace") if path.exists() else ""


def addresses(found: Evidence, plan: Mapping[str, Any], attacks: Sequence[Mapping[str, Any]]) -> None:
    """Who has which address, and whose attack has some that nobody has."""
    for attack in attacks:
        own = attack["hosts"] if attack["origin"] == "outside" else []
        found.alone |= {packed(address): attack["label"] for address in (*own, *attack["far"])}
        if re.search(r"forged=(True|[1-9])|decoys=[1-9]|to=pods", attack["setting"]):
            found.stray = attack["label"]
    hosts = [address for attack in attacks for address in (*attack["hosts"], *attack["far"])]
    found.may = frozenset(map(packed, (plan["node"], f"{plan['pods']}.1", *hosts)))
    near = [*pods(plan).values(), *(packed(f"{plan[net]}.{number}") for net in ("pods", "pods2") for number in (0, 1))]
    others = map(packed, (plan["node"], SILENT, *plan["clients"], *plan["underlay"]))
    found.real = frozenset((*others, *near, *found.alone))


def pods(plan: Mapping[str, Any]) -> dict[str, bytes]:
    """The addresses of the pods."""
    here = {name: packed(f"{plan['pods']}.{number}") for name, number in PODS_HERE.items()}
    return here | {name: packed(f"{plan['pods2']}.{number}") for name, number in PODS_AWAY.items()}


def printed(said: str, words: str) -> Iterator[tuple[float | None, Key, str]]:
    """The flows that a program prints of itself, and when if it says so."""
    script = next((name for name in OURS if name in words), "")
    for at, source, port, target, target_port in SAID.findall(said) if script else ():
        protocol = spoken(script, words, target_port)
        yield float(at), named(source, port, target, target_port, protocol), "tool's output"
    for name, source, port, target, target_port in SENT.findall(said):
        protocol = TCP if name == "TCP" else UDP
        yield None, named(source, port, target, target_port, protocol), "tool's output"
    for source, port, target, target_port in CURL.findall(said):
        yield None, named(source, port, target, target_port, TCP), "tool's output"
    for target, target_port, source, port in SOCAT.findall(said):
        yield None, named(source, port, target, target_port, TCP), "tool's output"
    for source, port, target, target_port, command in CLIENT.findall(said):
        if command == "client|list":
            yield None, named(source, port, target, target_port, TCP), "Redis' list of clients"


def named(source: str, port: str, target: str, target_port: str, protocol: int) -> Key:
    """A flow by its parts as they are printed."""
    return canonical(packed(source), int(port), packed(target), int(target_port), protocol)


def spoken(script: str, words: str, port: str) -> int:
    """The protocol that a program of ours was told to speak."""
    if script == "talk.py":
        way = words.split("talk.py ")[1].split()[0]
        return {"udp": UDP, "dns": UDP, "icmp": ICMP}.get(way, TCP)
    return UDP if f"--udp {port} " in words else TCP


def ssh_logins(said: str, node: str) -> Iterator[tuple[Key, bool]]:
    """Each log-in that sshd tells of, and whether it failed."""
    accepted = {(address, port) for what, address, port in SSH.findall(said) if what == "Accepted"}
    for _, address, port in SSH.findall(said):
        yield canonical(packed(address), int(port), packed(node), 22, TCP), (address, port) not in accepted


def ftp_logins(said: str) -> Iterator[tuple[bytes, float, str]]:
    """Who asked for which user, and in which second; vsftpd does not log ports."""
    for line in filter(None, map(FTP.match, said.splitlines())):
        at, address, user = line.groups()
        at_s = datetime.strptime(at, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC).timestamp()
        yield packed(address), at_s, user


def requests(
    found: Evidence, plan: Mapping[str, Any], attacks: Sequence[Mapping[str, Any]], logs: Path
) -> None:
    """Requests at the ingress and at pods, by who the client says it is and what is known of its connection."""
    server, labels = packed(plan["node"]), {one["label"] for one in attacks}
    both = {packed(address) for one in attacks if one["origin"] != "outside" for address in one["hosts"]}
    told = {end: said[0][1] for key, said in found.flows.items() for end in ((key[0], key[1]), (key[2], key[3]))}
    # The servers' own ends tell nothing.
    told = {end: owner for end, owner in told.items() if end[1] > 1024 and end[0] != server}

    def whose(client: bytes, port: int, agent: str) -> str:
        if owner := told.get((client, port)) or found.alone.get(client):
            return owner
        if TOOLS.search(agent) and client in both:
            return next(iter(labels)) if len(labels) == 1 else ""
        return "" if client in both and EITHER.search(agent) else BENIGN

    for name, address in {"ingress": server, **pods(plan)}.items():
        log = logs / f"{name}.log"
        for fields in rows(log) if log.exists() else ():
            near = packed(fields[3]), int(fields[4])
            client = (packed(fields[5]), int(fields[6])) if fields[5] != "-" else near
            if owner := whose(*client, fields[11] if len(fields) > 11 else ""):
                key = canonical(*near, address, int(fields[7]), TCP)
                found.flows[key].append((float(fields[0]), owner, "nginx's log" if name == "ingress" else "pod's log"))


def totals(described: Mapping[str, Any], logs: Path) -> dict[int, int]:
    """How many bare packets the tools of floods say they sent, by protocol; not where requests are mixed with them."""
    kinds = [one["kind"] for one in described["attacks"]]
    found: Counter[int] = Counter()
    for number, attack in enumerate(described["attacks"]):
        protocol = FLOODS.get(attack["kind"])
        if protocol and not (protocol == TCP and "http-flood" in kinds):
            said = "\n".join(text(path) for path in (logs / f"attack-{number}").glob("*.out"))
            found[protocol] += sum(int("".join(groups)) for groups in COUNTED.findall(said))
    return dict(found)
