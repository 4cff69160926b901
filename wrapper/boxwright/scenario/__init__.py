"""Scenario files: what a person asks for, decoded into frozen types."""
