"""Vector drawings as a generator: rasterizer, reading, writing, initialization."""
