"""boxwright turns any command line into a black box that can be designed, tuned and run on any number of slots."""

__version__ = "0.1.0"
