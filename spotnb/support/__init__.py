"""Checks, arrays, files and the machine: what every other room uses."""
