"""Starts the page's server: which address it listens on, and which names it answers to."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from boxwright.errors import BoxwrightError, UserError

if TYPE_CHECKING:
    import uvicorn

    from boxwright.serve.watch import Watch

LOOPBACK = "127.0.0.1"
FIRST_PORT = 8650
_TRIED_PORTS = 20
_NICENESS = 5
"""The page steps back behind the studies that it shows."""

_LAST_LOOK_S = 30.0
"""At most so long a server that ends with its study waits for the pages to ask how that ended.

A browser that draws its first charts on a busy machine listens to nothing for ten seconds and more.
"""

_CHARTS_S = 0.3
"""For the charts that such a page asks for at the same time."""

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 256 * 1024
_AUTOGROUP = Path("/proc/self/autogroup")


def serve(
    folders: Sequence[Path],
    *,
    host: str,
    port: int | None,
    open_to_network: bool,
    say: Callable[[str], None],
    until_eof: bool = False,
) -> None:
    """Serve the page of some studies until it is told to end.

    Args:
        folders: The studies.
        host: Address to listen on.
        port: Where; the first free one from 8650 on if None, 0 for any.
        open_to_network: Whether the address may be one that other machines reach.
        say: Takes the one-time link, once connections are taken.
        until_eof: Whether to end once stdin does, with whoever has started it.

    Raises:
        UserError: A folder is no study, the address cannot be had, or is not asked for clearly enough.
    """
    with listen(host, port, open_to_network=open_to_network) as listener:
        _step_back()  # first: libraries start threads when they are imported
        _give_memory_back()
        import uvicorn

        from boxwright.serve.access import Access
        from boxwright.serve.app import make_app
        from boxwright.serve.studies import Studies

        own_port = int(listener.getsockname()[1])
        access = Access(own_port, own_names(host))
        studies = Studies(folders, access)
        config = uvicorn.Config(
            make_app(studies),
            access_log=False,
            date_header=False,
            http="h11",
            lifespan="on",
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            ws="none",
        )

        class Server(uvicorn.Server):
            """Ends its streams, which would else be waited for, when it is told to end."""

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                studies.watch.over = True
                super().handle_exit(sig, frame)

        server = Server(config)
        for desk in studies.desks.values():
            threading.Thread(target=_warm_up, args=(desk.refresh,), daemon=True).start()
        if until_eof:
            threading.Thread(target=_end_with_stdin, args=(server, studies.watch), daemon=True).start()
        # Connections wait in the socket's queue until the server takes them.
        say(f"http://{f'[{host}]' if ':' in host else host}:{own_port}{access.new_link()}")
        try:
            server.run(sockets=[listener])
        finally:
            studies.close()


def listen(host: str, port: int | None, *, open_to_network: bool) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UserError: The address is none of this machine, is taken, or is open to others without a clear word.
    """
    try:
        address = ipaddress.ip_address(LOOPBACK if host == "localhost" else host)
    except ValueError:
        raise UserError(
            f'"{host}" is no IP address. Give 127.0.0.1, or another one of this machine.', place="--host"
        ) from None
    if not address.is_loopback and not open_to_network:
        raise UserError(
            f"other machines reach {host}, and what goes over the network is not encrypted. Tunnel with"
            " `ssh -L 8650:127.0.0.1:8650 HOST` instead, or add --open-to-network.",
            place="--host",
        )
    tried = range(FIRST_PORT, FIRST_PORT + _TRIED_PORTS) if port is None else [port]
    for number in (*tried, *([0] if port is None else [])):
        listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((str(address), number))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if port is not None:
                raise UserError(f"{host}:{port} cannot be had: {error.strerror}.", place="--port") from error
        else:
            return listener
    raise UserError(f"no port of {host} is free.", place="--host")


def own_names(host: str) -> set[str]:
    """Return what the server may be called: its address, and the names that lead to it."""
    names = {"localhost", LOOPBACK, "::1", host.lower()}
    address = ipaddress.ip_address(LOOPBACK if host == "localhost" else host)
    if not address.is_loopback:
        import psutil

        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        if address.is_unspecified:
            found = psutil.net_if_addrs().values()
            names |= {each.address.partition("%")[0].lower() for card in found for each in card}
    return names


def _step_back() -> None:
    """Give way to the runs; threads that are started from here on do so, too."""
    os.nice(_NICENESS)
    if os.getsid(0) == os.getpid():
        # Where Linux shares cores out among sessions first (sched(7), autogroup), niceness is nothing to others.
        with contextlib.suppress(OSError):
            _AUTOGROUP.write_text(str(_NICENESS))


def _give_memory_back() -> None:
    """Have glibc return large blocks once they are free, and keep none for each thread that had some: mallopt(3)."""
    with contextlib.suppress(AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def _warm_up(refresh: Callable[[], object]) -> None:
    # Whoever comes first is told what is wrong, if something is.
    with contextlib.suppress(BoxwrightError):
        refresh()


def _end_with_stdin(server: uvicorn.Server, watch: Watch) -> None:
    """End the server once stdin does, after who is watching has seen how the study ended."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    watch.closing = True
    if not watch.is_closed:
        latest = time.monotonic() + _LAST_LOOK_S
        while not watch.is_closed and time.monotonic() < latest:
            time.sleep(0.1)
        time.sleep(_CHARTS_S)
    server.handle_exit(signal.SIGTERM, None)
