#pragma once
// A node's way onto the mesh: pushes, pulls and signals become bursts, bursts become bytes and signals.

#include <array>
#include <boost/container/devector.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "models/noc/barrier_unit.hpp"
#include "models/noc/burst_ways.hpp"
#include "models/noc/network_interface_parameters.hpp"
#include "models/noc/noc_parameters.hpp"
#include "models/packet/dma_command.hpp"
#include "models/packet/link.hpp"
#include "models/parameter/timing_kind.hpp"
#include "models/sram/race_detector.hpp"
#include "models/sram/shared_banks.hpp"
#include "models/sram/signal_scheduler.hpp"
#include "models/sram/sram_parameters.hpp"
#include "models/sram/uninitialised_detector.hpp"
#include "models/statistics/group.hpp"
#include "models/timing/event_queue.hpp"

namespace d1::noc {

/// What a network interface shares with the rest of its die.
struct network_interface_surroundings {
    node_index here{};
    const std::vector<bool>& alive;  ///< by node: who can be sent to
    timing::event_queue& events;
    burst_pool& bursts;
    signal_scheduler& signals;
    timing_kind timing = timing_kind::at;
    bool functional = true;          ///< false: no payload bytes move
    race_detector* races = nullptr;  ///< null: switched off
    uninitialised_detector* uninitialised = nullptr;
    /// `mem` leads to a memory that may take its time, by way of transactors::blocking_adapter.
    bool memory_answers_later = false;
    burst_ways ways{};  ///< of the die's routing
};

/// Sockets: `dma` takes commands from the core (dma_extension), `mem` is the way to the SRAM's mesh ports, `in` and
/// `out` go to the router.
///
/// A command is accepted by the non-blocking transport: TLM_COMPLETED at once, or TLM_ACCEPTED while the queue is full
/// and BEGIN_RESP on the backward path when there is room. Up to `engines` transfers are cut at once and take turns
/// burst by burst; a push burst is outstanding until its answer, a pull burst from its request to the write of its last
/// byte, and at most `max_outstanding` are. Injection takes one packet a cycle, and the classes take turns; the SRAM's
/// mesh read port one line a cycle. An answer or a reply waits in a queue of its own class. A signal follows all
/// earlier pushes of its node to the same destination; under a routing that is not in order it waits for their answers
/// instead, and so does the one behind a push.
///
/// An access to the memory completes at once; one that waits or annotates a delay is an error. With
/// memory_answers_later, accesses go out by the non-blocking transport, one after the other, and what follows from one
/// waits for its response: the answer to a push, the data of a pull, the injection of bytes to be sent, a signal behind
/// written data.
///
/// A barrier is taken at once and answered when it is left, by the non-blocking transport at every level. Its thread
/// has come when its own pushes are answered and its pulls written; see barrier_unit for the rest. Each message is a
/// packet of class request high, barrier_cycles after its cause; at the root as long passes until the barrier ends.
///
/// lt: b_transport with the core's lead; bursts leave as if alone, and nothing is shared. at: train by train, see
/// network_interface_trains.hpp. ca: packet by packet, see network_interface_cycles.hpp.
/// Zero load, constants besides the hops: a packet injected in cycle t stands at its own router in t + link_cycles();
/// one that stands at the last router in cycle t is at the interface in t + hop_cycles(), and its bytes or signal are
/// visible arrival_cycles after its burst's last packet. Not modelled: at lt, finite queues of answers and replies.
class network_interface : public sc_core::sc_module, private timing::sleeper, private barrier_actions {
  public:
    tlm::tlm_target_socket<512> dma{"dma"};
    tlm::tlm_initiator_socket<512> mem{"mem"};
    link_target_socket in{"in"};
    link_initiator_socket out{"out"};

    network_interface(const sc_core::sc_module_name& name, const network_interface_surroundings& surroundings,
                      const network_interface_parameters& parameters, const noc_parameters& noc,
                      const sram_parameters& memory);
    ~network_interface() override;

    /// The last cycle in which a burst arrived here.
    [[nodiscard]] timing::cycle last_arrival() const noexcept { return last_arrival_; }
    /// The longest chain of synchronisation that ends in an arrival here, in cycles; see causality.
    [[nodiscard]] std::uint64_t longest_chain() const noexcept { return longest_chain_; }
    /// Transfers and signals accepted and not yet complete, in words, for a deadlock report; empty if there are none.
    [[nodiscard]] std::vector<std::string> unfinished() const;

