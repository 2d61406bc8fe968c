"""A tool that hangs: it ignores what asks for an end, and leaves a child in a session of its own."""

from scenario import AttackSpec, Hosts, Program, Scene, tool

HANG = "curl -s -o /dev/null http://{node}/; trap '' INT TERM; setsid sleep 900 & sleep 900 & sleep 900"


@tool("hang", "sh")
def hang(scene: Scene, _: AttackSpec, __: Hosts) -> list[Program]:
    """Asks for a page; then there are three of it."""
    return [Program(("sh", "-c", HANG.format(node=scene.plan.node)))]
