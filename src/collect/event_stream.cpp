// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "collect/event_stream.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "collect/owner_fields.h"
#include "host/call_values.h"
#include "host/system_calls.h"
#include "util/error.h"
#include "wire.h"

namespace tally {
namespace {

constexpr long kPeriod = 10'000'000;  // nanoseconds between two looks at the ring

/// The clocks drift by less than this in a second; by more they were set.
constexpr std::int64_t kClockStep = 1'000'000;

constexpr std::size_t kMostNames = 10'000;

/// Bytes of events of cgroups of which it is not known yet whose they are: for a second at the
/// most.
constexpr std::size_t kMostHeld = 8U << 20;

/// bpf/include/events.bpf.h: struct event_head.
struct Head {
    std::uint64_t time;
    std::uint64_t cgroup;
    std::uint32_t pid;
    std::uint32_t tid;
    char comm[16];
};

std::int64_t nanoseconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::size_t width_of(const EventField& field) {
    switch (field.type) {
        case SemanticType::pid:
        case SemanticType::tid:
            return 7;
        case SemanticType::error:
            return 9;
        case SemanticType::syscall:
        case SemanticType::capability:
        case SemanticType::comm:
        case SemanticType::address:
            return 15;
        case SemanticType::signal:
            return 10;
        case SemanticType::time:
            return 12;
        case SemanticType::open_flags:
            return 26;
        case SemanticType::string:
        case SemanticType::words:
        case SemanticType::arguments:
            return 24;
        case SemanticType::container:
            return 18;
        case SemanticType::named_flags:
            return 12;
        case SemanticType::text:
            return std::min<std::size_t>(field.size - 1, 24);
        case SemanticType::file_mode:
        case SemanticType::boolean:
            return 5;
        case SemanticType::natural_or_none:
            return 3;
        case SemanticType::enumeration: {
            std::size_t longest = 0;
            for (const auto& [value, name] : field.names) {
                longest = std::max(longest, name.size());
            }
            return longest;
        }
        case SemanticType::cgroup:
        case SemanticType::number:
        case SemanticType::signed_number:
            break;
    }
    return field.unit == Unit::count ? 6 : 8;
}

bool is_number(const EventField& field) {
    switch (field.type) {
        case SemanticType::cgroup:
        case SemanticType::pid:
        case SemanticType::tid:
        case SemanticType::number:
        case SemanticType::signed_number:
        case SemanticType::natural_or_none:
            return true;
        default:
            return false;
    }
}

}  // namespace

EventShape shape_of(const std::string& tool, const EventsSchema& schema) {
    EventShape shape;
    shape.tool = tool;
    shape.name = schema.name;
    shape.description = schema.help;
    for (const Field& each : owner_fields(Owner())) {
        shape.key_names.push_back(each.name);
    }
    for (const EventField& field : schema.fields) {
        shape.columns.push_back({field.name, field.unit, width_of(field), is_number(field), false});
        if (field.type == SemanticType::words) {
            shape.columns.push_back({field.name + "_cut", Unit::count, 5, false, true});
        }
    }
    return shape;
}

namespace {

std::uint64_t number_at(const EventField& field, const std::byte* event) {
    std::uint64_t number = 0;
    std::memcpy(&number, event + field.offset, std::min(field.size, sizeof number));
    return number;
}

std::int64_t signed_number_at(const EventField& field, const std::byte* event) {
    const std::size_t unused = 64 - 8 * std::min<std::size_t>(field.size, 8);
    return static_cast<std::int64_t>(number_at(field, event) << unused) >> unused;
}

/// Six words.
std::string arguments_words(const std::byte* event) {
    std::string words;
    std::uint64_t arguments[6];
    std::memcpy(arguments, event, sizeof arguments);
    for (const std::uint64_t each : arguments) {
        words += fmt::format("{:#x}", each) + '\0';
    }
    return words;
}

std::string address_text(const std::byte* bytes) {
    in6_addr address{};
    std::memcpy(&address, bytes, sizeof address);
    char text[INET6_ADDRSTRLEN] = "";
    if (IN6_IS_ADDR_V4MAPPED(&address)) {
        ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, &address, text, sizeof text);
    }
    return text;
}

FileDescriptor make_period() {
    FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    const itimerspec period{{0, kPeriod}, {0, kPeriod}};
    if (!timer || ::timerfd_settime(timer.get(), 0, &period, nullptr) != 0) {
        throw Error("cannot make a timer: {}", std::strerror(errno));
    }
    return timer;
}

}  // namespace

