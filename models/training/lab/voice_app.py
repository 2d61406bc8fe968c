"""A media relay that sends each datagram back: `voice_app.py ADDRESS PORT`.

Owns: one UDP port, and the TCP port of the same number, which says nothing. Refuses: to send more than it got.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast


class Echo(asyncio.DatagramProtocol):
    """Sends back what it gets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """One datagram."""
        self._transport.sendto(data, address)


async def main(address: str, port: int) -> None:
    """Serves until killed."""
    await asyncio.get_running_loop().create_datagram_endpoint(Echo, local_addr=(address, port))
    server = await asyncio.start_server(lambda _, writer: writer.close(), address, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
