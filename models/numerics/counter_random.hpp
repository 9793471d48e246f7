#pragma once

#include <cstdint>

namespace d1::numerics {

/// A bijection of 64-bit words in which every input bit flips every output bit with probability near one half:
/// xor-shifts and odd multiplications (the constants are Stafford's variant 13 of the MurmurHash3 finaliser).
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t word) {
    word = (word ^ word >> 30) * 0xBF58'476D'1CE4'E5B9;
    word = (word ^ word >> 27) * 0x94D0'49BB'1331'11EB;
    return word ^ word >> 31;
}

/// Counter-based random bits: a pure function of its arguments, so a value depends on what it is for and never on how
/// many were drawn before it or by whom. `seed` names the run, `key` the stream (a tensor, a node), `index` the
/// element.
///
/// Each argument is added to a multiple of an odd constant (2^64 divided by the golden ratio) and mixed in turn: for
/// fixed seed and key the index runs through a permutation, so a stream never repeats within its 2^64 elements.
/// Uniform over all 64 bits, also for consecutive or small arguments. Not for cryptography.
[[nodiscard]] constexpr std::uint64_t counter_random(std::uint64_t seed, std::uint64_t key, std::uint64_t index) {
    constexpr std::uint64_t step = 0x9E37'79B9'7F4A'7C15;
    const std::uint64_t run = mix_bits(seed + step);
    const std::uint64_t stream = mix_bits(run + (key + 1) * step);
    return mix_bits(stream + (index + 1) * step);
}

}  // namespace d1::numerics
