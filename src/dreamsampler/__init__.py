"""dreamsampler: one loop for diffusion sampling and score distillation."""

__version__ = "0.1.0"
