"""What a run inherits on a machine other than the controller's: it comes from the batch job there."""

from __future__ import annotations

import os

import msgspec

from boxwright.execute.messages import Request


def with_inherited(request: Request) -> Request:
    """Return a request with its full environment; what speaks of another run is not inherited."""
    if request.inherits is None:
        return request
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in request.inherits and not name.startswith(("BOXWRIGHT_", "AEATK_"))
    }
    return msgspec.structs.replace(request, env={**env, **request.env}, inherits=None)
