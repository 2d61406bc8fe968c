"""A tool that hangs: it ignores what asks for an end, and leaves a child in a session of its own."""

from scenario import Hosts, Program, Scene, AttackSpec, tool

HANG = "trap '' INT TERM; setsid sleep 900 & sleep 900 & sleep 900"


@tool("hang", "sh")
def hang(_: Scene, __: AttackSpec, ___: Hosts) -> list[Program]:
    """Three of them."""
    return [Program(("sh", "-c", HANG))]
