#include "models/program/random_program.hpp"

#include <bit>
#include <cmath>
#include <random>
#include <string>

namespace d1::program {

namespace {

class generator {
  public:
    generator(std::uint64_t seed, const random_program_options& options) : engine_(seed), options_(options) {}

    program run() {
        program p;
        p.name = "random \"\\\n\x80 program";
        std::uint32_t address = 0;
        for (std::uint64_t b = below(4); b > 0; --b) {
            const auto bytes = static_cast<std::uint32_t>(1 + below(4096));
            const auto content = below(2) == 0 ? buffer_content::data : buffer_content::index;
            p.buffers.push_back({name(p), address, bytes, type(), content, below(2) == 0});
            address += bytes + static_cast<std::uint32_t>(below(64));
        }
        for (std::uint64_t s = below(3); s > 0; --s) {
            p.semaphores.push_back({name(p), static_cast<std::uint32_t>(8 * s),
                                    static_cast<std::uint32_t>(1 + below(8)), static_cast<std::uint32_t>(below(3))});
        }
        for (std::uint64_t t = below(5); t > 0; --t) block(p.threads.emplace_back(), 0);
        return p;
    }

  private:
    // The standard distributions differ between libraries; the engine does not.
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }

    /// Some of the names that the printer would give to counters.
    static std::string name(const program& p) {
        static constexpr const char* names[] = {"i", "j_", "k", "tile", "i_", "loop", "_0", "nan"};
        return names[p.buffers.size() + p.semaphores.size()];
    }

    std::int64_t number() {
        if (options_.extreme_numbers && below(4) == 0) return static_cast<std::int64_t>(engine_());
        if (options_.extreme_numbers && below(16) == 0) return std::numeric_limits<std::int64_t>::min();
        return static_cast<std::int64_t>(below(41)) - 20;
    }
    std::int64_t coefficient() { return below(2) == 0 ? 0 : number(); }

    affine expression(std::size_t depth) {
        affine a;
        a.constant = below(2) == 0 ? static_cast<std::int64_t>(below(12000)) : number();
        for (std::size_t d = 0; d < depth; ++d) a.loop[d] = coefficient();
        a.x = coefficient();
        a.y = coefficient();
        return a;
    }
    affine count(std::size_t depth) {
        if (!options_.short_loops) return expression(depth);
        affine a = static_cast<std::int64_t>(below(4)) - 1;
        if (depth > 0 && below(3) == 0) a.loop[below(depth)] = below(2) == 0 ? 1 : -1;
        if (below(4) == 0) a.x = 1;
        if (below(4) == 0) a.y = -1;
        return a;
    }
    std::uint32_t size() {
        return options_.extreme_numbers ? static_cast<std::uint32_t>(engine_())
                                        : static_cast<std::uint32_t>(1 + below(64));
    }
    numerics::element_type type() {
        const auto bias = below(4) == 0 ? static_cast<std::uint8_t>(below(256)) : std::uint8_t{0};
        return {below(2) == 0 ? numerics::number_format::bf16 : numerics::number_format::fp32, bias};
    }
    float scalar() {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(engine_()));
        if (std::isnan(value) || below(4) == 0) return below(2) == 0 ? -0.0F : 0.0F;
        return value;
    }
    node_reference<affine> node(std::size_t depth) { return {expression(depth), expression(depth)}; }
    transfer_shape shape() { return {size(), size(), number(), number()}; }
    semaphore_update<affine> update(std::size_t depth) {
        return {expression(depth), below(2) == 0 ? affine(1) : expression(depth)};
    }
    std::optional<semaphore_update<affine>> maybe_update(std::size_t depth) {
        return below(2) == 0 ? std::nullopt : std::optional(update(depth));
    }

    vector_operation<affine> vector(std::size_t depth) {
        vector_operation<affine> v{static_cast<numerics::elementwise_operation>(
                                       below(static_cast<std::uint64_t>(numerics::last_elementwise_operation) + 1)),
                                   expression(depth),
                                   expression(depth),
                                   expression(depth),
                                   scalar(),
                                   size(),
                                   type(),
                                   type(),
                                   type()};
        v.broadcast_b = below(2) == 0;
        if (below(2) == 0) v.active = expression(depth);
        if (below(2) == 0) {
            v.rounding = numerics::rounding_mode::stochastic;
            v.key = expression(depth);
            v.index = expression(depth);
        }
        if (below(2) == 0) {
            v.rows = size();
            v.a_stride = number();
            v.b_stride = number();
            v.destination_stride = number();
            v.index_stride = number();
        }
        return v;
    }
    lookup_table<affine> table(std::size_t depth) {
        return {expression(depth), size(), size(), below(2) == 0 ? 8U : 16U};
    }
    instruction transfer(std::size_t depth) {
        switch (below(3)) {
            case 0:
                return push<affine>{node(depth), expression(depth),   expression(depth),
                                    shape(),     maybe_update(depth), maybe_update(depth)};
            case 1:
                return pull<affine>{node(depth), expression(depth), expression(depth), shape(), maybe_update(depth)};
            default:
                return signal<affine>{below(2) == 0 ? std::nullopt : std::optional(node(depth)), update(depth)};
        }
    }

    instruction operation(std::size_t depth) {
        switch (below(11)) {
            case 0:
                return matrix_multiply<affine>{expression(depth),
                                               expression(depth),
                                               expression(depth),
                                               below(2) == 0 ? affine(1) : expression(depth),
                                               size(),
                                               size(),
                                               size(),
                                               type(),
                                               type(),
                                               below(2) == 0 ? 0 : number()};
            case 1:
                return vector(depth);
            case 2:
                return copy<affine>{expression(depth), expression(depth), shape()};
            case 3:
                return gather<affine>{expression(depth), table(depth), expression(depth), size()};
            case 4:
                return scatter_add<affine>{table(depth), expression(depth), expression(depth), size(), type(), type()};
            case 5:
                return transpose<affine>{expression(depth), expression(depth), size(), size(),
                                         number(),          number(),          type()};
            case 6:
                return reduce<affine>{static_cast<reduction>(below(5)),
                                      expression(depth),
                                      expression(depth),
                                      size(),
                                      size(),
                                      number(),
                                      type(),
                                      type()};
            case 7:
                return barrier<affine>{expression(depth), node(depth), size(), size(), size()};
            case 8:
            case 9:
                return transfer(depth);
            default:
                return wait<affine>{expression(depth), below(2) == 0 ? affine(1) : expression(depth)};
        }
    }

    void block(std::vector<instruction>& out, std::size_t depth, bool in_list = false) {
        for (std::uint64_t n = below(4); n > 0; --n) {
            if (depth < max_loop_depth && below(3) != 0) {
                out.emplace_back(loop_begin{count(depth)});
                block(out, depth + 1, in_list);
                out.emplace_back(loop_end{});
            } else if (in_list) {
                out.push_back(transfer(depth));
            } else if (below(6) == 0) {
                out.emplace_back(list_begin{});
                block(out, depth, true);
                out.emplace_back(list_end{});
            } else {
                out.push_back(operation(depth));
            }
        }
    }

    std::mt19937_64 engine_;
    random_program_options options_;
};

}  // namespace

program random_program(std::uint64_t seed, const random_program_options& options) {
    return generator(seed, options).run();
}

}  // namespace d1::program
