"""The section ``publish``: where results and files go while the study runs."""

from __future__ import annotations

from boxwright.scenario.section import Positive, PositiveSeconds, Section


class Publish(Section, frozen=True, kw_only=True):
    """Where ``results.csv`` and files of runs are uploaded to while the study runs; it never waits for that.

    Attributes:
        to: A folder of an object store or file system, as fsspec names it: ``s3://bucket/path``, ``gs://…``, ``az://…``,
            ``file:///…``. The study gets a folder of its own in it, by its name.
        files: Which files of each finished run go along; patterns as in ``glob``, inside the run folder.
        best: Only those of so many best runs, or of a noisy study's so many best configurations.
        wait_s: Seconds that the end of the study waits for what is still to be uploaded.
    """

    to: str
    files: tuple[str, ...] = ()
    best: Positive | None = None
    wait_s: PositiveSeconds = 60.0
