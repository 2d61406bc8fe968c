"""What a monitoring system scrapes: a page of numbers at port 9100 of every pod.

Owns: one small nginx a pod, and how long each page is. Refuses: numbers that mean anything.
"""

from __future__ import annotations

from plan import PODS
from services.base import Making, Service
from services.web import nginx

PORT = 9100
PAGE = "location = /metrics {{ alias {folder}/metrics-{pod}.txt; }}"


def services(making: Making) -> list[Service]:
    """An exporter in every pod."""
    found = []
    for pod in PODS:
        page = making.folder / f"metrics-{pod}.txt"
        count = making.rng.randrange(80, 900)
        page.write_text("".join(f'weir_lab_sample{{pod="{pod}",row="{row}"}} {row * 7}\n' for row in range(count)))
        server = f"server {{ listen {PORT}; {PAGE.format(folder=making.folder, pod=pod)} }}"
        found.append(Service(pod, nginx(making.folder, f"metrics-{pod}", server),
                             frozenset({PORT})))
    return found
