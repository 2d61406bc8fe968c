"""How plots look: a strong line for what is meant, a faint one for what it is to be seen beside; no frame, no legend.

Owns: colours, axes, labels, the file. Knows no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STRONG, FAINT = "#1f4e79", "#9a9a9a"
# The same picture gives the same file.
matplotlib.rcParams.update({
    "svg.hashsalt": "weir", "font.size": 9.0, "axes.titlesize": 9.0,
    "axes.spines.top": False, "axes.spines.right": False,
})
# Of the height of an axis, between two labels.
APART = 0.05


def panels(rows: int, columns: int, across: str, up: str, size: tuple[float, float],
           heights: Sequence[int] | None = None) -> tuple[Figure, list[Axes]]:
    """A figure of panels, labelled at its left and at its foot."""
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, height_ratios=heights)
    for axes in grid[-1]:
        axes.set_xlabel(across)
    for axes in grid[:, 0]:
        axes.set_ylabel(up)
    return figure, list(grid.flat)


def line(axes: Axes, across: Sequence[float], up: Sequence[float], strong: bool, marker: str = "") -> None:
    """A line; strong ones lie above faint ones."""
    axes.plot(across, up, color=STRONG if strong else FAINT, linewidth=1.4 if strong else 0.8,
              marker=marker, markersize=4, zorder=3 if strong else 2)


def end_labels(axes: Axes, ends: Mapping[str, float]) -> None:
    """Names beside the ends of lines, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    at = -float("inf")
    for name, end in sorted(ends.items(), key=lambda one: one[1]):
        at = max((end - low) / (high - low), at + APART)
        axes.text(1.01, at, name, transform=axes.transAxes, color=STRONG, va="center")


def write(figure: Figure, path: Path) -> None:
    """The file, without the time of its making."""
    figure.savefig(path, format="svg", metadata={"Date": None})
