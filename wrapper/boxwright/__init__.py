"""boxwright turns any command line into a black box that can be designed, tuned and run on any number of slots.

Every command is a call here as well: ``boxwright.run("scenario.toml")``. Each is imported when it is first used,
so that importing the package does nothing else.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; `typing` itself costs `boxwright algo` a tenth of its time
if TYPE_CHECKING:
    from typing import Any

    from boxwright.commands.archive import archive
    from boxwright.commands.check import check
    from boxwright.commands.convert import convert
    from boxwright.commands.detaching import detach
    from boxwright.commands.doctor import doctor
    from boxwright.commands.export import export
    from boxwright.commands.init import init
    from boxwright.commands.load import load
    from boxwright.commands.report import write_report
    from boxwright.commands.results import results, results_by_config
    from boxwright.commands.running import resume, run
    from boxwright.commands.schema import schema
    from boxwright.commands.serve import serve_page
    from boxwright.commands.show import show, tail
    from boxwright.commands.status import status
    from boxwright.commands.stopping import kill, slots, stop
    from boxwright.commands.submitting import submit
    from boxwright.commands.validate import validate

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "archive",
    "check",
    "convert",
    "detach",
    "doctor",
    "export",
    "init",
    "kill",
    "load",
    "results",
    "results_by_config",
    "resume",
    "run",
    "schema",
    "serve_page",
    "show",
    "slots",
    "status",
    "stop",
    "submit",
    "tail",
    "validate",
    "write_report",
]

_HOME = {
    "detach": "detaching",
    "results_by_config": "results",
    "resume": "running",
    "run": "running",
    "serve_page": "serve",
    "submit": "submitting",
    "tail": "show",
    "write_report": "report",
    "kill": "stopping",
    "slots": "stopping",
    "stop": "stopping",
}


def __getattr__(name: str) -> Any:
    """Return a public function, importing it now.

    Raises:
        AttributeError: It is no public name.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"boxwright.commands.{_HOME.get(name, name)}"), name)


def __dir__() -> list[str]:
    """Return the public names, imported or not yet."""
    return sorted({*globals(), *__all__})
