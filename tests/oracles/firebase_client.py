"""The official client of Firebase Realtime Database, asked from outside.

Usage: FIREBASE_DATABASE_EMULATOR_HOST=HOST:PORT firebase_client.py VERB [TEXT...]
Prints one JSON value. `conduct` is the list of what it did not find as it is of the real database.
"""

import json
import sys

import firebase_admin
from firebase_admin import db, exceptions

ALERTS = "alerts"


def read(limit):
    """All records, and the keys of the newest by time."""
    alerts = db.reference(ALERTS)
    newest = alerts.order_by_child("timestamp").limit_to_last(int(limit)).get()
    return {"all": alerts.get(), "newest": list(newest or {})}


def push(message, timestamp):
    """Writes a record as older clients do, and returns its key."""
    record = {"message": message, "status": "unread", "timestamp": timestamp}
    return db.reference(ALERTS).push(record).key


def mark(key, status):
    """Changes one member of a record, as other clients do."""
    db.reference(f"{ALERTS}/{key}").update({"status": status})
    return db.reference(f"{ALERTS}/{key}").get()


def conduct():
    """What is not as the real database does it."""
    wrong = []

    def check(what, found, expected):
        if found != expected:
            wrong.append(f"{what}: {found!r}, not {expected!r}")

    def refused(what, act, kind):
        try:
            act()
        except kind:
            return
        except Exception as error:  # Whatever else it is, it is wrong.
            wrong.append(f"{what}: {error!r}")
            return
        wrong.append(f"{what}: taken")

    root = db.reference("conduct")
    root.set({"a": {"n": 1, "none": None, "list": ["x", None, "y"]}, "empty": {}})
    check("nothing is kept of nulls and empty branches", root.get(),
          {"a": {"n": 1, "list": ["x", None, "y"]}})
    root.update({"a/n": 2, "b/c": True, "a/list": None})
    check("an update changes many places at once", root.get(), {"a": {"n": 2}, "b": {"c": True}})
    keys = [root.child("pushed").push({"n": n}).key for n in range(5)]
    check("keys that are made come in order", keys, sorted(keys))
    check("keys that are made are unlike", len(set(keys)), 5)

    value, tag = root.child("a/n").get(etag=True)
    check("a tag comes with the value", value, 2)
    check("an unchanged tag lets a write in", root.child("a/n").set_if_unchanged(tag, 3)[0], True)
    check("a changed tag does not", root.child("a/n").set_if_unchanged(tag, 4)[:2], (False, 3))
    check("what is unchanged is not sent again", root.child("a/n").get_if_changed(
        root.child("a/n").get(etag=True)[1])[0], False)
    root.child("count").transaction(lambda n: (n or 0) + 1)
    check("a transaction of nothing", root.child("count").transaction(lambda n: (n or 0) + 1), 2)

    alerts = db.reference(ALERTS)
    stamps = {"k1": 30, "k2": 10, "k3": "2026-11-25T08:00:00Z", "k4": 20, "k5": None}
    alerts.set({key: {"timestamp": stamp, "status": "unread", "message": key}
                for key, stamp in stamps.items()})

    def by_time():
        return alerts.order_by_child("timestamp")

    check("nothing, then numbers, then texts", list(by_time().get()), ["k5", "k2", "k4", "k1", "k3"])
    check("the last", list(by_time().limit_to_last(2).get()), ["k1", "k3"])
    check("the first", list(by_time().limit_to_first(2).get()), ["k5", "k2"])
    check("from", list(by_time().start_at(20).get()), ["k4", "k1", "k3"])
    check("from, up to", list(by_time().start_at(15).end_at(25).get()), ["k4"])
    check("up to", list(by_time().end_at(10).get()), ["k5", "k2"])
    check("equal", list(by_time().equal_to(30).get()), ["k1"])
    check("by key", list(alerts.order_by_key().start_at("k4").get()), ["k4", "k5"])
    check("by status", len(alerts.order_by_child("status").equal_to("unread").get()), 5)
    refused("a sort without an index", lambda: alerts.order_by_child("message").get(),
            exceptions.InvalidArgumentError)
    for key in ["a.b", "a$", "a#", "a[", "a]", "a\u0001"]:
        refused(f"key {key!r}", lambda: root.update({"x": {key: 1}}),
                exceptions.InvalidArgumentError)
    root.delete()
    alerts.delete()
    check("what was deleted is no more", root.get(), None)
    return wrong


def main():
    verb, *texts = sys.argv[1:]
    firebase_admin.initialize_app(options={"databaseURL": "https://test-project.firebaseio.com"})
    verbs = {"read": read, "push": push, "mark": mark, "conduct": conduct}
    print(json.dumps(verbs[verb](*texts)))


if __name__ == "__main__":
    main()
