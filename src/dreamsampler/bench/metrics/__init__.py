"""Measures of edited and restored pictures, one a file; docs/benchmarks.md says what each means."""
