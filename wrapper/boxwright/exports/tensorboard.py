"""TensorBoard's HParams: one experiment, and a folder of events per settled trial, as its plugin wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from boxwright.exports.formats import need
from boxwright.report.charts import Axis
from boxwright.report.source import Source
from boxwright.report.words import value_text
from boxwright.store.records import RunRecord
from boxwright.terms import Status

_MANY = 2000


def write_tensorboard(source: Source, path: Path) -> list[str]:
    """Write event files for ``tensorboard --logdir``.

    Raises:
        UserError: TensorBoard is not installed.
    """
    try:
        from tensorboard.plugins.hparams import summary_v2 as hparams
    except ImportError as error:
        raise need("TensorBoard", "tensorboard") from error

    path.mkdir()
    metrics = [hparams.Metric(name) for name in source.metrics]
    parameters = [hparams.HParam(axis.name, _domain(axis, hparams)) for axis in source.axes]
    _write_events(path / "events.out.tfevents.0.boxwright", [hparams.hparams_config_pb(parameters, metrics)], 0.0)
    written = 0
    for record in source.store.runs():
        if record.settles:
            _write_run(path / f"run-{record.run:06d}", record, source, hparams)
            written += 1
    if written <= _MANY:
        return []
    return [f"TensorBoard reads a folder per trial, and is slow with {written:,} of them"]


def _write_run(folder: Path, record: RunRecord, source: Source, hparams: Any) -> None:
    from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

    folder.mkdir()
    values = {axis.name: _plain(axis, record.config[axis.name]) for axis in source.axes if axis.name in record.config}
    start = hparams.hparams_pb(values, trial_id=f"run {record.run}", start_time_secs=record.started or 0.0)
    good = record.status in (Status.SUCCESS, Status.TIMEOUT)
    end = plugin_data_pb2.SessionEndInfo(
        status=api_pb2.STATUS_SUCCESS if good else api_pb2.STATUS_FAILURE, end_time_secs=record.ended or 0.0
    )
    over = hparams._summary_pb("_hparams_/session_end_info", plugin_data_pb2.HParamsPluginData(session_end_info=end))
    numbers = {name: record.metrics[name] for name in source.metrics if name in record.metrics}
    if record.quality is not None:
        numbers.setdefault(source.objective.metric, record.quality)
    summaries = [start, *(_scalar(name, number) for name, number in numbers.items()), over]
    _write_events(folder / f"events.out.tfevents.{record.run}.boxwright", summaries, record.ended or 0.0)


def _scalar(name: str, number: float) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=number)])


def _write_events(path: Path, summaries: list[Any], time_s: float) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=time_s, file_version="brain.Event:2").SerializeToString())
        for summary in summaries:
            writer.write(Event(wall_time=time_s, step=0, summary=summary).SerializeToString())


def _domain(axis: Axis, hparams: Any) -> Any:
    if axis.choices:
        return hparams.Discrete([_plain(axis, choice) for choice in axis.choices])
    return (
        hparams.IntInterval(int(axis.lower), int(axis.upper))
        if axis.whole
        else hparams.RealInterval(axis.lower, axis.upper)
    )


def _plain(axis: Axis, value: Any) -> Any:
    """Return a value; as a text where a parameter has choices of several types, since TensorBoard wants one."""
    if len({type(choice) for choice in axis.choices}) > 1:
        return value_text(value)
    return value
