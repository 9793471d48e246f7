#!/usr/bin/python3
"""Draws what `d1sim noc --json FILE` measured: latency over accepted rate, and a heat map of the links.

    scripts/plot_noc.py mesh.json [more.json ...] [--out PREFIX]

writes PREFIX.png, PREFIX.svg (the curves of all files) and PREFIX_links.png, PREFIX_links.svg (the links of the first).
"""

import argparse
import json
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    sys.exit("plot_noc: matplotlib is missing; scripts/setup plot installs it")


def read(name):
    try:
        with open(name, encoding="utf-8") as file:
            report = json.load(file)
    except (OSError, ValueError) as problem:
        sys.exit(f"plot_noc: {name}: {problem}")
    if not isinstance(report, dict) or report.get("schema") != "d1sim-noc/1":
        sys.exit(f"plot_noc: {name}: not a result of 'd1sim noc --json' (schema d1sim-noc/1)")
    if not report["points"]:
        sys.exit(f"plot_noc: {name}: it has no point")
    return report


def label(report):
    noc = report["parameters"]["die"]["noc"]
    return (f"{report['pattern']}, {report['timing']}, {noc['routing']}, depth {noc['buffer_depth']}, "
            f"{noc['channels_per_class']} channels, {len(report['harvest']['dead'])} dead")


def draw_curves(reports, out):
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for report in reports:
        points = report["points"]
        axes.errorbar([p["accepted"] for p in points], [p["latency"]["mean"] for p in points],
                      yerr=[p["confidence"] for p in points], marker="o", markersize=3, label=label(report))
    least = min(p["zero_load_latency"] for r in reports for p in r["points"])
    axes.set_ylim(0, 10 * least)
    axes.set_xlabel("accepted, packets per node and cycle")
    axes.set_ylabel("mean latency, cycles")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    save(figure, out)


def draw_links(report, out):
    """Each link is a stroke from its router towards the next, beside the one that comes back."""
    noc = report["parameters"]["die"]["noc"]
    figure, axes = plt.subplots(figsize=(0.45 * noc["columns"] + 2, 0.45 * noc["rows"] + 1))
    links = [link for link in report["links"]["utilisation"] if link["port"] != "local"]
    colours = matplotlib.colormaps["inferno_r"] if hasattr(matplotlib, "colormaps") else plt.get_cmap("inferno_r")
    scale = matplotlib.colors.Normalize(0, max([link["utilisation"] for link in links] + [1e-9]))
    steps = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
    for link in links:
        dx, dy = steps[link["port"]]
        x, y = link["x"] - 0.12 * dy, link["y"] + 0.12 * dx
        axes.plot([x + 0.15 * dx, x + 0.85 * dx], [y + 0.15 * dy, y + 0.85 * dy],
                  color=colours(scale(link["utilisation"])), linewidth=4, solid_capstyle="butt")
    for x, y in report["harvest"]["dead"]:
        axes.plot(x, y, "x", color="black")
    axes.set_xlim(-0.7, noc["columns"] - 0.3)
    axes.set_ylim(noc["rows"] - 0.3, -0.7)
    axes.set_aspect("equal")
    axes.set_title(f"{label(report)}\nrate {report['links']['rate']:.3g}", fontsize="small")
    figure.colorbar(matplotlib.cm.ScalarMappable(norm=scale, cmap=colours), ax=axes, label="utilisation of a link")
    save(figure, out + "_links")


def save(figure, out):
    figure.tight_layout()
    for kind in ("png", "svg"):
        figure.savefig(f"{out}.{kind}", dpi=150)
        print(f"{out}.{kind}")
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--out", default="noc", metavar="PREFIX")
    given = parser.parse_args()
    reports = [read(name) for name in given.files]
    draw_curves(reports, given.out)
    draw_links(reports[0], given.out)


if __name__ == "__main__":
    main()
