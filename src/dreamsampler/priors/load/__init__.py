"""From a name, a folder, a file or a ready pipeline to a prior."""

from .model import load

__all__ = ["load"]
