"""One verb per file: a library call that returns data, and the command that prints it and returns an exit code."""
