"""One batch job per run, for sites that forbid pilots and for runs of many hours."""
