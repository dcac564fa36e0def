"""The trace of a run: its records in memory and on disk, without torch."""
