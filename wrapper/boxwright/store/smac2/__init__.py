"""The files that SMAC v2's users and their tools read: written from a study, and read as runs of elsewhere."""
