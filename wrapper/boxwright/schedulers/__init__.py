"""Batch schedulers: job scripts, and the commands that submit, ask and cancel, each in its own forms."""
