"""Slots inside batch jobs: a pilot is one job that holds some slots and takes runs from the controller."""
