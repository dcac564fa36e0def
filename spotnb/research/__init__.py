"""Grids of many runs, and runs on many machines."""
