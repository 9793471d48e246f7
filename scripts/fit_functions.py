#!/usr/bin/env python3
"""Derives the constants of the elementary functions: prints models/numerics/function_constants.hpp.

    fit_functions.py [--check FILE]     --check: compare with FILE; exit code 1 if they differ, nothing printed

Polynomials are minimax fits, in the relative error of the function that they serve, by Remez exchange in 40-digit decimal
arithmetic, so the result is the same on every host. Coefficients are then rounded to the nearest FP32.
"""

import struct
import sys
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 40
GRID = 240
PI = Decimal("3.141592653589793238462643383279502884197169399375")


def fp32(value):
    """The nearest FP32, as a Decimal."""
    return Decimal(struct.unpack("<f", struct.pack("<f", float(value)))[0])


def pattern(value):
    return struct.unpack("<I", struct.pack("<f", float(value)))[0]


def from_pattern(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


# ------------------------------------------------------------------------------------------------------ functions


def cosine(x):
    """By its series, for |x| <= pi."""
    term, total, n = Decimal(1), Decimal(1), 0
    while abs(term) > Decimal(10) ** -38:
        n += 2
        term *= -x * x / (n * (n - 1))
        total += term
    return total


def error_function(x):
    """By its series of positive terms: 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!."""
    term, total, n = x, x, 0
    while term > total * Decimal(10) ** -39:
        n += 1
        term *= 2 * x * x / (2 * n + 1)
        total += term
    return 2 / PI.sqrt() * (-x * x).exp() * total


def hyperbolic_tangent(x):
    e = (2 * x).exp()
    return (e - 1) / (e + 1)


# ---------------------------------------------------------------------------------------------------------- fitting


def solve(matrix, right):
    """Gaussian elimination with pivoting."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            for c in range(i, size + 1):
                rows[r][c] -= factor * rows[i][c]
    result = [Decimal(0)] * size
    for i in reversed(range(size)):
        known = sum(rows[i][c] * result[c] for c in range(i + 1, size))
        result[i] = (rows[i][size] - known) / rows[i][i]
    return result


def horner(coefficients, x):
    total = Decimal(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(samples, count):
    """The `count` coefficients that minimise the largest |weight (target - polynomial)| over (x, target, weight)."""
    at = [round(i * (len(samples) - 1) / count) for i in range(count + 1)]
    for _ in range(30):
        matrix, right = [], []
        for i, s in enumerate(at):
            x, target, weight = samples[s]
            matrix.append([x ** k for k in range(count)] + [(-1) ** i / weight])
            right.append(target)
        *coefficients, level = solve(matrix, right)
        errors = [w * (t - horner(coefficients, x)) for x, t, w in samples]
        at = exchange(errors, count + 1)
        if len(at) <= count or max(map(abs, errors)) <= abs(level) * Decimal("1.0001"):
            break
    return coefficients


def exchange(errors, count):
    """The largest error of each run of one sign; of those, `count` neighbours with the largest ends."""
    extremes = []
    for i, e in enumerate(errors):
        if extremes and (errors[extremes[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[extremes[-1]]):
                extremes[-1] = i
        else:
            extremes.append(i)
    while len(extremes) > count:
        extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
    return extremes


def fit(low, high, count, sample):
    """`count` FP32 coefficients on [low, high], constant term first. sample(x) gives target and weight."""
    nodes = [cosine(PI * i / GRID) for i in reversed(range(GRID + 1))]
    samples = []
    for node in nodes:
        x = (low + high) / 2 + (high - low) / 2 * node
        if abs(x) > Decimal("1e-6"):  # where a weight has a zero
            samples.append((x, *sample(x)))
    coefficients = [fp32(c) for c in remez(samples, count)]
    return coefficients, max(abs(w * (t - horner(coefficients, x))) for x, t, w in samples)


# ------------------------------------------------------------------------------------------- first approximations


def best_seed(low, high, estimate, error):
    """The constant in [low, high] whose estimate has the smallest worst error; that error is unimodal in it."""

    def worst(constant):
        return max(abs(error(x, estimate(constant, x))) for x in SEED_POINTS)

    while high - low > 2:
        third = (high - low) // 3
        if worst(low + third) <= worst(high - third):
            high -= third
        else:
            low += third
    return min(range(low, high + 1), key=worst)


SEED_POINTS = [1 + i / 1024 for i in range(3 * 1024)]  # [1, 4): every exponent parity


def reciprocal_seed():
    return best_seed(0x7EF00000, 0x7F000000, lambda c, x: from_pattern(c - pattern(x)), lambda x, y: 1 - x * y)


def reciprocal_square_root_seed():
    return best_seed(0x5F300000, 0x5F400000, lambda c, x: from_pattern(c - (pattern(x) >> 1)), lambda x, y: 1 - x * y * y)


# ------------------------------------------------------------------------------------------------------------ output


def exponential_sample(x):
    return (x.exp() - 1 - x) / (x * x), x * x / x.exp()


def logarithm_sample(x):
    log = (1 + x).ln()
    return (log - x + x * x / 2) / x ** 3, x ** 3 / log


def tangent_sample(u):
    x = u.sqrt()
    ratio = hyperbolic_tangent(x) / x
    return (ratio - 1) / u, u / ratio


def small_error_sample(u):
    x = u.sqrt()
    ratio = error_function(x) / x
    return ratio - 1, 1 / ratio


def large_error_sample(x):
    erf = error_function(x)
    return -(1 - erf).ln(), (1 - erf) / erf


def split(value, bits):
    """value = high + low, high with at most `bits` significant bits."""
    mask = 0xFFFFFFFF << (24 - bits) & 0xFFFFFFFF
    high = Decimal(from_pattern(pattern(value) & mask))
    return high, fp32(value - high)


def hexadecimal(value):
    """A C++ literal without a loss."""
    mantissa, exponent = float(value).hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent + "F"


HEADER = """\
#pragma once
// Made by scripts/fit_functions.py, which says how; not to be edited.

#include <array>
#include <cstdint>

namespace d1::numerics::constants {

// clang-format off
"""


def array(name, comment, fitted):
    coefficients, error = fitted
    lines = [f"// {comment}", f"// Relative error of the function due to it, at most: 2^{float(error.ln() / Decimal(2).ln()):.1f}."]
    values = [hexadecimal(c) for c in coefficients]
    lines.append(f"inline constexpr std::array {name}{{")
    for i in range(0, len(values), 5):
        lines.append("    " + ", ".join(values[i:i + 5]) + ("," if i + 5 < len(values) else "};"))
    return "\n".join(lines) + "\n"


def scalar(name, value, comment):
    return f"// {comment}\ninline constexpr float {name} = {hexadecimal(value)};\n"


def word(name, value, comment):
    return f"// {comment}\ninline constexpr std::uint32_t {name} = 0x{value >> 16:04X}'{value & 0xFFFF:04X};\n"


def header():
    ln2 = Decimal(2).ln()
    high, low = split(ln2, 15)
    half_octave = Decimal("0.34660")  # ln(2)/2 and what the rounding of k can add
    root = Decimal(2).sqrt()
    tangent_limit, error_limit, error_end = Decimal("0.625"), Decimal("0.90625"), Decimal(4)
    tiny = Decimal("1e-6")
    parts = [
        HEADER,
        word("reciprocal_seed", reciprocal_seed(), "1/x is about the float of pattern seed - pattern(x)."),
        word("reciprocal_square_root_seed", reciprocal_square_root_seed(),
             "1/sqrt(x) is about the float of pattern seed - pattern(x)/2."),
        scalar("log2_e", fp32(1 / ln2), "1/ln 2."),
        scalar("ln2_high", high, "ln 2 = ln2_high + ln2_low; a product of ln2_high and an integer below 512 is exact."),
        scalar("ln2_low", low, "The rest of ln 2."),
        array("exponential", "exp r = 1 + r + r^2 P(r), |r| <= ln(2)/2.",
              fit(-half_octave, half_octave, 5, exponential_sample)),
        array("logarithm", "log(1+f) = f - f^2/2 + f^3 P(f), sqrt(1/2) <= 1+f <= sqrt(2).",
              fit(1 / root - 1, root - 1, 9, logarithm_sample)),
        scalar("tangent_limit", tangent_limit, "Up to it tanh is its polynomial, beyond it 1 - 2/(exp(2x) + 1)."),
        array("hyperbolic_tangent", "tanh x = x + x^3 P(x^2), x < tangent_limit.",
              fit(tiny, tangent_limit ** 2, 5, tangent_sample)),
        scalar("error_limit", error_limit, "Up to it erf is its polynomial, beyond it 1 - exp(-P(x))."),
        scalar("error_end", error_end, "From it on erf rounds to 1."),
        array("small_error_function", "erf x = x + x P(x^2), x < error_limit.",
              fit(tiny, error_limit ** 2, 7, small_error_sample)),
        array("large_error_function", "1 - erf x = exp(-P(x)), error_limit <= x <= error_end.",
              fit(error_limit, error_end, 8, large_error_sample)),
        "}  // namespace d1::numerics::constants\n",
    ]
    return "\n".join(parts)


def main(arguments):
    text = header()
    if len(arguments) == 2 and arguments[0] == "--check":
        if Path(arguments[1]).read_text(encoding="utf-8") == text:
            return 0
        print(f"fit_functions.py: {arguments[1]} is not what this script makes", file=sys.stderr)
        return 1
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
