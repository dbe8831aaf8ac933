"""Layout: places the units of a diagram, and computes the room that the text around them needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_CHARACTER, _LINE = 0.62, 1.4  # largest width and height of a character, in font sizes
_LEGEND, _BRACKET = 29.0, 26.0  # width of the legend in one row, and of the text above, in font sizes
_NAMES = 0.25  # share of the width for the names at each side; longer names are shortened
_FARTHEST = 36.0  # largest distance of units, in points, if there is more height than width
_FONT_SIZES, _SMALL = (10.0, 8.0, 7.0, 6.0, 5.0), 6.0  # points; small labels may be staggered


class Layout(NamedTuple):
    """The units of a diagram; the unit of length is the distance of two neighbours in a layer.

    Attributes
    ----------
    shown : list of ndarray of shape (n_shown,)
        Numbers of the units that are shown, for each layer.
    centres : list of ndarray of shape (n_shown, 2)
        The centres of the units; the inputs are at x = 0, and all layers are centred on y = 0.
    gap : float
        Distance from layer to layer.
    width, height : float
        Distance from inputs to outputs, and height of the highest layer.
    """

    shown: list[np.ndarray]
    centres: list[np.ndarray]
    gap: float
    width: float
    height: float

    def stretched(self, factor: float) -> Layout:
        """Return the layout with the units of each layer ``factor`` times as far apart."""
        centres = [points * [1.0, factor] for points in self.centres]
        return self._replace(centres=centres, height=(self.height - 1.0) * factor + 1.0)


class Scale(NamedTuple):
    """The size of a diagram in points: ``points`` per unit of length, the size of text, and the room for text around.

    ``left`` and ``right`` are measured from the centres of the outer layers, ``bottom`` and ``top`` from the highest
    layer. ``longest`` is the largest number of characters of a name. The text under every other layer is lower by
    ``drop``. ``n_cols`` is the number of columns of the legend. The units of a layer are ``stretch`` times farther
    apart if the height allows it.
    """

    points: float
    fontsize: float
    left: float
    right: float
    bottom: float
    top: float
    longest: int
    drop: float
    n_cols: int
    stretch: float


def arrange(layer_sizes: Sequence[int], most: int) -> Layout:
    """Return the places of at most ``most`` units of each layer, the first and the last ones."""
    shown, heights = zip(*(_shortened(n, most) for n in layer_sizes), strict=True)
    height = float(max(np.ptp(y) for y in heights)) + 1.0
    n_gaps = len(heights) - 1
    gap = float(np.clip(1.5 * height / n_gaps, 2.2, 4.5))
    centres = [np.column_stack([np.full(len(y), gap * i), y]) for i, y in enumerate(heights)]
    return Layout(list(shown), centres, gap, gap * n_gaps, height)


def fit(
    layout: Layout, labels: list[str], input_names: Any, output_names: Any, *, legend: bool, width: float,
    height: float, most: float = np.inf,
) -> Scale:  # fmt: skip
    """Return the largest scale, up to ``most`` points, and the largest text that fit ``width`` x ``height`` points.

    The text consists of ``labels`` under the layers, names beside the outer layers, a line above, and with ``legend`` a
    legend.
    """
    widest, lines = max(map(_length, labels)), max(label.count("\n") + 1 for label in labels)
    for fontsize in _FONT_SIZES:
        longest = max(4, int(_NAMES * width / (_CHARACTER * fontsize)))
        left, right = (
            max(24.0, 0.5 * _CHARACTER * fontsize * _length(label), _beside(names, fontsize, longest))
            for label, names in ((labels[0], input_names), (labels[-1], output_names))
        )
        rows = 0 if not legend else 1 if width >= _LEGEND * fontsize else 2
        top = 16.0 + 2.0 * fontsize + (10.0 + _LINE * fontsize) * rows
        for drop in (0.0, _LINE * fontsize * lines):
            bottom = 8.0 + _LINE * fontsize * lines + drop
            across, up = (width - left - right) / layout.width, (height - bottom - top) / layout.height
            points = max(1.0, min(across, up, most))
            side_by_side = points * layout.gap * (2.0 if drop else 1.0) >= _CHARACTER * fontsize * widest
            if side_by_side:
                break
        stretch = (up * layout.height / points - 1.0) / max(1.0, layout.height - 1.0) if np.isfinite(height) else 1.0
        stretch = max(1.0, min(stretch, _FARTHEST / points))
        if side_by_side and points * stretch >= _LINE * fontsize and (not drop or fontsize <= _SMALL):
            break
    least = min(width, fontsize * (_LEGEND if rows == 1 else _BRACKET))
    spare = max(0.0, least - left - right - points * layout.width) / 2
    n_cols = 1 if rows == 2 else 2
    return Scale(points, fontsize, left + spare, right + spare, bottom, top, longest, drop, n_cols, stretch)


def _length(label: str) -> int:
    return max(map(len, label.split("\n")))


def _beside(names: Any, fontsize: float, longest: int) -> float:
    """Return the room for the names of units, measured from the centre of their layer."""
    if names is None:
        return 0.0
    return 20.0 + _CHARACTER * fontsize * min(longest, max(len(str(name)) for name in names))


def shortened(name: str, most: int) -> str:
    """Shorten a name to at most ``most`` characters: cut off the step of a pipeline first, and then its end."""
    if len(name) > most:
        name = name.rpartition("__")[2]
    return name if len(name) <= most else name[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _shortened(n: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the units to show of ``n``, and their heights: 1 apart, and 2 apart at the dots."""
    if n <= most:
        return np.arange(n), (n - 1) / 2 - np.arange(n)
    first = -(-most // 2)
    slots = np.delete(np.arange(most + 1), first)
    return np.where(slots < first, slots, slots + n - most - 1), most / 2 - slots
