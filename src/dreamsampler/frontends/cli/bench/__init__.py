"""`dreamsampler bench`: measurements that the documents quote, to be repeated by anyone."""

from . import drawings, inverse, machines, methods
from .options import app

__all__ = ["app", "drawings", "inverse", "machines", "methods"]
