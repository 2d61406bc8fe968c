"""Whose a flow is, from what left the hosts of an attack: packets by hand, without a network."""

from __future__ import annotations

import sys
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "models" / "training" / "lab"))

import netns  # noqa: E402, F401
import legs  # noqa: E402
import truth  # noqa: E402
from namespaces import LabError  # noqa: E402
from packets import ICMP, TCP, UDP, Key, Seen, canonical  # noqa: E402
from plan import Plan  # noqa: E402
from witness import Sent  # noqa: E402

LABELS = ["scan", "dos-flood"]
POD, OTHER, CLIENT = (bytes((10, 0, 0, last)) for last in (88, 21, 9))
NODE = bytes((192, 0, 2, 10))


def packet(source: bytes, port: int, target: bytes, target_port: int, protocol: int = TCP, **also: object) -> Seen:
    words = {"opens": False, "about": None} | also
    return Seen(canonical(source, port, target, target_port, protocol), source, **words)


SYN = packet(POD, 40_000, OTHER, 80, opens=True)
ACK = packet(POD, 40_000, OTHER, 80)
ANSWER = packet(OTHER, 80, POD, 40_000)


def owners(*sent: tuple[float, int | None, Seen], key: Key = SYN.key) -> list[str]:
    found = truth.of_hosts((Sent(*one) for one in sent), LABELS)
    return [one.owner for one in found.episodes[key]]


def complete(found: truth.Truth, capture: Sequence[tuple[float, Seen]]) -> dict[str, int]:
    return truth.complete(found, frozenset((POD,)), {}, capture, lambda key, at_s: False)


class WhoseAFlowIs(unittest.TestCase):
    def test_what_the_kernel_ends_for_a_program_stays_the_programs(self) -> None:
        self.assertEqual(owners((0, 0, SYN), (1, None, ACK), (9, None, ACK)), ["scan"])

    def test_a_port_that_is_used_again_by_somebody_else_is_his_from_then_on(self) -> None:
        self.assertEqual(owners((0, 0, SYN), (30, None, SYN), (31, None, ACK)), ["scan", "benign"])
        self.assertEqual(owners((0, None, SYN), (30, 1, SYN)), ["benign", "dos-flood"])

    def test_an_answer_that_was_logged_before_its_question_is_not_benign(self) -> None:
        self.assertEqual(owners((0, None, ANSWER), (0.4, 0, SYN), (0.5, None, ANSWER)), ["scan"])

    def test_an_old_flow_is_not_taken_for_an_early_answer(self) -> None:
        self.assertEqual(owners((0, None, ANSWER), (20, 0, SYN)), ["benign", "scan"])

    def test_no_kernel_sends_a_datagram_by_itself(self) -> None:
        question, answer = packet(POD, 5000, OTHER, 53, UDP), packet(OTHER, 53, POD, 5000, UDP)
        sent = (0, 0, question), (1, None, answer), (20, None, question)
        self.assertEqual(owners(*sent, key=question.key), ["scan", "benign"])

    def test_an_error_is_of_the_flow_that_it_quotes(self) -> None:
        error = packet(OTHER, 0, CLIENT, 0, ICMP, about=SYN.key)
        found = truth.of_hosts([Sent(0, 1, SYN)], LABELS)
        self.assertEqual(complete(found, [(0.1, SYN), (0.2, error)]), {"dos-flood": 2})
        self.assertEqual(found.owner(error.key, 0.2), "dos-flood")

    def test_a_packet_of_an_attacking_host_that_nobody_sent_is_an_error(self) -> None:
        found = truth.of_hosts([Sent(0, 0, SYN)], LABELS)
        with self.assertRaisesRegex(LabError, r"1 flows .* 10\.0\.0\.21-10\.0\.0\.88-81-40000-6 at 5\.000"):
            complete(found, [(0, SYN), (5, packet(OTHER, 81, POD, 40_000))])
        with self.assertRaisesRegex(LabError, "in no log"):
            complete(found, [(500, ACK)])

    def test_two_owners_of_pings_at_once_are_an_error(self) -> None:
        ping = packet(POD, 0, OTHER, 0, ICMP, opens=True)
        found = truth.of_hosts([Sent(0, 0, ping), Sent(5, None, ping)], LABELS)
        with self.assertRaisesRegex(LabError, "scan's and benign's"):
            complete(found, [])

    def test_a_line_ends_where_the_next_owner_begins(self) -> None:
        found = truth.of_hosts([Sent(100, 0, SYN), Sent(101, 0, ACK), Sent(150, None, SYN)], LABELS)
        lines = list(found.lines())
        self.assertEqual([line[3] for line in lines], ["scan", "benign"])
        self.assertEqual(lines[0][:3], ("10.0.0.21-10.0.0.88-80-40000-6", "98.500000", "148.500000"))
        self.assertEqual(lines[1][1:3], ("148.500000", "270.000000"))


class TheLegToThePods(unittest.TestCase):
    def test_a_connection_of_the_ingress_is_whose_most_of_its_requests_are(self) -> None:
        plan = Plan.drawn(1, 12)
        attack = packet(CLIENT, 1000, legs.packed(plan.node), 80, opens=True)
        found = truth.of_hosts([Sent(10, 1, attack)], LABELS)
        with tempfile.TemporaryDirectory() as name:
            rows = [(5001, 1000), (5001, 1000), (5001, 2000), (5002, 2000), (5002, 2000), (5002, 1000)]
            Path(name, "web.log").write_text("".join(
                f"{12 + at} 1.5 {port} {plan.node} {port} 10.0.0.9 {client} 80 200 9 9 \"GET / HTTP/1.1\" \"-\"\n"
                for at, (port, client) in enumerate(rows)
            ))
            logs = legs.read(plan, Path(name))
        truth.add_legs(found, logs, legs.packed(plan.node))
        web = legs.packed(plan.pod("web"))
        mine, other = (canonical(legs.packed(plan.node), port, web, 80, TCP) for port in (5001, 5002))
        self.assertEqual(found.owner(mine, 12), "dos-flood")
        self.assertIsNone(found.owner(other, 16))
        self.assertFalse(logs.lacks(mine))
        self.assertTrue(logs.lacks(canonical(legs.packed(plan.node), 5003, web, 80, TCP)))


class WhoIsWhere(unittest.TestCase):
    def test_the_same_seed_draws_the_same_plan_and_another_one_another(self) -> None:
        self.assertEqual(Plan.drawn(3, 20), Plan.drawn(3, 20))
        self.assertNotEqual(Plan.drawn(3, 20).clients, Plan.drawn(4, 20).clients)


if __name__ == "__main__":
    unittest.main()
