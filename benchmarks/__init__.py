"""Side-by-side measurements of spotnb and its alternatives; see `benchmarks/README.md`."""
