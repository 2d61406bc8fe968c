"""Grafana's own model of dashboards, asked what it makes of one.

Usage: grafana_dashboard.py < DASHBOARD
Prints a JSON array of what is lost or changed on the way through it: a key that Grafana does not know.
Members that it adds with their defaults are no fault.
"""

import json
import sys

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(path, before, after):
    """What of `before` is not in `after`, a sentence each."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{path}.{key} is not known"
            else:
                yield from lost(f"{path}.{key}", value, after[key])
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (one, other) in enumerate(zip(before, after)):
            yield from lost(f"{path}[{at}]", one, other)
    elif before != after:
        yield f"{path} was {before!r} and is {after!r}"


def main():
    register_default_plugins()
    before = json.load(sys.stdin)
    after = json.loads(json.dumps(Dashboard.from_json(before), cls=JSONEncoder))
    print(json.dumps(list(lost("dashboard", before, after))))


main()