EventStream::EventStream(const Tracer& tracer)
    : tracer_(tracer),
      ring_(tracer.map_fd("tally_events"), tracer.max_entries("tally_events")),
      timer_(make_period()),
      wake_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const EventsSchema& each : tracer.schema().events) {
        shapes_.push_back(shape_of(tracer.name(), each));
    }
    // The ring by its edge: it is readable whenever there is anything in it, which is not when we
    // want to be woken, but its waiters are woken only when the kernel's side says so.
    epoll_event on_timer{EPOLLIN, {}};
    epoll_event on_ring{EPOLLIN | EPOLLET, {}};
    if (!wake_ || ::epoll_ctl(wake_.get(), EPOLL_CTL_ADD, timer_.get(), &on_timer) != 0 ||
        ::epoll_ctl(wake_.get(), EPOLL_CTL_ADD, tracer.map_fd("tally_events"), &on_ring) != 0) {
        throw Error("cannot wait for events: {}", std::strerror(errno));
    }
    set_clock();
}

/// Moves only when it must: times should not jump against each other from one look to the next.
void EventStream::set_clock() {
    const std::int64_t before = nanoseconds(CLOCK_MONOTONIC);
    const std::int64_t utc = nanoseconds(CLOCK_REALTIME);
    const std::int64_t offset = utc - (before + nanoseconds(CLOCK_MONOTONIC)) / 2;
    if (std::llabs(offset - clock_offset_) > kClockStep) {
        clock_offset_ = offset;
    }
}

const EventStream::Known& EventStream::look_up(CgroupId cgroup, const Containers& containers) {
    const auto found = known_.find(cgroup);
    if (found != known_.end()) {
        return found->second;
    }
    if (known_.size() >= kMostNames) {
        known_.clear();
    }
    const Owner& owner = containers.owner_of(cgroup);
    Known known{admission_ ? admission_(cgroup) : Admission::counted,
                {++serial_, owner.label(), owner_fields(owner)}};
    return known_.insert_or_assign(cgroup, std::move(known)).first->second;
}

/// Empty: it is in none.
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

void EventStream::release_held(const Containers& containers, const Take& take) {
    if (!std::exchange(may_release_, false)) {
        return;
    }
    held_bytes_ = 0;
    held_of_.clear();
    for (const std::vector<std::byte>& record : std::exchange(held_, {})) {
        take_one(record, containers, take);
    }
}

EventValue EventStream::value_of(const EventField& field, const std::byte* event,
                                 std::string_view text, std::int64_t clock_offset,
                                 std::string& room) {
    const auto number = [&] { return number_at(field, event); };
    const auto said = [&](std::string words) -> EventValue {
        room = std::move(words);
        return std::string_view(room);
    };
    switch (field.type) {
        case SemanticType::cgroup:
        case SemanticType::pid:
        case SemanticType::tid:
            return number();
        case SemanticType::number:
            return field.unit != Unit::count && number() == kNoQuantity ? EventValue()
                                                                        : EventValue(number());
        case SemanticType::signed_number:
            return signed_number_at(field, event);
        case SemanticType::natural_or_none: {
            const std::int64_t value = signed_number_at(field, event);
            return value < 0 ? EventValue() : EventValue(static_cast<std::uint64_t>(value));
        }
        case SemanticType::boolean:
            return number() != 0;
        case SemanticType::comm:
        case SemanticType::text: {
            const char* begin = reinterpret_cast<const char*>(event + field.offset);
            const std::string_view found(begin, ::strnlen(begin, field.size));
            return found.empty() && field.type == SemanticType::comm ? EventValue()
                                                                     : EventValue(found);
        }
        case SemanticType::capability:
            return said(capability_name(static_cast<std::uint32_t>(number())));
        case SemanticType::syscall:
            return said(syscall_name(static_cast<std::uint32_t>(number())));
        case SemanticType::error:
            return number() == 0 ? EventValue()
                                 : said(error_name(static_cast<std::uint32_t>(number())));
        case SemanticType::signal:
            return number() == 0 ? EventValue()
                                 : said(signal_name(static_cast<std::uint32_t>(number())));
        case SemanticType::open_flags:
            return said(open_flags_text(static_cast<std::uint32_t>(number())));
        case SemanticType::file_mode:
            return number() == 0xffffffff
                       ? EventValue()
                       : said(file_mode_text(static_cast<std::uint32_t>(number())));
        case SemanticType::address:
            return said(address_text(event + field.offset));
        case SemanticType::arguments:
            room = arguments_words(event + field.offset);
            return Words{room};
        case SemanticType::named_flags: {
            tally_flags flags{};
            std::memcpy(&flags, event + field.offset, sizeof flags);
            return flags.set == TALLY_NO_FLAGS ? EventValue()
                                               : said(named_flags_text(flags.set, flags.bits));
        }
        case SemanticType::container:
            return room.empty() ? EventValue() : EventValue(std::string_view(room));
        case SemanticType::time:
            return number() == 0
                       ? EventValue()
                       : EventValue(Moment{number() + static_cast<std::uint64_t>(clock_offset)});
        case SemanticType::enumeration: {
            const auto name = field.names.find(static_cast<std::int32_t>(number()));
            return name != field.names.end() ? EventValue(std::string_view(name->second))
                                             : said(std::to_string(number()));
        }
        case SemanticType::string:
        case SemanticType::words: {
            tally_text where{};
            std::memcpy(&where, event + field.offset, sizeof where);
            if (where.state == TALLY_TEXT_NONE) {
                return {};
            }
            const std::string_view found = text.substr(where.offset, where.length);
            return field.type == SemanticType::words ? EventValue(Words{found}) : EventValue(found);
        }
    }
    return {};
}

