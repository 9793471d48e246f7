# Sourced by the other scripts: where the repository is, and how a preset of it is built.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# step TEXT: what a script is about to do, on stderr, so that a program's own output stays alone on stdout.
step() { printf '\n== %s\n' "$*" >&2; }

# fail TEXT...: one line each to stderr, then exit 2.
fail() { printf '%s\n' "$@" >&2; exit 2; }

# build PRESET [TARGET...]: configures the preset and builds it in build/PRESET; with ccache where there is one.
build() {
    local preset=$1 launcher
    shift
    launcher="$(command -v ccache || true)"
    export CCACHE_SLOPPINESS=pch_defines,time_macros  # else it does not take compilations with compiled headers
    step "Configuring build/$preset"
    cmake -S "$root" --preset "$preset" \
        -DCMAKE_C_COMPILER_LAUNCHER="$launcher" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >&2
    step "Building build/$preset"
    cmake --build "$root/build/$preset" --parallel "$(nproc)" ${1:+--target "$@"} >&2
}

# run_tests PRESET LABELS: the tests of a built preset whose label matches the regular expression LABELS.
run_tests() {
    step "Tests of build/$1 labelled $2"
    (cd "$root" && ctest --preset "$1" --label-regex "$2" --parallel "$(nproc)")
}
