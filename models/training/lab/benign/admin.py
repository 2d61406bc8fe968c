"""The owner's people at work: SSH, file transfers, mail.

Owns: the command lines of ssh, scp, curl and swaks, and what is typed. Refuses: to change anything on the machine
that a run is made on.
"""

from __future__ import annotations

from collections.abc import Iterator

from benign.base import inside, outside
from scenario import Item, Scene, Visit, case
from services import mail as mails
from services.logins import KEY

COMMANDS = ("uptime", "ls -l /usr/bin | head -40", "df -h", "date", "cat /etc/hosts", "free", "ip address", "id",
            "head -c 3000 /etc/services", "ps | tail -5")
OPTIONS = ("-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
           "LogLevel=ERROR", "-o", "BatchMode=yes")


def keys(scene: Scene, commands: int, pause_s: float, key_s: float) -> list[list[object]]:
    """What somebody types: letter by letter, a look at the answer after each line."""
    rng, typed = scene.rng, []
    for number in range(commands):
        for place, letter in enumerate(rng.choice(COMMANDS) + "\n"):
            wait = rng.uniform(0.5, 2.0) * pause_s if place == 0 and number else rng.uniform(0.4, 1.8) * key_s
            typed.append([round(wait, 3), letter])
    return [*typed, [round(pause_s, 3), "exit\n"]]


@case("ssh-admin", needs="ssh")
def ssh_admin(
    scene: Scene, *, sessions: int = 3, commands: int = 12, pause_s: float = 12.0, key_s: float = 0.15,
    at_s: float = 20.0, every_s: float = 200.0, scripts: int = 4, copies: int = 2, copy_kb: int = 3_000,
    alive_s: int = 0,
) -> Iterator[Item | Visit]:
    """People type on the node, scripts ask it something, files are copied to it."""
    rng, node = scene.rng, scene.plan.node
    alive = ("-o", f"ServerAliveInterval={alive_s}") if alive_s else ()
    key = ("-i", str(scene.folder / KEY))
    for number in range(sessions):
        address = scene.people[number % len(scene.people)]
        argv = ["ssh", "-tt", *OPTIONS, *alive, *key, "-b", address, f"root@{node}"]
        yield outside(at_s + number * every_s * rng.uniform(0.7, 1.1), address, {
            "do": "type", "argv": argv, "keys": keys(scene, commands, pause_s, key_s)})
    bound = ("-b", scene.people[-1])
    for _ in range(scripts):
        at = rng.uniform(at_s, scene.seconds - 10)
        yield Item(at, "out", ("ssh", *OPTIONS, *key, *bound, f"root@{node}", rng.choice(COMMANDS)))
    for number in range(copies):
        at, rate = rng.uniform(at_s, scene.seconds * 0.8), str(rng.randrange(1_500, 9_000))
        sent = scene.folder / f"copy-{number}"
        with sent.open("wb") as file:
            file.truncate(copy_kb * 1_000)
        yield Item(at, "out", ("scp", *OPTIONS, *key, "-o", f"BindAddress={scene.people[-1]}", "-l", rate, str(sent),
                               f"root@{node}:{scene.folder}/copied-{number}"))


@case("ftp-uploads", needs="ftp")
def ftp_uploads(
    scene: Scene, *, every_s: float = 60.0, files: int = 3, kilobytes: int = 300, rate_kb: int = 400,
    mistakes: float = 0.1, at_s: float = 10.0,
) -> Iterator[Item]:
    """A partner leaves files each minute, a connection for them and one for each; sometimes with the wrong name."""
    rng, address = scene.rng, scene.people[0]
    for number in range(files):
        with (scene.folder / f"ftp-{number}").open("wb") as file:
            file.truncate(int(kilobytes * 1_000 * rng.uniform(0.4, 1.6)))
    names = ",".join(str(scene.folder / f"ftp-{number}") for number in range(files))
    for number, at in enumerate(scene.times(every_s, at_s)):
        user = "partner:floodgate" if rng.random() < mistakes else "ftp:partner@shop.example"
        to = f"ftp://{scene.plan.node}/incoming/{number}/"
        yield Item(at, "out", ("curl", "-s", "--max-time", "60", "--interface", address, "--limit-rate", f"{rate_kb}k",
                               "-u", user, "--ftp-create-dirs", "-T", f"{{{names}}}", to))


@case("mail", needs="smtp")
def mail(
    scene: Scene, *, a_minute: float = 4.0, size: int = 4_000, digest: int = 20, digest_s: float = 300.0,
    swaks_s: float = 90.0,
) -> Iterator[Item | Visit]:
    """The shop's mails: one an order, a digest to many at once, a check by hand."""
    rng, to = scene.rng, scene.plan.pod(mails.PLACE)
    for at in scene.times(60.0 / a_minute):
        sizes = [rng.randrange(size // 4 + 1, size * 3)]
        yield inside(scene, at, rng.choice(("api", "web", "odd")), {"do": "mail", "to": to, "sizes": sizes})
    for at in scene.times(digest_s, 10.0):
        yield inside(scene, at, "tool", {"do": "mail", "to": to, "waits": [rng.uniform(0.05, 0.8)],
                                         "sizes": [rng.randrange(size, size * 8) for _ in range(digest)]})
    for at in scene.times(swaks_s, 5.0):
        yield Item(at, "tool", ("swaks", "--server", to, "--from", "shop@shop.example", "--to", "some@partner.example",
                                "--timeout", "10", "--h-Subject", "is it up", "--silent", "3"))
