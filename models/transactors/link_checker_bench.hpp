#pragma once
// For tests of the link's checker: two ends that do what a test tells them, and a checker between.

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "models/transactors/link_checker.hpp"

namespace d1::transactors::test {
using sc_core::sc_time;

/// A sending end and a receiving end with a checker between them, driven by hand. The mesh is of 4 x 4 nodes, of which
/// the last is dead; two channels a class, three places a channel, two packets a cycle.
struct watched_link {
    explicit watched_link(const std::string& name, const link_rules& rules = link_rules::all(), bool in_order = true)
        : properties{.places = {4, 4},
                     .live = all_but_the_last(),
                     .channels_per_class = 2,
                     .buffer_depth = 3,
                     .packets_per_cycle = 2,
                     .in_order = in_order},
          sender((name + "_sender").c_str(), *this),
          receiver((name + "_receiver").c_str(), *this),
          checker((name + "_checker").c_str(), "the link", properties, rules) {
        sender.out.bind(checker.in);
        checker.out.bind(receiver.in);
    }

    static std::shared_ptr<const std::vector<bool>> all_but_the_last() {
        auto live = std::make_shared<std::vector<bool>>(16, true);
        live->back() = false;
        return live;
    }

    /// A burst of class data, from node 1 to node 2.
    burst_ptr make(std::uint32_t packets = 1) {
        burst_ptr b = bursts.acquire(false);
        b->source = node_index{1};
        b->destination = node_index{2};
        b->sequence = next_sequence++;
        b->times = packet_times::back_to_back(0, packets);
        return b;
    }

    static constexpr std::uint8_t data_channel = 4;
    void send(burst& b, std::uint32_t index = 0, std::uint8_t channel = data_channel, sc_time delay = {}) {
        link_phase phase{link_phase::kind::packet, channel, static_cast<std::uint8_t>(index)};
        sender.out->nb_transport_fw(b, phase, delay);
    }
    /// At `at`: a whole burst, back to back from cycle `first` on.
    void send_train(std::uint64_t first, std::uint32_t packets, std::uint8_t channel = data_channel) {
        const burst_ptr b = make(packets);
        b->channel_class = static_cast<message_class>(channel / properties.channels_per_class);
        const packet_times times = packet_times::back_to_back(first, packets);
        link_phase phase{link_phase::kind::packet, channel, 0, &times};
        sc_time delay;
        sender.out->nb_transport_fw(*b, phase, delay);
    }
    void give_back(burst& b, std::uint32_t index = 0, std::uint8_t channel = data_channel, sc_time delay = {}) {
        link_phase phase{link_phase::kind::credit, channel, static_cast<std::uint8_t>(index)};
        receiver.in->nb_transport_bw(b, phase, delay);
    }
    /// Gives the credit of the packet that has been here longest back.
    void give_back() {
        const auto [b, phase] = kept.front();
        kept.pop_front();
        give_back(*b, phase.index, phase.channel);
    }
    void block(burst& b) {
        sc_time delay(5, sc_core::SC_NS);
        sender.out->b_transport(b, delay);
    }
    static void next_cycle() { sc_core::sc_start(500, sc_core::SC_PS); }

    struct sending_end : sc_core::sc_module, link_initiator {
        sending_end(const sc_core::sc_module_name& name, watched_link& c) : sc_module(name), owner(c) {
            out.bind(*this);
        }
        tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_time& delay) override {
            ++owner.credits;
            return owner.credit ? owner.credit(b, phase, delay) : tlm::TLM_ACCEPTED;
        }
        watched_link& owner;
        link_initiator_socket out{"out"};
    };
    struct receiving_end : sc_core::sc_module, link_target {
        receiving_end(const sc_core::sc_module_name& name, watched_link& c) : sc_module(name), owner(c) {
            in.bind(*this);
        }
        tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_time& delay) override {
            if (owner.packet) {
                return owner.packet(b, phase, delay);
            }
            owner.kept.emplace_back(&b, phase);
            return tlm::TLM_ACCEPTED;
        }
        void b_transport(burst& b, sc_time& delay) override {
            if (owner.walk) {
                owner.walk(b, delay);
            }
        }
        watched_link& owner;
        link_target_socket in{"in"};
    };

    burst_pool bursts;
    link_properties properties;
    std::uint64_t next_sequence = 0;
    std::uint32_t credits = 0;
    std::deque<std::pair<burst_ptr, link_phase>> kept;
    std::function<tlm::tlm_sync_enum(burst&, link_phase&, sc_time&)> packet;
    std::function<tlm::tlm_sync_enum(burst&, link_phase&, sc_time&)> credit;
    std::function<void(burst&, sc_time&)> walk;
    sending_end sender;
    receiving_end receiver;
    link_checker checker;
};

}  // namespace d1::transactors::test
