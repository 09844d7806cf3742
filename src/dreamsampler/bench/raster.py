"""How fast, exact and hungry the rasterizer is, over numbers of paths and sizes, with diffvg beside it if it is there.

Scenes are closed blobs of cubic segments with radii of 5-20 % of the picture and opacities of 0.4-1 on white. Time is
that of a forward and a backward pass; the processor's seconds are the robust figure, since the wall's depend on what
else runs. The truth is the exact-area picture in float64 at a multiple of the size, averaged, and its gradient; the
loss is the one of a fit, half the squared distance to the picture of another scene, linearized at the truth.
"""

from __future__ import annotations

import ctypes
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import InputError
from ..generators.svg.rasterizer import rasterize
from ..generators.svg.shapes import ellipse
from ..generators.svg.structure import Structure
from .tables import Cell, Column, Table

Pass = Callable[[Tensor, Tensor], Tensor]
"""Control points `[N, 2]` and colors `[P, 4]` -> picture `[3, H, W]` in [0, 1]."""


@dataclass(frozen=True)
class RasterCase:
    """What is drawn: numbers of paths and of cubic segments a path, and the side of the square picture."""

    paths: int
    segments: int
    side: int


CASES = (RasterCase(64, 4, 224), RasterCase(64, 12, 224), RasterCase(256, 4, 224), RasterCase(64, 4, 512))


@dataclass(frozen=True)
class RasterRow:
    """One renderer on one case.

    Attributes:
        cpu_ms, wall_ms: of each repetition, forward and backward, in milliseconds.
        peak_mib: growth of the process's largest resident memory; None where the system does not tell.
        error, worst: mean and largest distance to the truth in 8-bit levels.
        gradient_error: of the control points, relative to the truth's norm.
        difference_error: of the float64 gradient against central differences in random directions, relative; None
            for renderers without float64.
    """

    renderer: str
    case: RasterCase
    cpu_ms: tuple[float, ...]
    wall_ms: tuple[float, ...]
    peak_mib: float | None
    error: float
    worst: float
    gradient_error: float
    difference_error: float | None


def run(
    cases: Sequence[RasterCase] = CASES,
    *,
    repeats: int = 9,
    seed: int = 0,
    supersampling: int = 8,
    threads: int = 1,
    device: torch.device | str | None = None,
) -> list[RasterRow]:
    """Measure every renderer on every case.

    Args:
        repeats: timed passes a case; there are two untimed ones before.
        supersampling: of the truth, in each direction.
        threads: of torch, during the run. Below about a megapixel one is fastest. pydiffvg has threads of its own, one
            a processor; the processors' seconds are those of all of them.
        device: where ours runs; pydiffvg runs on the CPU.

    Raises:
        InputError: no repeats, or cases without paths, segments or pixels; or a pydiffvg that cannot be imported.
    """
    if repeats < 1 or supersampling < 1 or threads < 1:
        raise InputError("repeats, supersampling and threads: expected at least 1 each")
    for case in cases:
        if min(case.paths, case.side) < 1 or case.segments < 2:
            raise InputError(f"case {case}: expected at least 1 path, 2 segments and 1 pixel")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return [
            row for case in cases for row in _case(case, repeats, seed, supersampling, torch.device(device or "cpu"))
        ]
    finally:
        torch.set_num_threads(before)


def scene(case: RasterCase, seed: int) -> tuple[Tensor, Tensor]:
    """Control points `[N, 2]` and colors `[P, 4]` in float64 of irregular blobs."""
    rng = torch.Generator().manual_seed(seed)
    draw = torch.rand(case.paths, 7, generator=rng, dtype=torch.float64)
    radius = (0.05 + 0.15 * draw[:, :1]) * case.side
    points = ellipse(draw[:, 1:3] * case.side, radius.expand(-1, 2), case.segments)
    points = points + 0.15 * radius.unsqueeze(1) * torch.randn(points.shape, generator=rng, dtype=torch.float64)
    rgba = torch.cat([draw[:, 3:6], 0.4 + 0.6 * draw[:, 6:]], dim=1)
    return points.flatten(0, 1), rgba


def _case(case: RasterCase, repeats: int, seed: int, factor: int, device: torch.device) -> list[RasterRow]:
    points, rgba = scene(case, seed)
    rng = torch.Generator().manual_seed(seed + 1)
    structure = Structure.uniform(case.paths, case.segments)

    def ours(moved: Tensor, colors: Tensor) -> Tensor:
        return rasterize(moved, structure, colors, (case.side, case.side))[0]

    def supersampled(moved: Tensor, colors: Tensor) -> Tensor:
        large = rasterize(moved * factor, structure, colors, (case.side * factor, case.side * factor))
        return torch.nn.functional.avg_pool2d(large, factor)[0]

    with torch.no_grad():
        weight = ours(points, rgba) - ours(*scene(case, seed + 2))
    truth, slope = _forward_backward(supersampled, points, rgba, weight)
    rows = [_row("dreamsampler", case, ours, points, rgba, weight, truth, slope, repeats, device)]
    rows[0] = RasterRow(**{**vars(rows[0]), "difference_error": _differences(ours, points, rgba, weight, rng)})
    for name, render in _diffvg(case).items():
        rows.append(_row(name, case, render, points, rgba, weight, truth, slope, repeats, torch.device("cpu")))
    return rows


