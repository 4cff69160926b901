"""A scenario being carried out: the controller that joins proposers, slots, parser and store."""
