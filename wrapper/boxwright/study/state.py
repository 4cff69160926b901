"""In one word, where a study stands."""

from __future__ import annotations

from collections.abc import Mapping

from boxwright.errors import BoxwrightError
from boxwright.store.database import Store

_STOPPING = "stopping"


def state_of(meta: Mapping[str, str], *, running: bool) -> str:
    """Return ``running``, ``paused``, ``stopping`` (the last runs end), ``finished``, ``interrupted`` or ``aborted``.

    Args:
        meta: What the study's database remembers.
        running: Whether a controller is at work.
    """
    if not running:
        return meta.get("left") or "interrupted"
    if meta.get(_STOPPING):
        return "stopping"
    return "paused" if meta.get("paused") else "running"


def mark_stopping(store: Store, *, stopping: bool = True) -> None:
    """Remember that no new run is started, for those who look at the study; trouble with it stops nothing."""
    try:
        store.set_meta(_STOPPING, "1" if stopping else "")
    except BoxwrightError:
        if not stopping:
            raise
