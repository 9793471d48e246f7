#!/usr/bin/python3
"""Draws the layers of a run: utilisation and cycles, coloured by what bounds them.

    plot_layers.py RESULTS.json PICTURE.svg|.png|.pdf

RESULTS.json is written by d1sim run ... --json RESULTS.json. Needs Debian's python3-matplotlib.
"""

import json
import sys
from pathlib import Path

BOUNDS = {  # the key of a bound in the JSON: what the legend says, its colour
    "matrix": ("matrix unit", "#2a6f97"),
    "sram_port": ("SRAM ports", "#f4a259"),
    "link": ("busiest link", "#8cb369"),
    "synchronisation": ("synchronisation", "#bc4b51"),
}
UNUSED = "#d9d9d9"


def read_layers(path):
    """The layers of a results file, and its totals."""
    results = json.loads(Path(path).read_text(encoding="utf-8"))
    if not results["layers"]:
        raise ValueError("it has no layers")
    return results["layers"], results["totals"]


def draw(layers, totals, path):
    import matplotlib
    matplotlib.use("agg")
    # Text stays text, and equal results give equal files.
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "d1sim", "font.size": 8})
    from matplotlib import pyplot
    from matplotlib.patches import Patch

    places = range(len(layers))
    colours = [BOUNDS[layer["bound_by"]][1] for layer in layers]
    figure, (upper, lower) = pyplot.subplots(2, 1, sharex=True, figsize=(max(6, 1 + 0.18 * len(layers)), 5.5),
                                             layout="constrained")
    upper.bar(places, [100 * layer["utilization"] for layer in layers], color=colours)
    upper.axhline(100 * totals["utilization"], color="black", linewidth=0.8, linestyle="dashed")
    upper.text(len(layers) - 0.4, 100 * totals["utilization"], " all layers", va="center")
    upper.set_ylabel("% of peak")

    lower.bar(places, [layer["cycles"] for layer in layers], color=UNUSED)
    lower.bar(places, [layer["bounds"][layer["bound_by"]] for layer in layers], color=colours)
    lower.set_ylabel("cycles")
    lower.set_xticks(places, [layer["name"] for layer in layers], rotation=90)
    lower.set_xlim(-0.6, len(layers) - 0.4)

    present = [key for key in BOUNDS if any(layer["bound_by"] == key for layer in layers)]
    handles = [Patch(color=BOUNDS[key][1], label=f"lower bound: {BOUNDS[key][0]}") for key in present]
    handles.append(Patch(color=UNUSED, label="cycles beyond it"))
    upper.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(handles), frameon=False)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120, metadata={"Date": None} if str(path).endswith(".svg") else None)


def main(arguments):
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        layers, totals = read_layers(arguments[0])
        draw(layers, totals, arguments[1])
    except ImportError:
        print("plot_layers: needs matplotlib: apt-get install python3-matplotlib", file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"plot_layers: {arguments[0]}: it has no {error}; is it the --json of d1sim run?", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"plot_layers: {arguments[0]}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
