#!/usr/bin/python3
"""Draws what `d1sim noc --json FILE` measured: latency over accepted rate, and a heat map of the links.

    scripts/plot_noc.py mesh.json [more.json ...] [--out PREFIX] [--curve-only | --links-only] [--dpi N]

writes PREFIX.png, PREFIX.svg (the curves of all files, each named by what sets it apart from the others) and
PREFIX_links.png, PREFIX_links.svg (the links of the first). Hollow points are saturated.
"""

import argparse
import json
import sys

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.collections
    import matplotlib.lines
    import matplotlib.pyplot as plt
except ImportError:
    sys.exit("plot_noc: matplotlib is missing; scripts/setup plot installs it")

plt.rcParams["svg.hashsalt"] = "d1sim"  # the same file for the same figures


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


def traits(report):
    """What a measurement is of, part by part."""
    noc = report["parameters"]["die"]["noc"]
    dead = len(report["harvest"]["dead"])
    links = len(report["parameters"]["die"]["harvest"]["dead_links"])
    reply = report.get("reply")
    channels = noc["channels_per_class"]
    return {
        "mesh": f"{noc['columns']} x {noc['rows']}",
        "traffic": report.get("pattern", "trace").replace("_", " "),
        "burst": f"bursts of {report['burst']}" if report.get("burst", "1") != "1" else "single packets",
        "on_off": f"on and off {report['on_off']}" if "on_off" in report else "",
        "reply": f"replies of {reply['packets']}" if reply else "",
        "timing": report["timing"],
        "routing": noc["routing"].replace("_", "-"),
        "arbitration": noc["arbitration"].replace("_", " "),
        "depth": f"{noc['buffer_depth']} deep",
        "channels": f"{channels} channel{'s' if channels != 1 else ''} a class",
        "hop": f"hop {noc['pipeline_stages']} + {noc['link_latency']}",
        "dead": f"{dead} dead" if dead else "full mesh",
        "links": f"{links} link{'s' if links != 1 else ''} dead" if links else "",
    }


def told_apart(reports):
    """What all measurements share, and of each what the others do not have in common with it."""
    all_traits = [traits(report) for report in reports]
    differing = [key for key in all_traits[0] if len({one[key] for one in all_traits}) > 1]
    shared = ", ".join(value for key, value in all_traits[0].items() if key not in differing and value)
    names = [", ".join(one[key] for key in differing if one[key]) for one in all_traits]
    return shared, names


def draw_curves(reports, out, dpi):
    shared, names = told_apart(reports)
    figure, axes = plt.subplots(figsize=(7.5, 4.8))
    least = min(p["zero_load_latency"] for r in reports for p in r["points"])
    top = 6 * least
    for report, name, marker in zip(reports, names, "os^vD<>pP*" * len(reports)):
        points = report["points"]
        sound = [i for i, p in enumerate(points) if not p["saturated"]]
        shown = points[:sound[-1] + 2] if sound else points[:1]  # and the first that is saturated
        line = axes.plot([p["accepted"] for p in shown], [p["latency"]["mean"] for p in shown], label=name or None)[0]
        for saturated in (False, True):
            of_kind = [p for p in shown if p["saturated"] == saturated]
            # What is above the frame is marked at its edge.
            axes.errorbar([p["accepted"] for p in of_kind], [min(p["latency"]["mean"], top) for p in of_kind],
                          yerr=[p["confidence"] if p["latency"]["mean"] < top else 0 for p in of_kind],
                          linestyle="none", marker=marker, markersize=4, color=line.get_color(),
                          markerfacecolor="white" if saturated else line.get_color(), clip_on=False)
        axes.axvline(report["saturation_throughput"], color=line.get_color(), linewidth=0.7, linestyle=":")
    axes.axhline(least, color="grey", linewidth=0.7)
    axes.text(0, least, " zero load", color="grey", fontsize="x-small", va="bottom")
    axes.set_xlim(left=0)
    axes.set_ylim(0, top)
    axes.set_xlabel("accepted (packets / node / cycle)")
    axes.set_ylabel("mean latency (cycles)")
    axes.set_title(shared, fontsize="small")
    axes.grid(alpha=0.3)
    handles, texts = axes.get_legend_handles_labels()
    handles.append(matplotlib.lines.Line2D([], [], color="grey", linestyle="none", marker="o", markersize=4,
                                           markerfacecolor="white"))
    handles.append(matplotlib.lines.Line2D([], [], color="grey", linewidth=0.7, linestyle=":"))
    axes.legend(handles, texts + ["saturated", "highest accepted"], fontsize="x-small", loc="upper left")
    save(figure, out, dpi)


