"""Binds the page to loopback and serves it until a signal ends it."""

import asyncio
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress

import uvicorn

from taskcheck.web.app import application
from taskcheck.web.connections import AT_ONCE, QUEUE, Connection, pass_over_shortage
from taskcheck.web.wall import Wall

ADDRESS = "127.0.0.1"


class _Server(uvicorn.Server):
    """A server that lets those go who wait for news, before it waits for them to go."""

    def __init__(self, config: uvicorn.Config, board: Wall) -> None:
        super().__init__(config)
        self._board = board

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; a shortage of descriptors passes."""
        asyncio.get_running_loop().set_exception_handler(pass_over_shortage)
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(QUEUE)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the board, then all connections."""
        self._board.close()
        await super().shutdown(sockets)


def serve(begin: Callable[[str], Wall], stores: Iterable[str], port: int, announce: Callable[[str], None]) -> None:
    """Serve a page on loopback.

    Args:
        begin: returns the board, by what tells this server from others.
        stores: what the stores on it are called.
        port: where; 0 for one that is free.
        announce: is told the address.

    Raises:
        OSError: the port can't be had.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ADDRESS, port))
        port = listening.getsockname()[1]
        board = begin(secrets.token_hex(4))
        with suppress(ImportError):
            from taskcheck.watch.metrics import Looked

            board.looked = Looked(stores)
        config = uvicorn.Config(
            application(board, port),
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            loop="asyncio",
            http=Connection,
            backlog=AT_ONCE,
            timeout_graceful_shutdown=1,
        )
        listening.listen(config.backlog)
        announce(f"http://{ADDRESS}:{port}/")
        _Server(config, board).run(sockets=[listening])
