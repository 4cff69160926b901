"""A study on disk: its SQLite database, its run folders, its ``results.csv``."""
