#pragma once
// Instructions of every kind that computes or moves bytes, of random shapes, formats and alignments: for tests.

#include <random>

#include "models/core/pipeline/demonstration_kernels.hpp"

namespace d1::pipeline::demonstration {

class instruction_generator {
  public:
    explicit instruction_generator(std::mt19937& random) : random_(random) {}

    [[nodiscard]] program::step any() {
        switch (random_() % 8) {
            case 0:
            case 1:
                return matrix();
            case 2:
                return vector();
            case 3:
                return lines();
            case 4:
                return reduction();
            case 5:
                return transposition();
            case 6:
                return look_up();
            default:
                return sums();
        }
    }

  private:
    [[nodiscard]] std::uint32_t upto(std::uint32_t most) { return 1 + static_cast<std::uint32_t>(random_() % most); }
    [[nodiscard]] bool one_in(std::uint32_t n) { return random_() % n == 0; }
    [[nodiscard]] numerics::element_type type() { return one_in(2) ? bf16 : fp32; }

    [[nodiscard]] program::step matrix() {
        auto m = product(upto(7), upto(7), upto(150), one_in(2), type());
        m.a = 64 * upto(30);
        m.a_step_stride = one_in(3) ? 100 * upto(9) : 0;
        return m;
    }
    [[nodiscard]] program::step vector() {
        auto v = on_vector(static_cast<numerics::elementwise_operation>(random_() % 24), upto(one_in(2) ? 5000 : 40),
                           type());
        if (one_in(2)) {
            v.rows = upto(40);
            v.a_stride = one_in(3) ? 0 : 20'000;
            v.b_stride = 10'000 + upto(100);
            v.destination_stride = 20'000;
        }
        v.a = upto(200);
        v.destination_type = type();
        v.broadcast_b = one_in(4);
        return v;
    }
    [[nodiscard]] program::step lines() {
        return program::copy<std::int64_t>{
            .source = upto(100), .destination = 0, .shape = {upto(50), upto(700), upto(900), upto(900)}};
    }
    [[nodiscard]] program::step reduction() {
        program::reduce<std::int64_t> r;
        r.rows = upto(60);
        r.operation = one_in(2) ? program::reduction::sum : program::reduction::index_of_maximum;
        r.elements = upto(600);
        r.source_stride = 2400;
        r.source_type = r.destination_type = type();
        return r;
    }
    [[nodiscard]] program::step transposition() {
        program::transpose<std::int64_t> t;
        t.rows = upto(60);
        t.columns = upto(60);
        t.source = upto(64);
        t.source_stride = 4 * upto(200);
        t.destination_stride = 4 * upto(200);
        t.type = type();
        return t;
    }
    [[nodiscard]] program::step look_up() {
        program::gather<std::int64_t> g;
        g.table = {0, 100, upto(8), one_in(2) ? 8U : 16U};
        g.destination = 8 * upto(8);
        g.elements = upto(300);
        return g;
    }
    [[nodiscard]] program::step sums() {
        program::scatter_add<std::int64_t> s;
        s.table = {0, 100, upto(8), 16};
        s.elements = upto(300);
        s.table_type = s.source_type = type();
        return s;
    }

    std::mt19937& random_;
};

[[nodiscard]] inline program::step random_instruction(std::mt19937& random) {
    return instruction_generator(random).any();
}

}  // namespace d1::pipeline::demonstration
