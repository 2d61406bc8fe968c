"""The attacks of the lab: importing this registers every tool.

Owns: one file a class. Each tool says what it would start, what of it needs rights beyond a plain user's, and where it
runs. Refuses: to run anything, and any target but the run's own node, its pods and the attack's own hosts.
"""

from attacks import floods, guessing, lateral, outward, reflection, scans, slow, web

__all__ = ["floods", "guessing", "lateral", "outward", "reflection", "scans", "slow", "web"]