    struct counters {
        std::uint64_t pushes = 0;
        std::uint64_t pulls = 0;
        std::uint64_t signals = 0;
        std::uint64_t barriers = 0;
        std::uint64_t barrier_messages = 0;
        std::uint64_t bursts_sent = 0;
        std::uint64_t packets_sent = 0;
        std::uint64_t packets_received = 0;
        std::uint64_t packets_refused = 0;
        std::uint64_t bytes_received = 0;
        std::uint64_t mesh_read_lines = 0;
        std::uint64_t mesh_write_lines = 0;
        std::uint64_t window_full = 0;
        std::uint64_t address_errors = 0;
        std::uint64_t corrupted = 0;
    };
    [[nodiscard]] const counters& count() const noexcept { return count_; }

    /// ca: what the mesh ports read and write takes its bank there; null where there are none.
    void share_banks(shared_banks* banks) noexcept { banks_ = banks; }
    void register_statistics(statistics::group& group);
    void reset();
    /// Between a reset and the next command.
    void set_timing(timing_kind timing);

  private:
    struct transfer;
    struct waiting_burst {
        burst_ptr b;
        timing::cycle ready;
    };
    class dma_face;
    class mem_face;
    class net_face;
    class arrival_face;
    class slow_memory;
    class release_face;
    class train_level;
    class cycle_level;

    // Commands
    [[nodiscard]] bool has_room() const noexcept {
        return my_.timing == timing_kind::lt || queue_.size() < parameters_.queue_depth;
    }
    void accept(tlm::tlm_generic_payload& p, const sc_core::sc_time& lead);
    transfer* open_transfer(tlm::tlm_generic_payload& p, timing::cycle issued);
    void close_transfer(transfer& t);
    void refill_engines();
    void send_ahead(transfer& t);  // lt
    void send_held_signals();      // lt
    void send_at(burst& b, timing::cycle start);

    // Barriers
    void enter_barrier(tlm::tlm_generic_payload& p);
    void come(std::uint32_t number);
    void send_barrier_message(burst_kind kind, node_index whom, const barrier_entry& barrier, const causality& cause);
    void tell_parent(node_index parent, const barrier_entry& barrier, const causality& cause) override;
    void complete(std::uint32_t number, const causality& cause) override;
    void tell_child(node_index child, const barrier_entry& barrier, const causality& cause) override;
    void leave(std::uint32_t number, const causality& cause) override;
    void fail(const std::string& what) override;

    // Injection (at, ca)
    void wake() override;
    void arm_injection(timing::cycle at);
    /// Sees to it that what may leave next does, from the next cycle on.
    void arm_next_injection();
    /// When a burst of one of `classes`, bit c for class c, is ready to be cut or taken from a queue.
    [[nodiscard]] timing::cycle next_ready(std::uint32_t classes) const;
    [[nodiscard]] bool is_ready(message_class c, timing::cycle now);
    [[nodiscard]] transfer* engine_for(message_class c, timing::cycle now);
    /// Of `classes`, bit c for class c, those that a transfer in an engine could send a burst of.
    [[nodiscard]] std::uint32_t classes_of_engines(std::uint32_t classes) const noexcept;
    [[nodiscard]] bool may_signal(const transfer& t) const;
    [[nodiscard]] burst_ptr next_burst(message_class c, timing::cycle now);
    [[nodiscard]] burst_ptr next_of(transfer& t);
    /// Its bytes come from a memory that answers later, and have not been asked for.
    [[nodiscard]] bool is_to_be_fetched(const burst& b) const noexcept {
        return slow_ != nullptr && b.carries_data() && !b.loaded;
    }
    void fetch(message_class c, burst_ptr b);
    void injected(burst& b);
    /// The last packet of a burst leaves at `at`.
    void left(const burst& b, timing::cycle at);
    void signal_sources_read(const transfer& t, timing::cycle at);
    void retire_engines();

    // Arrival
    void receive(burst& b, sc_core::sc_time& delay);
    [[nodiscard]] timing::cycle* last_of_flow(const burst& b);
    void schedule_arrival(burst& b, timing::cycle last_packet);
    void arrive(burst& b);
    void refuse(burst& b);
    void written(burst& b, burst_status status);
    void serve_pull(burst& request);
    void answer(burst& b, burst_kind kind, burst_status status);
    void reply(burst_ptr b, std::uint32_t cost);
    void piece_done(transfer& t, burst_status status, const causality& cause);

