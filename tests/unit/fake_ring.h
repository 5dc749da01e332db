// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <sys/eventfd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "collect/ring.h"
#include "util/file_descriptor.h"
#include "wire.h"

namespace tally {

/// What every struct of an event begins with (bpf/include/events.bpf.h: struct event_head).
struct EventHead {
    std::uint64_t time = 0;
    std::uint64_t cgroup = 0;
    std::uint32_t pid = 0, tid = 0;
    char comm[16] = "";
};

/// What a test says is in the ring of events. A place in it is the number of a record.
class FakeRing final : public Ring {
  public:
    /// Puts a record as it is.
    void put(std::vector<std::byte> record) { records_.push_back(std::move(record)); }

    /// Puts an event: the struct of the EVENTS() of this kind, and the text behind it.
    template <typename Event>
    void put(std::uint32_t kind, const Event& event, std::string_view text = "") {
        put(record_of(kind, &event, sizeof event, text));
    }

    static std::vector<std::byte> record_of(std::uint32_t kind, const void* event, std::size_t size,
                                            std::string_view text) {
        const tally_event_front front{kind, static_cast<std::uint32_t>(text.size())};
        std::vector<std::byte> record(sizeof front + size + text.size());
        std::memcpy(record.data(), &front, sizeof front);
        std::memcpy(record.data() + sizeof front, event, size);
        std::memcpy(record.data() + sizeof front + size, text.data(), text.size());
        return record;
    }

    std::uint64_t look(const Visit& visit) override {
        for (std::size_t i = taken_; i < records_.size(); ++i) {
            visit(records_[i]);
        }
        return records_.size();
    }
    void take(std::uint64_t end, const Visit& visit) override {
        for (; taken_ < end; ++taken_) {
            visit(records_[taken_]);
            records_[taken_] = {};  // its room is given back
        }
    }
    bool is_taken(std::uint64_t end) const override { return taken_ >= end; }
    int fd() const override { return edge_.get(); }

  private:
    FileDescriptor edge_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::vector<std::vector<std::byte>> records_;
    std::size_t taken_ = 0;
};

}  // namespace tally
