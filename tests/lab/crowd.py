"""What `crowd.py` promises to who plays a run: run as `crowd.py FOLDER`, FOLDER being the lab's."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

LAB = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else Path()
HERE = "127.0.0.1"

sys.path.append(str(LAB))

from late import Starts  # noqa: E402


def played(
    steps: list[dict[str, Any]], end_after_s: float | None = None, late_s: float = 0.0
) -> tuple[int, dict[str, int]]:
    """Exit status and counts of one visit, of a crowd that is started so late."""
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "script.json"
        script.write_text(json.dumps([{"at_s": 0.1, "address": HERE, "steps": steps}]))
        crowd = subprocess.Popen([sys.executable, "-B", LAB / "crowd.py", script, str(time.monotonic() - late_s)],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if end_after_s is not None:
            time.sleep(end_after_s)
            crowd.send_signal(signal.SIGTERM)
        out, _ = crowd.communicate(timeout=20)
        return crowd.returncode, json.loads(out) if out.strip() else {}


class Crowd(unittest.TestCase):
    """One process that plays many clients."""

    def test_a_closed_port_is_counted_and_is_no_failure(self) -> None:
        with socket.socket() as taken:
            taken.bind((HERE, 0))
            step = {"do": "tcp", "to": HERE, "port": taken.getsockname()[1], "times": 3, "waits": [0.01]}
            status, counts = played([step])
        self.assertEqual((status, counts["tcp"], counts["tcp: ConnectionRefusedError"]), (0, 3, 3))

    def test_a_step_that_nobody_knows_fails(self) -> None:
        self.assertEqual(played([{"do": "dance"}])[0], 1)

    def test_it_ends_in_good_order_when_it_is_asked_to(self) -> None:
        status, counts = played([{"do": "pause", "s": 60}], end_after_s=1.5)
        self.assertEqual((status, counts["visits"]), (0, 1))

    def test_fresh_datagrams_come_from_a_port_each_and_have_their_size(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            sink.bind((HERE, 0))
            sink.settimeout(10)
            got: list[tuple[bytes, tuple[str, int]]] = []
            taking = threading.Thread(target=lambda: got.extend(sink.recvfrom(2000) for _ in range(6)))
            taking.start()
            to = {"do": "udp", "to": HERE, "port": sink.getsockname()[1], "sizes": [40, 400, 900], "waits": [0.02]}
            played([to | {"fresh": True}, to])
            taking.join()
        self.assertEqual([len(data) for data, _ in got], [40, 400, 900] * 2)
        self.assertEqual((len({port for _, (_, port) in got[:3]}), len({port for _, (_, port) in got[3:]})), (3, 1))

    def test_repetitions_keep_their_pace(self) -> None:
        begun = time.monotonic()
        played([{"do": "udp", "to": HERE, "port": 9, "sizes": [10] * 11, "waits": [0.1]}])
        self.assertGreater(time.monotonic() - begun, 1.0)

    def test_what_it_begins_late_is_counted(self) -> None:
        counts = played([{"do": "pause", "s": 0}], late_s=3.0)[1]
        self.assertEqual((counts["visits"], counts["late"]), (1, 1))
        self.assertGreater(counts["latest_ms"], 2_500)
        # With time to start in, however busy the machine is.
        self.assertNotIn("late", played([{"do": "pause", "s": 0}], late_s=-3.0)[1])


class Punctuality(unittest.TestCase):
    """What a run is refused for."""

    def test_a_run_of_which_more_than_a_hundredth_was_late_or_left_out_is_refused(self) -> None:
        kept, refused = ((0, 0), (2, 0), (1, 1)), ((2, 1), (0, 3), (3, 0))
        for late, left in (*kept, *refused):
            starts = Starts(due=1)
            starts.begin(0.4)
            starts.add(199, {"visits": 199 - left, "late": late, "latest_ms": 900})
            self.assertEqual(starts.fault is not None, (late, left) in refused, (late, left))
            self.assertEqual(starts.latest_ms, 900)

    def test_a_crowd_that_could_not_tell_what_it_did_did_nothing(self) -> None:
        starts = Starts()
        starts.add(20, {})
        self.assertIn("20 not at all", starts.fault or "")


if __name__ == "__main__":
    unittest.main()
