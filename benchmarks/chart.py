"""The chart of a benchmark: milliseconds per image of every row."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.table import ROWS
from platefuse.runner.atomic import atomic_write

_SERIES = {
    ("one", "batch1"): ("one core, batch 1", "#9ecae1"),
    ("all", "batch1"): ("all cores, batch 1", "#3182bd"),
    ("one", "batch16"): ("one core, batch 16", "#a1d99b"),
    ("all", "batch16"): ("all cores, batch 16", "#31a354"),
}
_HEIGHT = 0.8 / len(_SERIES)


def draw_chart(results: dict[str, Any], path: Path) -> None:
    """Draw a bar chart for each model.

    Bars have quartiles; the axis is logarithmic.
    """
    models = results["models"]
    figure = Figure(figsize=(7 * len(models), 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, model) in zip(figure.subplots(1, len(models), squeeze=False)[0], models.items(), strict=True):
        _draw_model(axes, name, model["reading"])
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", ncols=len(labels), loc="outside upper center")
    machine = results["machine"]
    figure.supxlabel(
        f"{machine['processor']}, {machine['cores']} cores; TensorFlow {machine['versions']['tensorflow']}, "
        f"Python {machine['python']}; medians, whiskers are quartiles",
        fontsize="small",
    )
    with atomic_write(path) as draft:
        figure.savefig(draft, dpi=100, metadata={"Software": None})


def _draw_model(axes: Any, name: str, reading: dict[str, Any]) -> None:
    rows = [row for row in ROWS if row in reading["all"]["batch1"]]
    for index, ((cores, batch), (label, colour)) in enumerate(_SERIES.items()):
        summaries = [reading[cores][batch][row] for row in rows]
        medians = [summary["median"] for summary in summaries]
        below, above = ([abs(each[key] - each["median"]) for each in summaries] for key in ("lower", "upper"))
        positions = [row + (index - (len(_SERIES) - 1) / 2) * _HEIGHT for row in range(len(rows))]
        bars = axes.barh(positions, medians, _HEIGHT, color=colour, label=label, xerr=(below, above), ecolor="#555555")
        axes.bar_label(bars, [f"{median:.1f}" for median in medians], padding=6, fontsize=7)
    axes.set_yticks(range(len(rows)), [ROWS[row] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("milliseconds per image")
    axes.set_title(f"{name}: reading images")
