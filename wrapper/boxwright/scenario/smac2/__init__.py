"""SMAC v2's scenario (option) files: read as they are, and written from a scenario."""
