"""A radiance field as generator: field, occupancy grid, sampling along rays, volume rendering, surface."""

from .field import FrequencyField, TriPlaneField
from .generator import Nerf, NerfSettings, View
from .march import Marched, march
from .mesh import Mesh, extract_mesh
from .occupancy import Occupancy

__all__ = [
    "FrequencyField",
    "Marched",
    "Mesh",
    "Nerf",
    "NerfSettings",
    "Occupancy",
    "TriPlaneField",
    "View",
    "extract_mesh",
    "march",
]