def _row(
    name: str,
    case: RasterCase,
    render: Pass,
    points: Tensor,
    rgba: Tensor,
    weight: Tensor,
    truth: Tensor,
    slope: Tensor,
    repeats: int,
    device: torch.device,
) -> RasterRow:
    inputs = [tensor.float().to(device) for tensor in (points, rgba, weight)]
    for _ in range(2):
        image, gradient = _forward_backward(render, *inputs)
    start = _reset_peak()
    cpu, wall = [], []
    for _ in range(repeats):
        marks = time.process_time(), time.perf_counter()
        _forward_backward(render, *inputs)
        if device.type != "cpu":
            torch.accelerator.synchronize(device)
        cpu.append(1000 * (time.process_time() - marks[0]))
        wall.append(1000 * (time.perf_counter() - marks[1]))
    peak = _peak()
    difference = (image.cpu().double() - truth).abs() * 255
    return RasterRow(
        renderer=name,
        case=case,
        cpu_ms=tuple(cpu),
        wall_ms=tuple(wall),
        peak_mib=None if start is None or peak is None else peak - start,
        error=float(difference.mean()),
        worst=float(difference.max()),
        gradient_error=float((gradient.cpu().double() - slope).norm() / slope.norm()),
        difference_error=None,
    )


def _forward_backward(render: Pass, points: Tensor, rgba: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The picture, and the gradient of its weighted sum by the control points (that of the colors is computed too)."""
    points, rgba = points.clone().requires_grad_(), rgba.clone().requires_grad_()
    image = render(points, rgba)
    gradient, _ = torch.autograd.grad((image * weight).sum(), [points, rgba])
    return image.detach(), gradient


def _differences(
    render: Pass, points: Tensor, rgba: Tensor, weight: Tensor, rng: torch.Generator, directions: int = 4
) -> float:
    """Largest relative distance of directional derivatives to central differences, float64, points and colors."""
    step, worst = 1e-6, 0.0
    _, gradient = _forward_backward(render, points, rgba, weight)
    for _ in range(directions):
        towards = torch.randn(points.shape, generator=rng, dtype=torch.float64)
        ahead, behind = (float((render(points + s * towards, rgba) * weight).sum()) for s in (step, -step))
        expected = (ahead - behind) / (2 * step)
        worst = max(worst, abs(float((gradient * towards).sum()) - expected) / float(gradient.norm() * towards.norm()))
    return worst


def _diffvg(case: RasterCase) -> dict[str, Pass]:
    """pydiffvg's renderings of the same scene, where it is installed; it is not on PyPI."""
    try:
        import pydiffvg
    except ImportError as error:
        if error.name == "pydiffvg":
            return {}
        raise InputError(f"pydiffvg: it is installed but cannot be imported ({error}); repair or remove it") from error
    pydiffvg.set_use_gpu(False)

    def passes(samples: int, prefilter: bool) -> Pass:
        def render(points: Tensor, rgba: Tensor) -> Tensor:
            counts = torch.full((case.segments,), 2, dtype=torch.int32)
            shapes: list[Any] = []
            groups: list[Any] = []
            for path, contour in enumerate(points.reshape(case.paths, -1, 2)):
                shapes.append(pydiffvg.Path(num_control_points=counts, points=contour, is_closed=True))
                ids = torch.tensor([path])
                groups.append(pydiffvg.ShapeGroup(shape_ids=ids, fill_color=rgba[path], use_even_odd_rule=False))
            arguments = pydiffvg.RenderFunction.serialize_scene(
                case.side, case.side, shapes, groups, use_prefiltering=prefilter
            )
            # A white background image: composing the result by its own alpha darkens all edges.
            ground = torch.ones(case.side, case.side, 4)
            image = pydiffvg.RenderFunction.apply(case.side, case.side, samples, samples, 0, ground, *arguments)
            return image[..., :3].permute(2, 0, 1)

        return render

    return {"diffvg 2x2": passes(2, False), "diffvg 1x1 prefiltered": passes(1, True)}


def _reset_peak() -> float | None:
    """Give free memory back, reset the kernel's high-water mark of resident memory and give its value in MiB."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _peak()


def _peak() -> float | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else None


COLUMNS = (
    Column("CPU time", "lower", 1, unit="ms"),
    Column("wall time", "lower", 1, unit="ms"),
    Column("CPU time over ours", "lower", 1),
    Column("peak memory", "lower", 0, unit="MiB"),
    Column("mean error", "lower", 3, unit="levels"),
    Column("largest error", "lower", 1, unit="levels"),
    Column("gradient error", "lower", 4),
    Column("distance to central differences", "lower", 12),
)


def table(rows: Sequence[RasterRow]) -> Table:
    """Rows as a table; times are medians with the fastest and slowest pass."""
    own = {row.case: statistics.median(row.cpu_ms) for row in rows if row.renderer == "dreamsampler"}
    lines = []
    for row in rows:
        case = row.case
        ratio = statistics.median(row.cpu_ms) / own[case] if own.get(case) else None
        cells = (
            _spread(row.cpu_ms),
            _spread(row.wall_ms),
            *(_cell(value) for value in (ratio, row.peak_mib, row.error, row.worst, row.gradient_error)),
            _cell(row.difference_error),
        )
        lines.append(((row.renderer, str(case.paths), str(case.segments), str(case.side)), cells))
    return Table("Rasterizer, forward and backward", ("renderer", "paths", "segments", "side"), COLUMNS, tuple(lines))


def _spread(values: Sequence[float]) -> Cell:
    return Cell(statistics.median(values), min(values), max(values), len(values), 0)


def _cell(value: float | None) -> Cell:
    return Cell(value, None, None, int(value is not None), 0)
