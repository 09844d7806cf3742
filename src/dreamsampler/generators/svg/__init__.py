"""Vector drawings as a generator: rasteriser, reading, writing, initialisation."""
