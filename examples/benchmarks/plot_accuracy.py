"""Draw the accuracy of sknet and its alternatives against the time of fits, from the figures in ``accuracy.csv``.

    python examples/benchmarks/plot_accuracy.py [--output accuracy.png]

Needs matplotlib: ``pip install -e ".[plot]"``. Run this script in ``examples/images`` to create the picture of the
README. The picture shows the rows of seed 0. The reference is scikit-learn's MLP, with 0% and a time of 1.
"""

import argparse
import csv
import io
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

FIGURES = Path(__file__).with_name("accuracy.csv")
SUITES = {"business": "11 tables with categories, gaps, noise", "core": "25 tables, most of them clean"}
MEASURES = {"error": "Classification", "nrmse": "Regression"}
REFERENCE = "scikit-learn's MLP"
INK, OWN, OTHERS = "#1f2933", "#c2410c", "#33658a"
RIGHT, LEFT = (9, 0, "left", "center"), (-9, 0, "right", "center")
ABOVE, BELOW = (0, 8, "center", "bottom"), (0, -8, "center", "top")
ABOVE_RIGHT = (-5, 7, "left", "bottom")
BELOW_RIGHT = (5, -7, "left", "top")
# The places of labels that are not to the right of their points.
PLACES = {
    ("business", "error", "CatBoost"): ABOVE,
    ("business", "error", "sknet"): LEFT,
    ("business", "error", "sknet, preset"): BELOW_RIGHT,
    ("business", "error", "HistGradientBoosting"): ABOVE_RIGHT,
    ("business", "error", "LightGBM"): BELOW,
    ("business", "nrmse", "HistGradientBoosting"): ABOVE,
    ("business", "nrmse", "LightGBM"): BELOW,
    ("business", "nrmse", "CatBoost"): BELOW,
    ("business", "nrmse", "sknet"): ABOVE,
    ("core", "error", "HistGradientBoosting"): ABOVE,
    ("core", "nrmse", "HistGradientBoosting"): LEFT,
    ("core", "nrmse", "LightGBM"): BELOW,
    ("core", "nrmse", "CatBoost"): ABOVE_RIGHT,
    ("core", "nrmse", "sknet, preset"): ABOVE,
    ("core", "nrmse", "sknet"): LEFT,
    ("core", "nrmse", "RealMLP"): BELOW,
}


def read():
    """Return the rows of the file that are drawn, with figures as floats."""
    with FIGURES.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["seeds"] == "0" or row["contestant"] == REFERENCE]
    return [row | {name: float(row[name]) for name in ("time", *MEASURES)} for row in rows]


def panel(ax, rows, suite, measure):
    """Draw one measure of one suite."""
    for row in rows:
        name = row["contestant"]
        own, reference = name.startswith("sknet"), name == REFERENCE
        color = OWN if own else INK if reference else OTHERS
        ax.plot(row["time"], row[measure], "D" if own else "o", color=color, markersize=9 if name == "sknet" else 7)
        x, y, horizontal, vertical = PLACES.get((suite, measure, name), RIGHT)
        ax.annotate(
            name, (row["time"], row[measure]), (x, y), textcoords="offset points", ha=horizontal, va=vertical,
            color=color, fontsize=11, fontweight="bold" if name == "sknet" else "normal",
        )  # fmt: skip
    ax.axhline(0.0, color=INK, linewidth=0.8, alpha=0.3, zorder=0)
    ax.set(xscale="log", xlim=(0.004, 200))
    low = min(row[measure] for row in rows)
    ax.set_ylim(-0.12 * low, 1.15 * low)  # smaller errors are higher
    ax.xaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_major_formatter("{x:.0f}%")
    ax.tick_params(colors=INK, labelsize=10)
    ax.grid(alpha=0.15)
    ax.spines[["top", "right"]].set_visible(False)


def draw():
    """Return the figure: a column for each suite, a row for each measure."""
    rows = read()
    figure, axes = plt.subplots(2, 2, figsize=(12, 7.4), layout="constrained", facecolor="white", sharex=True)
    figure.get_layout_engine().set(wspace=0.04, hspace=0.04)
    for column, (suite, title) in zip(axes.T, SUITES.items()):
        for ax, (measure, name) in zip(column, MEASURES.items()):
            panel(ax, [row for row in rows if row["suite"] == suite], suite, measure)
            ax.set_title(f"{name}: {title}", loc="left", color=INK, fontsize=12)
    labels = ("change of the error (higher is better)", "change of nRMSE (higher is better)")
    for ax, label in zip(axes[:, 0], labels):
        ax.set_ylabel(label, color=INK, fontsize=11)
    for ax in axes[1]:
        ax.set_xlabel("time of all fits, scikit-learn's MLP = 1 (further left is better)", color=INK, fontsize=11)
    return figure


def save(figure, path):
    """Write the figure with 64 colours, which makes the file a third as large."""
    content = io.BytesIO()
    figure.savefig(content, dpi=100)
    Image.open(content).convert("RGB").quantize(64).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="accuracy.png")
    save(draw(), parser.parse_args().output)


if __name__ == "__main__":
    main()
