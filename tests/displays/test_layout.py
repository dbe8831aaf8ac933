"""The layout of a diagram: places of units, and room for text."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet.displays.layout import arrange, fit, shortened

LABELS = ["input\n3 features", "hidden 1\n4 units\nrelu", "output\n1 unit\nlogistic"]


@pytest.mark.parametrize(
    ("size", "most", "shown", "heights"),
    [
        (1, 10, [0], [0.0]),
        (3, 10, [0, 1, 2], [1.0, 0.0, -1.0]),
        (4, 4, [0, 1, 2, 3], [1.5, 0.5, -0.5, -1.5]),
        (5, 4, [0, 1, 3, 4], [2.0, 1.0, -1.0, -2.0]),
        (784, 5, [0, 1, 2, 782, 783], [2.5, 1.5, 0.5, -1.5, -2.5]),
        (100, 2, [0, 99], [1.0, -1.0]),
    ],
)
def test_the_first_and_the_last_units_are_shown(size, most, shown, heights):
    layout = arrange([size, 1], most)
    assert_array_equal(layout.shown[0], shown)
    assert_allclose(layout.centres[0], np.column_stack([np.zeros(len(shown)), heights]))


def test_layers_are_equally_far_apart_and_all_centred():
    layout = arrange([3, 4, 50, 1], 10)
    assert_allclose([c[0, 0] for c in layout.centres], layout.gap * np.arange(4))
    assert_allclose([c[:, 1].mean() for c in layout.centres], 0.0, atol=1e-12)
    assert layout.width == pytest.approx(3 * layout.gap)
    assert layout.height == 11.0  # ten units and the dots


@pytest.mark.parametrize(("width", "height"), [(400.0, 300.0), (150.0, 500.0), (1000.0, 120.0)])
def test_diagram_and_text_fit_the_given_size(width, height):
    layout = arrange([3, 4, 1], 10)
    scale = fit(layout, LABELS, None, None, legend=True, width=width, height=height)
    assert scale.points * layout.width + scale.left + scale.right <= width + 1e-9
    assert scale.points * layout.stretched(scale.stretch).height + scale.bottom + scale.top <= height + 1e-9
    assert 5.0 <= scale.fontsize <= 10.0


def test_text_is_smaller_where_there_is_little_room():
    layout = arrange([3, *[10] * 12, 1], 10)
    sizes = [fit(layout, LABELS, None, None, legend=False, width=w, height=w).fontsize for w in (300, 600, 1200)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] == 10.0


def test_names_take_room_beside_the_outer_layers():
    layout = arrange([3, 4, 1], 10)
    plain = fit(layout, LABELS, None, None, legend=False, width=500, height=500)
    named = fit(layout, LABELS, ["a" * 18] * 3, ["b" * 12], legend=False, width=500, height=500)
    assert named.left > named.right > plain.right
    assert named.points < plain.points


def test_names_take_at_most_a_part_of_the_width():
    layout = arrange([3, 4, 1], 10)
    long, longer = (
        fit(layout, LABELS, ["a" * n] * 3, None, legend=False, width=300, height=300) for n in (100, 10_000)
    )
    assert long == longer
    assert long.left < 0.4 * 300
    assert len(shortened("a" * 100, long.longest)) == long.longest < 100


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("age", "age"),
        ("exactly ten", "exactly ten"),
        ("sepal length (cm)", "sepal leng\N{HORIZONTAL ELLIPSIS}"),
        ("standardscaler__age", "age"),
        ("onehotencoder__profession_teacher", "profession\N{HORIZONTAL ELLIPSIS}"),
        ("a__b", "a__b"),
    ],
)
def test_long_names_lose_the_step_of_a_pipeline_or_their_end(name, words):
    assert shortened(name, 11) == words


def test_units_of_a_narrow_diagram_are_farther_apart_and_text_is_staggered():
    layout = arrange([3, 5, 5, 5, 1], 10)
    labels = [LABELS[0], *["hidden 1\n5 units\nrelu"] * 3, LABELS[-1]]
    narrow = fit(layout, labels, None, None, legend=False, width=160, height=300)
    wide = fit(layout, labels, None, None, legend=False, width=800, height=300)
    assert narrow.stretch > 1.2 > wide.stretch == 1.0
    assert narrow.drop > 0.0 == wide.drop
    stretched = layout.stretched(2.0)
    assert_allclose(stretched.centres[1], layout.centres[1] * [1.0, 2.0])
    assert stretched.height == 9.0  # four distances of 2, and 1


@pytest.mark.parametrize(("width", "n_cols"), [(500.0, 2), (120.0, 1)])
def test_the_legend_has_one_column_if_there_is_no_room_for_two(width, n_cols):
    assert fit(arrange([3, 4, 1], 10), LABELS, None, None, legend=True, width=width, height=400).n_cols == n_cols


def test_scale_has_an_upper_bound():
    layout = arrange([3, 4, 1], 10)
    assert fit(layout, LABELS, None, None, legend=False, width=1e4, height=1e4, most=36.0).points == 36.0
