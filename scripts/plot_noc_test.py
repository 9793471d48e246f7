"""plot_noc_test.py D1SIM: a sweep is measured and drawn; other files are refused. Ends with 77 without matplotlib."""

import subprocess
import sys
import tempfile
from pathlib import Path

D1SIM = sys.argv[1]
PLOT = Path(__file__).with_name("plot_noc.py")


def plot(*arguments):
    return subprocess.run([PLOT, *map(str, arguments)], capture_output=True, text=True, check=False)


def main():
    if "matplotlib is missing" in plot("--help").stderr:
        print("matplotlib is not installed (scripts/setup plot): nothing was drawn")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sweep = folder / "noc.json"
        subprocess.run([D1SIM, "noc", "--no-dead", "--set", "die.noc.columns=4", "--set", "die.noc.rows=3", "--rate",
                        "0.1,0.9", "--cycles", "200", "--json", sweep], check=True, capture_output=True)
        drawn = plot(sweep, "--out", folder / "mesh")
        assert drawn.returncode == 0, drawn.stderr
        for kind, head in (("svg", b"<?xml"), ("png", b"\x89PNG")):
            for part in ("mesh", "mesh_links"):
                assert (folder / f"{part}.{kind}").read_bytes().startswith(head), (part, kind)
        trace = folder / "trace.csv"
        trace.write_text("0,0,0,1,0,16,data\n", encoding="utf-8")
        replayed = folder / "replayed.json"
        subprocess.run([D1SIM, "noc", "--trace", trace, "--json", replayed], check=True, capture_output=True)
        both = plot(sweep, replayed, "--out", folder / "both", "--curve-only")
        assert both.returncode == 0, both.stderr
        assert "mesh" not in both.stdout and not (folder / "both_links.png").exists()
        first = (folder / "mesh.svg").read_bytes()
        plot(sweep, "--out", folder / "mesh")
        assert (folder / "mesh.svg").read_bytes() == first
        other = folder / "other.json"
        for text in ("", "[]", '{"schema": "d1sim-run/1"}'):
            other.write_text(text, encoding="utf-8")
            refused = plot(other)
            assert refused.returncode != 0 and "plot_noc: " in refused.stderr, text
            assert "Traceback" not in refused.stderr, refused.stderr


if __name__ == "__main__":
    main()
