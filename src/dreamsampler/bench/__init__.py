"""Benchmarks: each module has a `run(...)` that returns what it measured; docs/benchmarks.md explains the columns."""
