#include "testbenches/d1sim/critical_path.hpp"

#include <algorithm>
#include <stdexcept>

#include "models/program/text.hpp"

namespace d1 {

namespace {

constexpr std::array<path_part_description, path_part_count> descriptions{{
    {"matrix", "matrix steps"},
    {"simd", "SIMD operations"},
    {"sram_port", "vector ports of the SRAM, or units that other threads had taken"},
    {"memory", "lines and granules within the SRAM"},
    {"front_end", "issue of instructions"},
    {"latency", "results on their way out of a unit"},
    {"transfer", "pushes, pulls and signals, as if alone on the mesh"},
    {"contention", "transfers that waited for links, ports and engines"},
    {"interface", "waits for room in a network interface's queue"},
    {"barrier", "barriers, from the last thread that came on"},
    {"launch", "start of the programs"},
    {"arrival", "last bursts, after the last thread"},
}};

std::string text_of(const grid& places, node_index n) {
    return indexed("node", places.at(n));
}

class walker {
  public:
    walker(die& on, const job& j, const run_result& r)
        : die_(on), log_(*on.activities()), cycles_(r.cycles), programs_(on.places().size()) {
        for (const job::role& role : j.roles) {
            for (const coordinate c : role.members) {
                programs_[to_number(j.where.at(c))] = role.program.get();
            }
        }
    }

    critical_path walk() {
        std::uint32_t number = log_.last();
        if (number == 0) {
            throw std::logic_error("critical_path_of: no thread has ended");
        }
        const activity& last = log_.at(number);
        if (last.what.end < cycles_) {
            add(path_part::arrival, {last.what.end, cycles_, last.node, "the last bursts arrive"});
        }
        while (number != 0) {
            const activity& a = log_.at(number);
            const bool waited = a.what.doing == cycle_class::data || a.what.doing == cycle_class::others;
            if (waited && a.cause != 0) {
                wait(a, log_.at(a.cause));
                number = a.cause;
            } else {
                own(a);
                number = a.previous;
            }
        }
        std::reverse(path_.steps.begin(), path_.steps.end());
        return std::move(path_);
    }

  private:
    void add(path_part part, path_step step) {
        path_.parts[static_cast<std::size_t>(part)] += step.end - step.begin;
        path_.steps.push_back(std::move(step));
    }

    /// "thread 0: pull, instruction 5"
    [[nodiscard]] std::string place_of(const activity& a) const {
        std::string text = "thread " + std::to_string(a.thread);
        if (a.what.doing == cycle_class::launch) {
            return text + ": launch";
        }
        const auto& instructions = programs_[to_number(a.node)]->threads.at(a.thread);
        if (a.instruction < instructions.size()) {
            text += ": " + std::string(program::mnemonic_of(instructions[a.instruction]));
        }
        return text + ", instruction " + std::to_string(a.instruction);
    }

    /// Something that took its time by itself.
    void own(const activity& a) {
        const std::uint64_t length = a.what.end - a.begin;
        path_part part = path_part::front_end;
        std::string text = place_of(a);
        switch (a.what.doing) {
            case cycle_class::memory: {
                constexpr std::array<path_part, work_class_count> part_of_class{
                    path_part::matrix, path_part::simd,      path_part::front_end, path_part::sram_port,
                    path_part::memory, path_part::front_end, path_part::latency};
                std::uint64_t left = length;
                for (std::size_t c = 0; c < work_class_count; ++c) {
                    const std::uint64_t taken = std::min(a.what.shares[c], left);
                    path_.parts[static_cast<std::size_t>(part_of_class[c])] += taken;
                    left -= taken;
                }
                path_.parts[static_cast<std::size_t>(a.what.wants_ports ? path_part::sram_port : path_part::memory)] +=
                    left;
                path_.steps.push_back({a.begin, a.what.end, a.node, text});
                return;
            }
            case cycle_class::latency:
                part = path_part::latency;
                text += ": latency";
                break;
            case cycle_class::launch:
                part = path_part::launch;
                break;
            case cycle_class::data:
                part = path_part::interface;
                text += ": waits for room in the network interface's queue";
                break;
            case cycle_class::others:
                part = path_part::barrier;
                break;
            default:
                text += ": issue";
                break;
        }
        add(part, {a.begin, a.what.end, a.node, text});
    }

