// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/event_stream.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "collect/event_shape.h"
#include "collect/owner_fields.h"
#include "tracer/engine_names.h"
#include "util/error.h"
#include "util/unix_time.h"
#include "wire.h"

namespace tally {
namespace {

constexpr long kPeriod = 10'000'000;  // nanoseconds between two looks at the ring

/// The clocks drift by less than this in a second; if they differ by more, one was set.
constexpr std::int64_t kClockStep = 1'000'000;

constexpr std::size_t kMostNames = 10'000;

/// Bytes of events that are held back until the owners of their cgroups are known: for a second at
/// the most, with --container for ten.
constexpr std::size_t kMostHeld = 8U << 20;

/// bpf/include/events.bpf.h: struct event_head.
struct Head {
    std::uint64_t time;
    std::uint64_t cgroup;
    std::uint32_t pid;
    std::uint32_t tid;
    char comm[16];
};

/// For an EventOwner. Streams of several tracers may share a sink, so no two have the same.
std::uint64_t next_serial() {
    static std::uint64_t last = 0;
    return ++last;
}

FileDescriptor make_period() {
    FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec period{{0, kPeriod}, {0, kPeriod}};
    if (!timer || ::timerfd_settime(timer.get(), 0, &period, nullptr) != 0) {
        throw Error("cannot create a timer: {}", std::strerror(errno));
    }
    return timer;
}

}  // namespace

EventStream::EventStream(const Tracer& tracer)
    : EventStream(
          tracer.name(), tracer.schema(),
          std::make_unique<KernelRing>(tracer.map_fd(kEventsRing), tracer.max_entries(kEventsRing)),
          monotonic_to_unix) {}

EventStream::EventStream(const std::string& tool, const TracerSchema& schema,
                         std::unique_ptr<Ring> ring, ClockOffset clock_offset)
    : schema_(schema),
      ring_(std::move(ring)),
      clock_offset_now_(std::move(clock_offset)),
      timer_(make_period()),
      wake_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const EventsSchema& each : schema.events) {
        shapes_.push_back(shape_of(tool, each));
    }
    // The ring is edge-triggered: it is readable whenever there is anything in it, which is not
    // when we want to be woken, but its waiters are woken only when the kernel's side asks for it.
    epoll_event on_timer{EPOLLIN, {}};
    epoll_event on_ring{EPOLLIN | EPOLLET, {}};
    if (!wake_ || ::epoll_ctl(wake_.get(), EPOLL_CTL_ADD, timer_.get(), &on_timer) != 0 ||
        ::epoll_ctl(wake_.get(), EPOLL_CTL_ADD, ring_->fd(), &on_ring) != 0) {
        throw Error("cannot wait for events: {}", std::strerror(errno));
    }
    set_clock();
}

/// Changes the offset only when it must: times should not jump against each other from one look to
/// the next.
void EventStream::set_clock() {
    const std::int64_t offset = clock_offset_now_();
    if (std::llabs(offset - clock_offset_) > kClockStep) {
        clock_offset_ = offset;
    }
}

const EventStream::NamedCgroup& EventStream::look_up(CgroupId cgroup,
                                                     const Containers& containers) {
    const auto found = named_.find(cgroup);
    if (found != named_.end()) {
        return found->second;
    }
    if (named_.size() >= kMostNames) {
        named_.clear();
    }
    const Owner& owner = containers.owner_of(cgroup);
    NamedCgroup known{admission_ ? admission_(cgroup) : Admission::counted,
                      {next_serial(), owner.label(), owner_fields(owner)}};
    return named_.insert_or_assign(cgroup, std::move(known)).first->second;
}

/// Empty: the cgroup is in no container.
std::string EventStream::container_of(CgroupId cgroup, const Containers& containers) {
    for (const Field& each : look_up(cgroup, containers).owner.key) {
        if (each.name == "container" && std::holds_alternative<std::string>(each.value)) {
            return std::get<std::string>(each.value);
        }
    }
    return {};
}

/// False: there is no more room.
bool EventStream::hold(CgroupId cgroup, std::span<const std::byte> record) {
    if (held_bytes_ + record.size() > kMostHeld) {
        return false;
    }
    held_.emplace_back(record.begin(), record.end());
    held_of_.insert(cgroup);
    held_bytes_ += record.size();
    return true;
}

