"""One file for each role: the promises of its Protocol, run over every implementation. A new one adds a line."""
