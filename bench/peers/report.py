# SPDX-License-Identifier: MIT
"""The table and the chart."""
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import NullFormatter, StrMethodFormatter

TITLES = {"project": "project", "backproject": "backproject with weights", "derivatives": "project, then all its gradients"}


def number(x):
    return "—" if x is None else f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def table(rows, preamble, notes):
    lines = [*preamble, "",
             "| box | operation | kernel | program | precision | threads | ns per sample | spread | × float | × double | error |",
             "|---:|---|---|---|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        lines.append("| " + " | ".join([
            str(row["box"]), TITLES[row["operation"]], row["kernel"], row["program"], row["precision"], str(row["threads"]),
            number(row["ns"]), f"{100 * row['spread']:.0f} %", number(row["float"]), number(row["double"]),
            "—" if row["error"] is None else f"{row['error']:.1e}"]) + " |")
    return "\n".join([*lines, "", *notes, ""])


COLOURS = {"Bracewell": "Blues", "plain": "Greys", "torch-projectors": "Oranges", "FINUFFT": "Greens", "RELION": "Purples"}


def colour(program, used):
    """A shade of the colour of its family, darker ones first."""
    family = next(family for family in COLOURS if program.startswith(family))
    shade = used.setdefault(family, [])
    if program not in shade:
        shade.append(program)
    return plt.get_cmap(COLOURS[family])(0.8 - 0.22 * shade.index(program))


def chart(rows, path):
    panels = list(dict.fromkeys((row["operation"], row["kernel"]) for row in rows))
    across = min(2, len(panels))
    down = -(-len(panels) // across)
    figure, axes = plt.subplots(down, across, figsize=(9 * across, 3.4 * down), squeeze=False, layout="constrained")
    for axis, (operation, kernel) in zip(axes.flat, panels):
        here = [row for row in rows if (row["operation"], row["kernel"]) == (operation, kernel)]
        boxes = list(dict.fromkeys(row["box"] for row in here))
        programs = list(dict.fromkeys(label(row) for row in here))
        width, used = 0.85 / len(programs), {}
        for i, program in enumerate(programs):
            chosen = [row for row in here if label(row) == program]
            x = [boxes.index(row["box"]) + (i - (len(programs) - 1) / 2) * width for row in chosen]
            bars = axis.bar(x, [row["ns"] for row in chosen], width, color=colour(program, used), label=program)
            axis.bar_label(bars, [number(row["ns"]) for row in chosen], fontsize=7, rotation=90, padding=2)
        axis.set_yscale("log")
        axis.set_ylim(1, 3 * max(row["ns"] for row in here))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set_xticks(range(len(boxes)), [f"box {box}" for box in boxes])
        axis.set_ylabel("ns per sample")
        axis.set_title(f"{TITLES[operation]}, {kernel}")
        axis.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    for axis in axes.flat[len(panels):]:
        axis.set_visible(False)
    figure.savefig(path, dpi=110)


def label(row):
    threads = f", {row['threads']} threads" if row["threads"] > 1 else ""
    return f"{row['program']}, {row['precision']}{threads}"
