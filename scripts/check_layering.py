#!/usr/bin/env python3
"""Checks that the arrows between the folders point down only.

    check_layering.py [ROOT]        ROOT: the repository (default: the one this script stands in)

Reads every #include of models/, platforms/ and testbenches/ and refuses
- one of the project that is not written from the root of the repository, or names no file;
- one that goes up or sideways: testbenches -> platforms -> models, and among models as in ARROWS;
- SystemC in a block that is free of it, or in one of the plain headers that such blocks may use;
- a source file that no CMakeLists.txt names: it would never be compiled, and as a test never run.

Prints one line a violation, file:line first. Exit code 0: none; 1: some; 2: bad usage.
"""

import re
import sys
from pathlib import Path

TOPS = ("models", "platforms", "testbenches")

FREE_OF_SYSTEMC = ("parameter", "numerics", "statistics", "program")

# Headers of packet and sram that are plain types and functions, for blocks that are free of SystemC.
PLAIN = {f"models/packet/{name}.hpp" for name in ("coordinate", "packet_times", "transfer_cutter", "causality")} | {
    "models/sram/race_detector.hpp"}

BASE = ("parameter", "numerics", "statistics")
MIDDLE = ("packet", "timing", "sram", "program", "reporting")
ARROWS = {
    "parameter": (),
    "numerics": ("parameter",),
    "statistics": ("parameter",),
    "reporting": BASE,
    "packet": BASE,
    "program": BASE,                # and the plain headers
    "timing": BASE + ("packet",),
    "sram": BASE + ("packet", "timing"),
    "core": BASE + MIDDLE,
    "noc": BASE + MIDDLE,
    "tile_io": BASE + MIDDLE,
    "dip": BASE + MIDDLE,
    "transactors": BASE + MIDDLE,
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]')
SYSTEMC = re.compile(r"^(systemc(\.h)?|tlm(\.h)?|sysc/.*|tlm_core/.*|tlm_utils/.*)$")
TEST = re.compile(r"_(test|benchmark|test_main|test_main_cases)\.cpp$|_bench\.hpp$")
FOR_TESTS = ("reporting", "transactors")  # what a test of any block may use


def included_by(file):
    """The #include lines of a file: line number, whether in angle brackets, path."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1] == "<", match[2]


def block_of(path):
    """models/noc/router.hpp -> noc; None outside models."""
    parts = path.split("/")
    return parts[1] if parts[0] == "models" and len(parts) > 2 else None


def wrong_arrow(source, target):
    """Why a file may not include another one of the project, or None. Both are paths from the root."""
    source_top, target_top = source.split("/")[0], target.split("/")[0]
    if TOPS.index(target_top) > TOPS.index(source_top):
        return f"{source_top} may not include {target_top}"
    block, used = block_of(source), block_of(target)
    if block is None or block == used:
        return None
    if block not in ARROWS:
        return f"models/{block} has no place among the layers; give it one in scripts/check_layering.py"
    if used in ARROWS[block] or target in PLAIN and block != "parameter":
        return None
    if TEST.search(source) and used in FOR_TESTS:
        return None
    return f"models/{block} may not include models/{used}"


def violations_of(root, file):
    source = file.relative_to(root).as_posix()
    free = source in PLAIN or block_of(source) in FREE_OF_SYSTEMC and not TEST.search(source)
    for number, angled, target in included_by(file):
        why = None
        if target.split("/")[0] in TOPS and "/" in target:
            if angled:
                why = f'<{target}> is the project\'s: write "{target}"'
            elif not (root / target).is_file():
                why = f'"{target}" does not exist'
            elif source in PLAIN and target not in PLAIN:
                why = f"a plain header may include plain headers only, not {target}"
            else:
                why = wrong_arrow(source, target)
        elif not angled:
            why = f'"{target}" is not written from the root of the repository (and a library\'s goes in <>)'
        elif free and SYSTEMC.match(target):
            why = f"<{target}> in a file that is to be free of SystemC"
        if why:
            yield f"{source}:{number}: {why}"


def built_sources(root):
    """The names, without folders, of all .cpp files that a CMakeLists.txt names."""
    lists = (f for top in TOPS for f in (root / top).rglob("CMakeLists.txt"))
    return {name for file in lists for name in re.findall(r"[\w.-]+\.cpp\b", file.read_text(encoding="utf-8"))}


def violations(root):
    """All violations in the tree at root, in order of path and line."""
    files = sorted(f for top in TOPS for f in (root / top).rglob("*") if f.suffix in (".hpp", ".cpp", ".h"))
    if not files:
        raise FileNotFoundError(f"no sources below {root}")
    found = [line for file in files for line in violations_of(root, file)]
    built = built_sources(root)
    return found + [f"{file.relative_to(root).as_posix()}:1: no CMakeLists.txt names this file"
                    for file in files if file.suffix == ".cpp" and file.name not in built]


def main(arguments):
    if len(arguments) > 1 or arguments and arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(arguments[0]).resolve() if arguments else Path(__file__).resolve().parent.parent
    try:
        found = violations(root)
    except (OSError, UnicodeDecodeError) as error:
        print(f"check_layering: {error}", file=sys.stderr)
        return 2
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
