"""The application behind the API pod's nginx: answers that take time, a log-in, a search over a real database.

Owns: `/api/wait` (a long poll), `/api/stream` (events), `/api/ws` (a WebSocket that answers), `/api/orders`, the
look-ups below `/api/`, and what people see of it: `/login`, `/account`, `/search`, `/item`. Refuses: bodies above
a size, waits above ten minutes; statements that would change the database or take long. Run by `services` as
`app.py PORT SEED USER PASSWORD`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys

from aiohttp import WSMsgType, web

BODY_BYTES = 64 << 20
WAIT_SECONDS = 600.0
EVENT_SECONDS = 2.0
PAGE = "<html><title>shop</title><h1>{title}</h1>{body}</html>"
FORM = '<form method="post"><input name="user"><input name="password" type="password"></form>' + "<!-- shop -->" * 40
# Steps of SQLite's machine that one search may take.
MOST_STEPS = 200_000
READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


class App:
    """The handlers, with what they share."""

    def __init__(self, seed: int, user: str, password: str) -> None:
        self._rng, self._user, self._password = random.Random(seed), user, password
        self._goods = sqlite3.connect(":memory:")
        self._goods.execute("create table goods (id integer primary key, name text, price integer)")
        rows = ((number, f"sluice gate {number}", self._rng.randrange(5000)) for number in range(1, 301))
        self._goods.executemany("insert into goods values (?, ?, ?)", rows)
        self._goods.execute("create table users (name text, password text)")
        self._goods.execute("insert into users values (?, ?)", (user, password))
        self._goods.commit()
        allowed = {True: sqlite3.SQLITE_OK, False: sqlite3.SQLITE_DENY}
        self._goods.set_authorizer(lambda action, *_: allowed[action in READING])
        self._goods.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        self._goods.set_progress_handler(lambda: 1, MOST_STEPS)

    def routes(self) -> list[web.RouteDef]:
        """Every path."""
        return [
            web.get("/api/wait", self.wait), web.get("/api/stream", self.stream), web.get("/api/ws", self.socket),
            web.get("/login", self.form), web.post("/login", self.login), web.get("/account", self.account),
            web.get("/search", self.search), web.get("/api/search", self.search), web.get("/item", self.item),
            web.route("*", "/api/{rest:.*}", self.rows),
        ]

    async def wait(self, request: web.Request) -> web.Response:
        """A long poll: nothing for a while, then a little."""
        await asyncio.sleep(self._seconds(request))
        return web.json_response({"news": self._rng.randrange(1000)})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """An event every so often (`every`), for so long (`s`)."""
        every = max(0.1, float(request.query.get("every", EVENT_SECONDS)))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(int(self._seconds(request) / every)):
            event = f"id: {number}\ndata: {json.dumps({'stock': self._rng.randrange(1000)})}\n\n"
            await response.write(event.encode())
            await asyncio.sleep(every)
        await response.write_eof()
        return response

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Answers each message, by three times as much where it is `news`."""
        socket = web.WebSocketResponse(heartbeat=float(request.query.get("beat", 30)))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data * 3 if message.data.startswith("news") else "ok")
        return socket

    async def form(self, _request: web.Request) -> web.Response:
        """The form of the log-in."""
        return page("Log in", FORM)

    async def login(self, request: web.Request) -> web.Response:
        """One guess; hashing takes its time."""
        given = await request.post()
        await asyncio.sleep(self._rng.uniform(0.02, 0.06))
        if (given.get("user"), given.get("password")) == (self._user, self._password):
            return web.Response(status=302, headers={"Location": "/account", "Set-Cookie": "session=open; Path=/"})
        return page("Log in", "<p>wrong name or password</p>" + FORM)

    async def account(self, request: web.Request) -> web.Response:
        """For those who are logged in."""
        if request.cookies.get("session") != "open":
            return page("Log in first", "", 401)
        return page("Account", "<p>orders</p>" * self._rng.randrange(20, 90))

    async def search(self, request: web.Request) -> web.Response:
        """A search as careless people write it: what was asked becomes part of the statement."""
        asked = request.query.get("q", "")
        if "<script" in asked.lower() or "../" in asked:
            return page("Refused", "", 403)
        limit = request.query.get("limit", "20")
        sort = request.query.get("sort", "id")
        statement = f"select id, name, price from goods where name like '%{asked}%' order by {sort} limit {limit}"
        status, rows = self._found(statement)
        shown = "".join(f"<li>{row}</li>" for row in rows)
        if "debug" in request.query:
            shown += f"<pre>{statement}</pre>"
        await asyncio.sleep(min(self._rng.lognormvariate(-4.5, 0.6), 0.5))
        return page(f"{len(rows)} found", shown, status)

    async def item(self, request: web.Request) -> web.Response:
        """One of the goods by its number."""
        status, rows = self._found(f"select id, name, price from goods where id = {request.query.get('id', '0')}")
        await asyncio.sleep(min(self._rng.lognormvariate(-4.5, 0.6), 0.5))
        return page(str(rows[0]), "<p>deep water</p>" * 30) if rows else page("No such thing", "", max(status, 404))

    async def rows(self, request: web.Request) -> web.Response:
        """Anything else the API has: orders are taken, look-ups take a moment."""
        if "/missing" in request.path:
            return web.json_response({"error": "no such thing"}, status=404)
        await request.read()
        await asyncio.sleep(min(self._rng.lognormvariate(-4.0, 0.8), 2.0))
        rows = [{"id": self._rng.randrange(10**6), "name": "sluice gate", "price": self._rng.randrange(5000)}
                for _ in range(self._rng.randrange(1, 40))]
        return web.json_response(rows, status=201 if request.method == "POST" else 200)

    def _found(self, statement: str) -> tuple[int, list[tuple[object, ...]]]:
        try:
            return 200, self._goods.execute(statement).fetchmany(300)
        except (sqlite3.Error, sqlite3.Warning, OverflowError):
            return 500, []

    @staticmethod
    def _seconds(request: web.Request) -> float:
        return min(max(float(request.query.get("s", 10)), 0.0), WAIT_SECONDS)


def page(title: str, body: str, status: int = 200) -> web.Response:
    """An HTML page."""
    return web.Response(text=PAGE.format(title=title, body=body), content_type="text/html", status=status)


async def main() -> None:
    """Serves until killed."""
    port, seed, user, password = sys.argv[1:]
    application = web.Application(client_max_size=BODY_BYTES)
    application.add_routes(App(int(seed), user, password).routes())
    runner = web.AppRunner(application, access_log=None, keepalive_timeout=80.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), backlog=1024, shutdown_timeout=1.0).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
