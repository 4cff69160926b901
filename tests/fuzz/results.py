"""What runs print: result lines, and ``name<TAB>value`` lines."""

from __future__ import annotations

import math

from boxwright.errors import RunError
from boxwright.parse.logs import LINE_LIMIT_BYTES, Line
from boxwright.parse.readings import Readings
from boxwright.parse.result_line import read_result
from boxwright.parse.stdout import read_tab_line
from fuzz.mutating import Kind

_STATUSES = ("SUCCESS", "SAT", "UNSAT", "TIMEOUT", "CRASHED", "ABORT", "RUNNING", "KILLED", "StatusType.MEMOUT")


def _result_line(data: bytes) -> object:
    found = read_result(Line(1, data[:LINE_LIMIT_BYTES], len(data) > LINE_LIMIT_BYTES))
    if found is not None:
        assert found.quality is None or not math.isnan(found.quality)
        assert found.runtime_s is None or 0 <= found.runtime_s < math.inf
        assert found.additional.isprintable()
    return found


def _tab_line(data: bytes) -> object:
    readings = Readings("quality", "error")
    read_tab_line(Line(1, data, False), "stdout.log", "tab", readings)
    assert all(math.isfinite(value) for value in readings.metrics().values())
    for note in readings.notes():
        assert note.isprintable()
    return readings


RESULT_LINE = Kind(
    "result-line",
    250,
    (
        "Result of this algorithm run: SUCCESS, 3.5, -1, 0.25, 42, run 17",
        "Result of algorithm run: SAT, 1, 1, 0.5, 0",
        "Final Result for HAL: UNSATISFIABLE, 1e-3, 0, 0x1.8p3, 1, a text",
        "  Result for ParamILS: TIMEOUT, 5.0d, 1, 1.7976931348623157E308, -1",
        'Result of this algorithm run: {"status": "SUCCESS", "cost": 0.1, "runtime": 3.2, "misc": "text"}',
        'Result for SMAC: {"status": "StatusType.CRASHED", "runtime": "1.5", "more": [1, {"a": null}]}',
    ),
    _result_line,
    (RunError,),
    (*_STATUSES, "Result of algorithm run:", '"status": ', '"cost": ', '"runtime"', ", ", '{"a":' * 500, "\\ud800"),
)
TAB_LINE = Kind("tab-line", 30, ("quality\t0.25", "loss\t1e-3", "a b\t7\n"), _tab_line, (), ("quality", "\t", "\t1"))