void EventStream::release_held(const Containers& containers, const Handler& handle) {
    if (!std::exchange(may_release_, false)) {
        return;
    }
    held_bytes_ = 0;
    held_of_.clear();
    for (const std::vector<std::byte>& record : std::exchange(held_, {})) {
        take_one(record, containers, handle);
    }
}

/// Null: it is not laid out as declared.
const EventsSchema* EventStream::schema_of(std::span<const std::byte> record) const {
    tally_event_front front{};
    if (record.size() < sizeof front) {
        return nullptr;
    }
    std::memcpy(&front, record.data(), sizeof front);
    const std::vector<EventsSchema>& all = schema_.events;
    const bool is_whole =
        front.kind < all.size() &&
        record.size() == sizeof front + all[front.kind].struct_size + front.text_size;
    return is_whole ? &all[front.kind] : nullptr;
}

void EventStream::note_cgroups(std::span<const std::byte> record) {
    const EventsSchema* schema = schema_of(record);
    if (schema == nullptr) {
        return;
    }
    const std::byte* event = record.data() + sizeof(tally_event_front);
    const auto note = [this](CgroupId cgroup) {
        if (cgroup != last_noted_ && !named_.contains(cgroup)) {
            new_cgroups_.insert(cgroup);
        }
        last_noted_ = cgroup;
    };
    Head head{};
    std::memcpy(&head, event, sizeof head);
    note(head.cgroup);
    for (const StructField& field : schema->fields) {
        if (field.is_container_name()) {
            note(number_at(field, event));
        }
    }
}

void EventStream::take_one(std::span<const std::byte> record, const Containers& containers,
                           const Handler& handle) {
    const EventsSchema* found = schema_of(record);
    if (found == nullptr) {
        ++malformed_;
        return;
    }
    const EventsSchema& schema = *found;
    tally_event_front front{};
    std::memcpy(&front, record.data(), sizeof front);
    const std::byte* event = record.data() + sizeof front;
    const std::string_view text(reinterpret_cast<const char*>(event + schema.struct_size),
                                front.text_size);
    for (const StructField& field : schema.fields) {
        if (field.has_text()) {
            tally_text where{};
            std::memcpy(&where, event + field.offset, sizeof where);
            if (where.state > TALLY_TEXT_CUT ||
                (where.state != TALLY_TEXT_NONE &&
                 std::size_t{where.offset} + where.length > text.size())) {
                ++malformed_;
                return;
            }
        }
    }
    texts_.resize(std::max(texts_.size(), schema.fields.size()));
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        if (schema.fields[i].is_container_name()) {
            texts_[i] = container_of(number_at(schema.fields[i], event), containers);
        }
    }
    Head head{};
    std::memcpy(&head, event, sizeof head);
    const NamedCgroup& known = look_up(head.cgroup, containers);
    if (known.admission == Admission::dropped) {
        return;
    }
    if (known.admission == Admission::held || held_of_.contains(head.cgroup)) {
        not_held_ += !hold(head.cgroup, record);
        return;
    }

    const DecodeContext context{text, clock_offset_};
    values_.clear();
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        const StructField& field = schema.fields[i];
        values_.push_back(field.type->decode(field, event, context, texts_[i]));
        if (field.has_cut_mark()) {
            tally_text where{};
            std::memcpy(&where, event + field.offset, sizeof where);
            values_.emplace_back(where.state == TALLY_TEXT_CUT);
        }
    }
    handle({shapes_[front.kind], head.time + static_cast<std::uint64_t>(clock_offset_), known.owner,
            head.pid, head.tid, std::string_view(head.comm, ::strnlen(head.comm, sizeof head.comm)),
            values_});
}

bool EventStream::take() {
    std::uint64_t ticks = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &ticks, sizeof ticks);
    epoll_event ready[2];
    ::epoll_wait(wake_.get(), ready, 2, 0);  // consumes the edge
    set_clock();
    if (!new_cgroups_.empty()) {
        new_cgroups_ = {};  // frees the memory of a burst too
    }
    last_noted_.reset();
    found_ = ring_->look([this](std::span<const std::byte> record) { note_cgroups(record); });
    return !ring_->is_taken(found_);
}

void EventStream::tell(const Containers& containers, const Handler& handle) {
    release_held(containers, handle);
    ring_->take(found_,
                [&](std::span<const std::byte> record) { take_one(record, containers, handle); });
}

}  // namespace tally
