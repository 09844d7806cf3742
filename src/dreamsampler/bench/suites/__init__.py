"""The benchmarks on scenes, one a file: cases, rows and columns. The rest is `bench.harness`."""
