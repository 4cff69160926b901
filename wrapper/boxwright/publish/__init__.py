"""Uploads results and files of a running study, in a process of its own."""