def draw_links(report, out, dpi):
    """Each link is a stroke from its router towards the next, beside the one that comes back."""
    noc = report["parameters"]["die"]["noc"]
    figure, axes = plt.subplots(figsize=(0.36 * noc["columns"] + 2, 0.36 * noc["rows"] + 1.4))
    links = [link for link in report["links"]["utilisation"] if link["port"] != "local"]
    colours = plt.get_cmap("inferno_r")
    scale = matplotlib.colors.Normalize(0, max([link["utilisation"] for link in links] + [1e-9]))
    steps = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
    strokes, values = [], []
    for link in links:
        dx, dy = steps[link["port"]]
        x, y = link["x"] - 0.13 * dy, link["y"] + 0.13 * dx
        strokes.append([(x + 0.14 * dx, y + 0.14 * dy), (x + 0.86 * dx, y + 0.86 * dy)])
        values.append(link["utilisation"])
    axes.add_collection(matplotlib.collections.LineCollection(strokes, array=values, cmap=colours, norm=scale,
                                                              linewidths=3))
    dead = [tuple(place) for place in report["harvest"]["dead"]]
    live = [(x, y) for x in range(noc["columns"]) for y in range(noc["rows"]) if (x, y) not in dead]
    axes.scatter(*zip(*live), s=10, color="silver", marker="s", zorder=2)
    if dead:
        axes.scatter(*zip(*dead), s=70, color="black", marker="x", label="dead node", zorder=3)
        axes.legend(fontsize="x-small", loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2, frameon=False)
    axes.set_xlim(-0.7, noc["columns"] - 0.3)
    axes.set_ylim(noc["rows"] - 0.3, -0.7)
    axes.set_aspect("equal")
    axes.set_xticks(range(0, noc["columns"], max(1, noc["columns"] // 10)))
    axes.set_yticks(range(0, noc["rows"], max(1, noc["rows"] // 10)))
    axes.set_xlabel("column (east to the right)")
    axes.set_ylabel("row (south downwards)")
    at = report["links"]
    load = (f"rate {at['rate']:.3g}" if "rate" in at else
            f"{at['outstanding']} outstanding" if "outstanding" in at else "replayed")
    shared = [value for key, value in traits(report).items() if value and key not in ("arbitration", "depth", "hop")]
    axes.set_title(", ".join(shared[:3]) + "\n" + ", ".join(shared[3:] + [load]), fontsize="x-small", loc="left")
    figure.colorbar(matplotlib.cm.ScalarMappable(norm=scale, cmap=colours), ax=axes, shrink=0.8,
                    label="utilisation of a link (packets / packets it could carry)")
    save(figure, out + "_links", dpi)


def save(figure, out, dpi):
    figure.tight_layout()
    for kind, about in (("png", {"Software": None}), ("svg", {"Date": None})):
        figure.savefig(f"{out}.{kind}", dpi=dpi, metadata=about)
        print(f"{out}.{kind}")
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--out", default="noc", metavar="PREFIX")
    parser.add_argument("--dpi", default=110, type=int, metavar="N", help="of the PNG files")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--curve-only", action="store_true")
    only.add_argument("--links-only", action="store_true")
    given = parser.parse_args()
    reports = [read(name) for name in given.files]
    if not given.links_only:
        draw_curves(reports, given.out, given.dpi)
    if not given.curve_only:
        draw_links(reports[0], given.out, given.dpi)


if __name__ == "__main__":
    main()
