"""What people and programs do who mean no harm: cases, each a function that says what it would start and when.

Owns: the ordinary day under every run, and what is harmless and looks as if it was not. Refuses: to run anything;
anything that a sound cluster would not see. Importing it registers every case with `scenario`.
"""

from benign import admin, applications, cluster, crowds, day, load, people, rounds, transfers, trouble

__all__ = ["admin", "applications", "cluster", "crowds", "day", "load", "people", "rounds", "transfers", "trouble"]
