"""The record of a run, kept and opened without torch."""
