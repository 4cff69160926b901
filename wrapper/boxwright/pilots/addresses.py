"""Where a controller listens, and where its pilots may find it."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence

from boxwright.errors import ScenarioError, StudyError


def own_addresses(interface: str | None) -> tuple[str, ...]:
    """Return the addresses of this machine, those that other machines may reach first.

    A pilot tries them all: which of a login node's networks reaches the nodes is nowhere written.

    Args:
        interface: Name of a network interface, whose first address it is then, or an address; None for all.

    Raises:
        ScenarioError: There is no such interface.
    """
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    cards = {
        name: [card.address for card in cards if card.family in families and not card.address.startswith("fe80:")]
        for name, cards in psutil.net_if_addrs().items()
    }
    everything = [address for name in cards for address in cards[name]]
    if interface is not None:
        found = cards.get(interface) or [address for address in everything if address == interface]
        if not found:
            known = ", ".join(name for name in sorted(cards) if cards[name])
            raise ScenarioError(
                f'slots.interface: this machine has no network interface "{interface}". Known: {known}.'
            )
        return (found[0],)
    others = [address for address in everything if not _is_loopback(address)]
    loopback = [address for address in everything if _is_loopback(address)]
    return tuple(dict.fromkeys((*others, socket.gethostname(), *loopback)))


def listen(interface: str | None, ports: Sequence[int], *, only_here: bool = False) -> socket.socket:
    """Return a socket that listens.

    Args:
        interface: As above.
        ports: The first that is free is taken; empty for any.
        only_here: Reach no further than this machine.

    Raises:
        StudyError: No port is free.
        ScenarioError: There is no such interface.
    """
    host = "127.0.0.1" if only_here else "" if interface is None else own_addresses(interface)[0]
    for port in ports or (0,):
        try:
            listener = _bound(host, port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise StudyError(f"cannot listen on {host or 'any address'}: {error.strerror}") from error
            continue
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return listener
    raise StudyError(f"slots.ports: none of the {len(ports)} ports from {ports[0]} is free. Name others.")


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that has the port; without a host, at the addresses of both families where there are both."""
    if not host and socket.has_dualstack_ipv6():
        try:
            return _bind(socket.AF_INET6, "::", port)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:  # the kernel knows IPv6, but not on this machine
                raise
    return _bind(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