    /// From what `sender` did last before it sent to the end of the wait `a`.
    void wait(const activity& a, const activity& sender) {
        const std::uint64_t length = a.what.end - sender.what.end;
        const std::string awaited = awaited_name(*programs_[to_number(a.node)], a.what.awaited);
        const std::string waiting = "; thread " + std::to_string(a.thread) + " waits for " + awaited + " from " +
                                    std::to_string(a.begin) + " on";
        path_step step{sender.what.end, a.what.end, a.node, {}};
        if (a.what.awaited % 4 == 3) {
            step.what = "barrier; " + text_of(die_.places(), sender.node) + " came last" + waiting;
            add(path_part::barrier, std::move(step));
            return;
        }
        if (!sender.hands_over || sender.operation == dma_operation::barrier) {
            step.what = "signal of thread " + std::to_string(sender.thread) + waiting;
            add(path_part::transfer, std::move(step));
            return;
        }
        const std::uint64_t alone = std::min(length, alone_of(sender));
        path_.parts[static_cast<std::size_t>(path_part::transfer)] += alone;
        path_.parts[static_cast<std::size_t>(path_part::contention)] += length - alone;
        step.what = transfer_text(sender);
        if (length > alone) {
            step.what += ", " + std::to_string(length - alone) + " of it waiting" + busiest_link(sender);
        }
        step.what += waiting;
        path_.steps.push_back(std::move(step));
    }

    [[nodiscard]] std::string transfer_text(const activity& sender) const {
        const std::string hops = " over " + std::to_string(die_.routes().hops(sender.node, sender.remote)) + " links";
        const std::string from = text_of(die_.places(), sender.node);
        const std::string remote = text_of(die_.places(), sender.remote);
        switch (sender.operation) {
            case dma_operation::push:
                return "push of " + std::to_string(sender.bytes) + " B from " + from + " to " + remote + hops;
            case dma_operation::pull:
                return "pull of " + std::to_string(sender.bytes) + " B by " + from + " from " + remote + hops;
            default:
                return "signal from " + from + " to " + remote + hops;
        }
    }

    /// Cycles of a transfer alone on the mesh, the wake of who waits for it included.
    [[nodiscard]] std::uint64_t alone_of(const activity& sender) const {
        const network_interface_parameters& interface = die_.parameters().die.node.network_interface;
        const noc_parameters& noc = die_.parameters().die.noc;
        const std::uint64_t way =
            noc.zero_load_cycles(die_.routes().hops(sender.node, sender.remote)) + interface.arrival_cycles;
        const std::uint64_t packets = (sender.bytes + packet_bytes - 1) / packet_bytes;
        const std::uint64_t rest =
            packets / noc.injection_packets_per_cycle + die_.parameters().die.node.core.wake_cycles;
        switch (sender.operation) {
            case dma_operation::push:
                return interface.request_cycles + way + rest;
            case dma_operation::pull:
                return interface.request_cycles + 2 * way + interface.reply_cycles + rest;
            default:
                return interface.signal_cycles + way + die_.parameters().die.node.core.wake_cycles;
        }
    }

    /// "; its busiest link, node[3,4] east, carried 3456 packets in all"
    [[nodiscard]] std::string busiest_link(const activity& sender) const {
        const bool pull = sender.operation == dma_operation::pull;
        const std::vector<node_index> way =
            pull ? die_.routes().path(sender.remote, sender.node) : die_.routes().path(sender.node, sender.remote);
        std::string text;
        std::uint64_t most = 0;
        for (std::size_t i = 0; i + 1 < way.size(); ++i) {
            const port out = towards(die_.places().at(way[i]), die_.places().at(way[i + 1]));
            const std::uint64_t packets = die_.at(way[i]).router().packets(out);
            if (packets > most) {
                most = packets;
                text = "; its busiest link, " + text_of(die_.places(), way[i]) + " " + std::string(name_of(out)) +
                       ", carried " + std::to_string(packets) + " packets in all";
            }
        }
        return text;
    }

    static port towards(coordinate from, coordinate to) {
        return to.x < from.x ? port::west : to.x > from.x ? port::east : to.y < from.y ? port::north : port::south;
    }
    static std::string_view name_of(port p) {
        return p == port::west ? "west" : p == port::east ? "east" : p == port::north ? "north" : "south";
    }

    die& die_;
    const activity_log& log_;
    timing::cycle cycles_;
    std::vector<const program::program*> programs_;
    critical_path path_;
};

}  // namespace

const path_part_description& describe(path_part p) {
    return descriptions[static_cast<std::size_t>(p)];
}

critical_path critical_path_of(die& on, const job& j, const run_result& r) {
    return walker(on, j, r).walk();
}

}  // namespace d1
