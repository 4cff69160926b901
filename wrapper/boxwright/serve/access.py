"""Who may come in: one-time links, sessions, and the names that the page answers to."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection

_MOST_SESSIONS = 256
_MOST_LINKS = 64


class Access:
    """Links that open the page once, and the sessions that they have opened.

    All of it is in memory: when the server ends, every link and every session ends.

    Args:
        port: Of the server; in the cookie's name, since browsers keep one jar for all ports of a machine.
        names: What the server may be called in the address, without port; lower case.
    """

    def __init__(self, port: int, names: Collection[str]) -> None:
        self.cookie = f"boxwright-{port}"
        self._names = frozenset(names)
        self._links: list[str] = []
        self._sessions: dict[str, str] = {}

    def new_link(self) -> str:
        """Return the path of a link that opens the page once; of many that nobody has used, only the latest hold."""
        key = secrets.token_urlsafe(32)
        self._links = [*self._links[-_MOST_LINKS + 1 :], key]
        return f"/open?key={key}"

    def redeem(self, key: str) -> str | None:
        """Return a new session for the key of a link, which is used up by that; None for any other text."""
        known = [link for link in self._links if hmac.compare_digest(link.encode(), key.encode())]
        if not known:
            return None
        self._links.remove(known[0])
        session = secrets.token_urlsafe(32)
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[session] = secrets.token_urlsafe(32)
        return session

    def form_token(self, session: str) -> str | None:
        """Return what the forms of a session carry; None if there is no such session."""
        return self._sessions.get(session)

    def is_own_host(self, host: str) -> bool:
        """Return whether a ``Host`` names this server. Another one's name means that a foreign page leads here."""
        return _name_of(host) in self._names


def _name_of(host: str) -> str:
    """Return the name or address of ``name:port`` or ``[address]:port``; empty if it is neither."""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host
    elif not port.isascii() or not port.isdigit():
        return ""
    return name.removeprefix("[").removesuffix("]").lower()