    // Bytes
    burst_status move_bytes(burst& b, tlm::tlm_command command);
    void note_access(const burst& b, std::int64_t offset, std::uint32_t length, bool write);
    void count_lines(const burst& b, bool write);
    burst_status access(std::int64_t offset, std::span<std::byte> bytes, std::uint32_t length,
                        tlm::tlm_command command);

    [[nodiscard]] burst_ptr make_burst(burst_kind kind, node_index destination, const causality& cause,
                                       bool indices = false);
    enum class memory_side : std::uint8_t { own, remote };
    void report_error(const burst& b, memory_side side);
    void report_corruption(const burst& b);

    network_interface_surroundings my_;
    network_interface_parameters parameters_;
    noc_parameters noc_;
    std::uint32_t read_ports_;
    std::uint32_t write_ports_;
    shared_banks* banks_ = nullptr;
    counters count_;

    std::unique_ptr<dma_face> dma_face_;
    std::unique_ptr<mem_face> mem_face_;
    std::unique_ptr<net_face> net_face_;
    std::unique_ptr<arrival_face> arrival_face_;
    std::unique_ptr<slow_memory> slow_;    // null: the memory answers at once
    std::unique_ptr<train_level> trains_;  // null until the first run at `at`
    std::unique_ptr<cycle_level> cycles_;  // null until the first run at ca

    std::deque<transfer> transfers_;
    std::vector<transfer*> free_transfers_;
    std::uint64_t next_command_ = 0;
    tlm::tlm_generic_payload* refused_command_ = nullptr;
    bool response_open_ = false;  // BEGIN_RESP of a refused command has been sent, and END_RESP is to come
    boost::container::devector<transfer*> queue_;
    std::vector<transfer*> engines_;
    std::uint32_t pulls_in_engines_ = 0;
    std::size_t next_engine_ = 0;
    std::uint32_t outstanding_ = 0;

    /// Pull data, answers and barrier messages to be sent, by class, in the order of what caused them.
    using outgoing_queue = boost::container::devector<waiting_burst>;  // holds no memory until it is used
    std::array<outgoing_queue, message_class_count> outbox_;
    [[nodiscard]] outgoing_queue& outbox(message_class c) { return outbox_[static_cast<std::size_t>(c)]; }
    bool engines_first_ = false;  // whose turn it is within class data: the engines' or the replies'
    struct class_state {
        burst_ptr fetched;  // its bytes are on their way or there; later bursts of the class wait behind it
        timing::cycle blocked_until = 0;
        std::uint64_t sequence = 0;
    };
    std::array<class_state, message_class_count> classes_;
    timing::cycle port_free_ = 0;
    std::uint64_t next_slot_ = 0;  // first free slot of the injection link, injection_packets_per_cycle a cycle
    std::uint64_t next_line_ = 0;  // first free slot of the mesh read port, read_ports_ a cycle
    static constexpr timing::cycle no_cycle = ~timing::cycle{0};

    struct thread_state {
        std::uint32_t open_transfers = 0;             // pushes not yet answered, pulls not yet written
        tlm::tlm_generic_payload* barrier = nullptr;  // that it waits in
        bool has_come = false;
    };
    std::vector<thread_state> threads_;
    [[nodiscard]] thread_state& thread(std::uint32_t number);
    barrier_unit barriers_;
    std::unique_ptr<release_face> release_face_;
    struct root_release {
        std::uint32_t number = 0;
        causality cause;
    };
    std::deque<root_release> releases_;  // of barriers whose root is here, in the order of their time

    std::vector<transfer*> held_signals_;   // lt: those that wait for the answers of pushes, in the order of commands
    std::vector<timing::cycle> last_data_;  // lt: by destination, when the last packet of class data leaves
    /// lt and at, where links corrupt packets: by source and class, the last packet that has come, so that a burst that
    /// was sent again holds up those behind it.
    std::vector<timing::cycle> last_from_;
    timing::cycle last_arrival_ = 0;
    std::uint64_t longest_chain_ = 0;
    std::uint64_t next_event_ = 0;
    tlm::tlm_generic_payload access_;
};

}  // namespace d1::noc
