"""Imports ConfigSpace without SciPy's statistics, which take five times as long to import as all else of it.

ConfigSpace needs them for normal and beta distributions, but imports a few names from them at its start. It gets
stand-ins for these that fetch the real ones when they are used; nobody else sees the stand-ins, which are there for
the moment of the import. Where the statistics are imported already, there is nothing to be saved.
"""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType
from typing import Any, TypeAlias

_STATISTICS = ("scipy.stats", "scipy.stats._distn_infrastructure")
_PACKAGE = "ConfigSpace"

_Call: TypeAlias = tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]
"""What something was called with."""


class _Later:
    """One thing of a module, or what a call of it returns: the module is imported when an attribute is asked for.

    Its own attributes say what it is, so that two of the same compare, copy and pickle as ConfigSpace does with them.
    """

    def __init__(self, module: str, name: str, call: _Call | None = None) -> None:
        self._module = module
        self._name = name
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> _Later:
        return _Later(self._module, self._name, (args, tuple(kwargs.items())))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # asked of one that is just being copied
            raise AttributeError(name)
        return getattr(_real(self._module, self._name, self._call), name)

    def __instancecheck__(self, instance: object) -> bool:
        if isinstance(instance, _Later):
            instance = _real(instance._module, instance._name, instance._call)
        return isinstance(instance, _real(self._module, self._name, self._call))


@functools.lru_cache(maxsize=1024)
def _real(module: str, name: str, call: _Call | None) -> Any:
    found = getattr(importlib.import_module(module), name)
    return found if call is None else found(*call[0], **dict(call[1]))


class _Standin(ModuleType):
    """A module whose things are fetched later."""

    def __getattr__(self, name: str) -> _Later:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)


def _import_configspace() -> None:
    if _PACKAGE in sys.modules or any(name in sys.modules for name in _STATISTICS):
        return
    standins = {name: _Standin(name) for name in _STATISTICS}
    sys.modules.update(standins)
    try:
        importlib.import_module(_PACKAGE)
    except Exception:  # noqa: BLE001  a version that uses more of them at its start: it is imported as it comes
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]
    finally:
        for name, standin in standins.items():
            if sys.modules.get(name) is standin:
                del sys.modules[name]


_import_configspace()