/// None: it is not laid out as declared.
const EventsSchema* EventStream::schema_of(std::span<const std::byte> record) const {
    tally_event_front front{};
    if (record.size() < sizeof front) {
        return nullptr;
    }
    std::memcpy(&front, record.data(), sizeof front);
    const std::vector<EventsSchema>& all = tracer_.schema().events;
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
        if (!known_.contains(cgroup)) {
            new_cgroups_.insert(cgroup);
        }
    };
    Head head{};
    std::memcpy(&head, event, sizeof head);
    note(head.cgroup);
    for (const EventField& field : schema->fields) {
        if (field.type == SemanticType::container) {
            note(number_at(field, event));
        }
    }
}

void EventStream::take_one(std::span<const std::byte> record, const Containers& containers,
                           const Take& take) {
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
    for (const EventField& field : schema.fields) {
        if (field.type == SemanticType::string || field.type == SemanticType::words) {
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
    rooms_.resize(std::max(rooms_.size(), schema.fields.size()));
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        if (schema.fields[i].type == SemanticType::container) {
            rooms_[i] = container_of(number_at(schema.fields[i], event), containers);
        }
    }
    Head head{};
    std::memcpy(&head, event, sizeof head);
    const Known& known = look_up(head.cgroup, containers);
    if (known.admission == Admission::dropped) {
        return;
    }
    if (known.admission == Admission::held || held_of_.contains(head.cgroup)) {
        not_held_ += !hold(head.cgroup, record);
        return;
    }

    values_.clear();
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        const EventField& field = schema.fields[i];
        values_.push_back(value_of(field, event, text, clock_offset_, rooms_[i]));
        if (field.type == SemanticType::words) {
            tally_text where{};
            std::memcpy(&where, event + field.offset, sizeof where);
            values_.emplace_back(where.state == TALLY_TEXT_CUT);
        }
    }
    take({shapes_[front.kind], head.time + static_cast<std::uint64_t>(clock_offset_), known.owner,
          head.pid, head.tid, std::string_view(head.comm, ::strnlen(head.comm, sizeof head.comm)),
          values_});
}

bool EventStream::take() {
    std::uint64_t ticks = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &ticks, sizeof ticks);
    epoll_event ready[2];
    ::epoll_wait(wake_.get(), ready, 2, 0);  // takes the edge
    set_clock();
    new_cgroups_.clear();
    found_ = ring_.look([this](std::span<const std::byte> record) { note_cgroups(record); });
    return !ring_.is_taken(found_);
}

void EventStream::tell(const Containers& containers, const Take& take) {
    release_held(containers, take);
    ring_.take(found_,
               [&](std::span<const std::byte> record) { take_one(record, containers, take); });
}

}  // namespace tally
