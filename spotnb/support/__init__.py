"""Helpers that every other package uses: argument checks, arrays, atomic file writes and system limits."""
