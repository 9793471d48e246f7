#pragma once
// Watches a link between routers, network interfaces or tile I/O, and reports who breaks its protocol.

#include <boost/circular_buffer.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <systemc>
#include <type_traits>
#include <vector>

#include "models/packet/burst.hpp"
#include "models/packet/link.hpp"
#include "models/transactors/link_rules.hpp"

namespace d1::transactors {

/// What is promised of a link.
struct link_properties {
    grid places;  ///< the mesh
    /// Its nodes that send and receive, by number; null: all. Shared by the checkers of a die, for the host's cache.
    std::shared_ptr<const std::vector<bool>> live{};
    std::uint32_t channels_per_class = 1;  ///< 1 to 4
    std::uint32_t buffer_depth = 8;        ///< packets of a channel at the receiving end
    std::uint32_t packets_per_cycle = 1;   ///< at most 4
    bool in_order = true;                  ///< a burst goes one way, and so do all of a (source, destination, class)
    sc_core::sc_time cycle{500, sc_core::SC_PS};
};

/// Stands in line between the two ends of a link, passes every call on unchanged, and reports each breach of a rule
/// that is switched on as an SC_ERROR: message type "link/<rule>", text with the link, what was wrong and the packet.
/// It takes no time and holds no reference; left out, it costs nothing.
///
/// What it does not check: bytes; whether the way is the right one; what passes by other links, so that a burst of
/// which each link sees a part (routing that is not in order) may lose a packet unseen here; how soon a credit comes
/// back.
class link_checker : public sc_core::sc_module,
                     private tlm::tlm_fw_transport_if<link_protocol>,
                     private tlm::tlm_bw_transport_if<link_protocol> {
  public:
    link_target_socket in{"in"};       ///< the sending end's side
    link_initiator_socket out{"out"};  ///< the receiving end's side

    /// `link` names it in reports.
    link_checker(const sc_core::sc_module_name& name, std::string link, const link_properties& properties,
                 const link_rules& rules = link_rules::all());

    /// Packets that were sent and whose credit has not come back.
    [[nodiscard]] std::size_t under_way() const noexcept;
    /// The link is as after construction: a platform is reset.
    void reset();

  private:
    /// What does not change of a burst on its way.
    struct identity {
        explicit identity(const burst& b);
        node_index source;
        node_index destination;
        message_class channel_class;
        burst_kind kind;
        std::uint64_t sequence;
        std::uint32_t packets;
        friend bool operator==(const identity&, const identity&) = default;
    };
    struct packet {
        const burst* carrier;
        std::uint32_t index;
        identity what;
    };
    /// Has room for what a link that keeps the rules holds, and makes more for one that does not.
    template <typename T>
    class queue : public boost::circular_buffer<T> {
      public:
        using boost::circular_buffer<T>::circular_buffer;
        void push_back(const T& item) {
            if (this->full()) {
                this->set_capacity(2 * this->capacity() + 1);
            }
            boost::circular_buffer<T>::push_back(item);
        }
    };
    struct channel_buffer {
        queue<packet> packets{};       ///< sent and not given back, oldest first
        queue<std::uint64_t> freed{};  ///< when the places were free that nobody has taken since, by credits
    };
    /// Of a burst whose packets are passing.
    struct passage {
        identity what;
        std::uint32_t channel;
        std::uint32_t seen = 0;  // bit i for packet i
    };

    void b_transport(burst& b, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_fw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;
    tlm::tlm_sync_enum nb_transport_bw(burst& b, link_phase& phase, sc_core::sc_time& delay) override;
    bool get_direct_mem_ptr(burst& b, tlm::tlm_dmi& dmi) override { return out->get_direct_mem_ptr(b, dmi); }
    void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override {
        in->invalidate_direct_mem_ptr(start, end);
    }
    unsigned int transport_dbg(burst& b) override { return out->transport_dbg(b); }

    void check_burst(const burst& b, const link_phase* phase);
    void check_rate(const burst& b, const link_phase& phase, const sc_core::sc_time& time);
    void check_channel(const burst& b, const link_phase& phase);
    void check_passage(const burst& b, const link_phase& phase);
    /// Whether the first packet that is seen of a burst begins it: it was not under way before a reset.
    bool check_beginning(const burst& b, const link_phase& phase, const identity& what);
    void check_flow(const burst& b, const link_phase& phase);
    void check_train(const burst& b, const link_phase& phase);
    [[nodiscard]] std::uint64_t slot_of_lone(std::uint64_t at);
    void enter(const burst& b, const link_phase& phase, std::uint64_t at);
    void take_credit(const burst& b, const link_phase& phase, std::uint64_t at);
    [[nodiscard]] bool is_live(node_index n) const;

    /// `what` is a text, or makes one where it is needed.
    template <typename What>
    void expect(bool kept, link_rule rule, const burst& b, const link_phase* phase, const What& what) const {
        if (kept || !rules_.has(rule)) {
            return;
        }
        if constexpr (std::is_invocable_v<What>) {
            report(rule, b, phase, what());
        } else {
            report(rule, b, phase, what);
        }
    }
    void report(link_rule rule, const burst& b, const link_phase* phase, std::string_view what) const;
    [[nodiscard]] std::string describe(const burst& b, const link_phase* phase) const;

    std::string link_;
    link_properties properties_;
    link_rules rules_;
    std::vector<channel_buffer> buffers_;                            // by channel
    boost::unordered_flat_map<const burst*, passage> passages_;      // of bursts of more than one packet
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> flows_;  // by (source, destination, class): last number
    std::vector<packet> before_reset_;
    sc_core::sc_time last_packet_;
    sc_core::sc_time last_credit_;
    std::uint32_t in_this_cycle_ = 0;
    boost::container::flat_map<std::uint64_t, std::uint32_t> slots_;  // at: packets of each coming cycle
    std::uint64_t first_of_train_ = 0;
    std::uint64_t next_lone_ = 0;
};

/// Checkers for links that are bound by it.
class link_checkers {
  public:
    /// Binds `from` to `to` with a checker between them.
    void join(link_initiator_socket& from, link_target_socket& to, const link_properties& properties,
              const link_rules& rules = link_rules::all());

    [[nodiscard]] std::size_t under_way() const noexcept;
    [[nodiscard]] bool empty() const noexcept { return checkers_.empty(); }
    void reset();

  private:
    std::vector<std::unique_ptr<link_checker>> checkers_;
};

}  // namespace d1::transactors
