#include "models/noc/network_interface.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "models/noc/network_interface_cycles.hpp"
#include "models/noc/network_interface_parts.hpp"
#include "models/noc/network_interface_trains.hpp"
#include "models/noc/sleeper_ranks.hpp"
#include "models/packet/address_map.hpp"

namespace d1::noc {

network_interface::network_interface(const sc_core::sc_module_name& name,
                                     const network_interface_surroundings& surroundings,
                                     const network_interface_parameters& parameters, const noc_parameters& noc,
                                     const sram_parameters& memory)
    : sc_module(name),
      sleeper(surroundings.events, interface_rank(surroundings.here)),
      my_(surroundings),
      parameters_(parameters),
      noc_(noc),
      read_ports_(memory.mesh_read_ports),
      write_ports_(memory.mesh_write_ports),
      dma_face_(std::make_unique<dma_face>(*this)),
      mem_face_(std::make_unique<mem_face>(*this)),
      net_face_(std::make_unique<net_face>(*this)),
      arrival_face_(std::make_unique<arrival_face>(*this)),
      slow_(surroundings.memory_answers_later ? std::make_unique<slow_memory>(*this) : nullptr),
      barriers_(parameters.barriers, *this, surroundings.races),
      release_face_(std::make_unique<release_face>(*this)),
      last_data_(surroundings.alive.size()),
      last_from_(noc.corruption_rate > 0 && surroundings.ways.in_order ? surroundings.alive.size() * message_class_count
                                                                       : 0) {
    dma.bind(*dma_face_);
    mem.bind(*mem_face_);
    in.bind(*net_face_);
    out.bind(*net_face_);
    engines_.reserve(parameters.engines);
    set_timing(surroundings.timing);
}

network_interface::~network_interface() = default;

void network_interface::set_timing(timing_kind timing) {
    my_.timing = timing;
    if (timing == timing_kind::at && !trains_) {
        trains_ = std::make_unique<train_level>(*this);
    }
    if (timing == timing_kind::ca && !cycles_) {
        cycles_ = std::make_unique<cycle_level>(*this);
    }
}

// ---------------------------------------------------------------------------------------------------- commands

void network_interface::accept(tlm::tlm_generic_payload& p, const sc_core::sc_time& lead) {
    p.set_response_status(tlm::TLM_OK_RESPONSE);
    const timing::cycle now = my_.events.present();
    transfer* const t = open_transfer(p, now + my_.events.clock().cycles(lead));
    if (t == nullptr) {
        return;
    }
    if (my_.timing == timing_kind::lt) {
        send_ahead(*t);
        return;
    }
    queue_.push_back(t);
    refill_engines();
    arm_next_injection();
}

network_interface::transfer* network_interface::open_transfer(tlm::tlm_generic_payload& p, timing::cycle issued) {
    const auto* const command = p.get_extension<dma_extension>();
    if (command == nullptr) {
        p.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
        return nullptr;
    }
    const node_address remote = address_map::decode(p.get_address());
    if (!address_map::is_sram(p.get_address()) || remote.tile != 0 || remote.die != 0 ||
        to_number(remote.node) >= my_.alive.size() || !my_.alive[to_number(remote.node)]) {
        p.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return nullptr;
    }
    if (free_transfers_.empty()) {
        free_transfers_.push_back(&transfers_.emplace_back());
    }
    transfer& t = *free_transfers_.back();
    free_transfers_.pop_back();
    t = transfer{};
    t.in_use = true;
    t.operation = command->operation;
    t.done = command->done;
    t.notify = command->notify;
    t.race_transfer = command->race_transfer;
    t.from = command->from;
    t.indices = command->indices;
    t.remote = remote.node;
    t.number = next_command_++;
    switch (command->operation) {
        case dma_operation::push:
            ++count_.pushes;
            ++thread(t.from.thread).open_transfers;
            break;
        case dma_operation::pull:
            ++count_.pulls;
            ++thread(t.from.thread).open_transfers;
            break;
        case dma_operation::signal:
            ++count_.signals;
            break;
        case dma_operation::barrier:
            break;  // comes by enter_barrier()
    }
    const bool is_signal = command->operation == dma_operation::signal;
    t.cutter = transfer_cutter(is_signal ? transfer_geometry{} : command->geometry);  // a signal has nothing to cut
    t.start = issued + (is_signal ? parameters_.signal_cycles : parameters_.request_cycles);
    t.cause = command->cause;
    t.cause.chain += is_signal ? parameters_.signal_cycles : parameters_.request_cycles;
    t.arrived = t.cause;
    t.notify_pending = command->notify.has_value();
    return &t;
}

void network_interface::close_transfer(transfer& t) {
    if (t.in_engine || !t.finished_sending() || t.open_pieces != 0) {
        return;
    }
    if (my_.races != nullptr && t.operation != dma_operation::signal) {
        my_.races->end_transfer(t.race_transfer);
    }
    t.in_use = false;
    free_transfers_.push_back(&t);
}

void network_interface::refill_engines() {
    while (engines_.size() < parameters_.engines && !queue_.empty()) {
        engines_.push_back(queue_.front());
        engines_.back()->in_engine = true;
        pulls_in_engines_ += engines_.back()->operation == dma_operation::pull ? 1U : 0U;
        queue_.pop_front();
    }
    if (refused_command_ != nullptr && has_room() && !response_open_) {
        tlm::tlm_generic_payload& p = *std::exchange(refused_command_, nullptr);
        tlm::tlm_phase phase = tlm::BEGIN_RESP;
        sc_core::sc_time delay;
        accept(p, delay);
        response_open_ = dma->nb_transport_bw(p, phase, delay) == tlm::TLM_ACCEPTED;
        p.release();
    }
}

burst_ptr network_interface::make_burst(burst_kind kind, node_index destination, const causality& cause, bool indices) {
    const bool carries = kind == burst_kind::push_data || kind == burst_kind::pull_data;
    burst_ptr b = my_.bursts.acquire(carries && (my_.functional || indices));
    b->indices = indices;
    b->source = my_.here;
    b->destination = destination;
    b->kind = kind;
    b->channel_class = class_of(kind);
    b->cause = cause;
    b->times = packet_times::back_to_back(0, 1);
    return b;
}

// ---------------------------------------------------------------------------------------------------- loosely timed

void network_interface::send_ahead(transfer& t) {
    timing::cycle start = t.start;
    while (!t.cutter.finished()) {
        burst_ptr b = next_of(t);
        const std::uint32_t packets = b->piece.packets;
        send_at(*b, start);
        start += packets;
    }
    if (t.operation == dma_operation::push && t.done) {
        if (slow_) {
            slow_->signal_sources_read(t, start);
        } else {
            signal_sources_read(t, start);
        }
    }
    if (t.notify_pending) {
        if (!may_signal(t)) {
            held_signals_.push_back(&t);
            return;
        }
        send_at(*next_of(t), start);
    }
    close_transfer(t);
}

void network_interface::send_held_signals() {
    std::erase_if(held_signals_, [this](transfer* t) {
        if (!may_signal(*t)) {
            return false;
        }
        send_at(*next_of(*t), std::max(t->start, my_.events.now() + 1));
        close_transfer(*t);
        return true;
    });
}

void network_interface::send_at(burst& b, timing::cycle start) {
    if (slow_ && slow_->takes_departure(b, start)) {
        return;
    }
    b.sequence = classes_[static_cast<std::size_t>(b.channel_class)].sequence++;
    my_.ways.choose(b);
    const std::uint32_t packets = b.carries_data() ? b.piece.packets : 1;
    if (b.channel_class == message_class::data) {
        // Nothing is shared, but data of one destination arrives in the order in which it was sent.
        timing::cycle& last = last_data_[to_number(b.destination)];
        last = std::max(last, start + packets - 1);
        start = last - (packets - 1);
    }
    if (b.carries_data()) {
        injected(b);
    }
    count_.packets_sent += packets;
    ++count_.bursts_sent;
    b.times = packet_times::back_to_back(start + noc_.link_cycles(), packets);
    sc_core::sc_time delay = my_.events.clock().time(b.times.first - my_.events.now());
    out->b_transport(b, delay);
}

// ---------------------------------------------------------------------------------------------------- reports

void network_interface::report_error(const burst& b, memory_side side) {
    // One report an interface: a loop that strides out of a memory would bury everything else. All are counted.
    if (count_.address_errors != 0) {
        return;
    }
    const bool is_push = b.kind == burst_kind::push_answer || b.kind == burst_kind::push_data;
    const bool is_written = is_push == (side == memory_side::remote);
    const auto& g = b.piece.geometry;
    std::ostringstream text;
    text << name() << ": a " << (is_push ? "push to" : "pull from") << " node number "
         << to_number(b.source == my_.here ? b.destination : b.source)
         << (side == memory_side::remote ? " leaves its SRAM: " : " leaves the own SRAM: ")
         << (is_written ? g.destination : g.source) << ", " << g.rows << " rows of " << g.row_bytes
         << " B; further ones of this node are only counted";
    SC_REPORT_WARNING("address error", text.str().c_str());
}

void network_interface::report_corruption(const burst& b) {
    if (count_.corrupted != 0) {
        return;
    }
    const bool is_push = b.kind == burst_kind::push_answer;
    std::ostringstream text;
    text << name() << ": a burst of a " << (is_push ? "push to" : "pull from") << " node number " << to_number(b.source)
         << " was corrupted on a link more than die.noc.max_retries = " << noc_.max_retries
         << " times, and nothing of it was written; further ones of this node are only counted";
    SC_REPORT_WARNING("transfer refused", text.str().c_str());
}

std::vector<std::string> network_interface::unfinished() const {
    std::vector<std::string> all;
    for (const transfer& t : transfers_) {
        if (!t.in_use) {
            continue;
        }
        std::ostringstream text;
        switch (t.operation) {
            case dma_operation::push:
                text << "push to";
                break;
            case dma_operation::pull:
                text << "pull from";
                break;
            case dma_operation::signal:
            case dma_operation::barrier:
                text << "signal to";
                break;
        }
        text << " node number " << to_number(t.remote) << ", " << t.cutter.geometry().bytes() << " B, " << t.open_pieces
             << " bursts unanswered" << (t.finished_sending() ? "" : ", not yet all sent");
        all.push_back(text.str());
    }
    if (slow_ && slow_->waiting() != 0) {
        all.push_back(std::to_string(slow_->waiting()) + " accesses to its memory, which has not answered");
    }
    for (std::string& text : barriers_.waiting()) {
        all.push_back(std::move(text));
    }
    return all;
}

void network_interface::register_statistics(statistics::group& group) {
    group.counter("pushes", "transfers", "push instructions accepted", count_.pushes);
    group.counter("pulls", "transfers", "pull instructions accepted", count_.pulls);
    group.counter("signals", "signals", "remote signals accepted, those behind pushes not counted", count_.signals);
    group.counter("barriers", "barriers", "times that a thread came to a barrier", count_.barriers);
    group.counter("barrier_messages", "packets", "barrier messages sent", count_.barrier_messages);
    group.counter("bursts_sent", "bursts", "bursts injected, of all classes", count_.bursts_sent);
    group.counter("packets_sent", "packets", "packets injected, of all classes", count_.packets_sent);
    group.counter("packets_received", "packets", "packets taken from the mesh, of all classes",
                  count_.packets_received);
    group.counter("packets_refused", "packets", "packets of bursts that came corrupted, and were not taken",
                  count_.packets_refused);
    group.counter("bytes_received", "B", "payload bytes written to the SRAM", count_.bytes_received);
    group.counter("mesh_read_lines", "lines", "64-byte lines read at the mesh read port", count_.mesh_read_lines);
    group.counter("mesh_write_lines", "lines", "64-byte lines written at the mesh write port", count_.mesh_write_lines);
    group.counter("window_full", "bursts", "bursts that filled the window of max_outstanding", count_.window_full);
    group.counter("address_errors", "bursts", "bursts answered with an address error", count_.address_errors);
    group.counter("corrupted", "bursts", "own bursts that failed since a link corrupted them", count_.corrupted);
}

void network_interface::reset() {
    if (trains_) {
        trains_->reset();
    }
    if (cycles_) {
        cycles_->reset();
    }
    count_ = {};
    transfers_.clear();
    free_transfers_.clear();
    next_command_ = 0;
    refused_command_ = nullptr;
    response_open_ = false;
    if (slow_) {
        slow_->reset();
    }
    queue_.clear();
    engines_.clear();
    pulls_in_engines_ = 0;
    held_signals_.clear();
    next_engine_ = 0;
    outstanding_ = 0;
    for (auto& queue : outbox_) {
        queue.clear();
    }
    engines_first_ = false;
    classes_ = {};
    port_free_ = 0;
    next_slot_ = 0;
    next_line_ = 0;
    for (thread_state& t : threads_) {
        if (t.barrier != nullptr) {
            t.barrier->release();
        }
    }
    threads_.clear();
    barriers_.reset();
    releases_.clear();
    std::fill(last_data_.begin(), last_data_.end(), timing::cycle{0});
    std::fill(last_from_.begin(), last_from_.end(), timing::cycle{0});
    last_arrival_ = 0;
    longest_chain_ = 0;
    next_event_ = 0;
}

}  // namespace d1::noc
