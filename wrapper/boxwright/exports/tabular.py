"""CSV, JSON and Parquet: a row per run, as ``results.csv`` has them, run by run."""

from __future__ import annotations

import csv
import json
from itertools import islice
from pathlib import Path

from boxwright.exports.formats import need
from boxwright.report.frames import run_columns
from boxwright.report.source import Source
from boxwright.store.table import ResultsTable

_BATCH = 10_000


def write_csv(source: Source, path: Path) -> list[str]:
    """Write the columns of ``results.csv``, by number of the run."""
    table = ResultsTable(source.folder, source.parameters, source.metrics)
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns())
        writer.writerows(table.row(record) for record in source.store.runs())
    return []


def write_json(source: Source, path: Path) -> list[str]:
    """Write what ``boxwright results --json`` prints."""
    with path.open("w", encoding="utf-8") as file:
        mark = "["
        for record in source.store.runs():
            file.write(f"{mark}\n{json.dumps(record.as_json())}")
            mark = ","
        file.write("[]\n" if mark == "[" else "\n]\n")
    return []


def write_parquet(source: Source, path: Path) -> list[str]:
    """Write typed columns with the names of ``results.csv``, ten thousand rows at a time.

    Raises:
        UserError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise need("pyarrow", "parquet") from error
    types = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    columns = run_columns(source.axes, source.metrics)
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    runs = source.store.runs()
    with pq.ParquetWriter(path, schema) as writer:
        while rows := list(islice(runs, _BATCH)):
            cells = {column.name: [column.value(record) for record in rows] for column in columns}
            writer.write_table(pa.Table.from_pydict(cells, schema=schema))
    return []
