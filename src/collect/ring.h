// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tally {

/// What the programs of a tracer have put into its ring of events, for its one reader. An
/// EventStream reads it; unit tests substitute their own.
class Ring {
  public:
    /// Gets a record, which is valid until it returns.
    using Visit = std::function<void(std::span<const std::byte> record)>;

    virtual ~Ring() = default;

    /// Shows `visit` the records that are there when it begins, oldest first, and leaves them
    /// there. Ends early at a record that is not yet whole. Returns where it ended, for take().
    virtual std::uint64_t look(const Visit& visit) = 0;

    /// Passes the records before `end`, which look() has returned, to `visit`, and gives their room
    /// back.
    virtual void take(std::uint64_t end, const Visit& visit) = 0;

    /// Whether everything before `end` has been taken.
    virtual bool is_taken(std::uint64_t end) const = 0;

    /// A descriptor that is readable while something is in the ring, with an edge when the writer
    /// asks for the reader.
    virtual int fd() const = 0;
};

/// A BPF ring buffer (kernel/bpf/ringbuf.c). libbpf's own reader continues for as long as more
/// comes, stores its position for the kernel after each record, and maps the data twice, which
/// counts as memory of the process.
class KernelRing final : public Ring {
  public:
    /// `map` is the descriptor of a BPF_MAP_TYPE_RINGBUF of `size` bytes, and outlives this. All
    /// memory is mapped here. Throws Error.
    KernelRing(int map, std::size_t size);
    ~KernelRing() override;
    KernelRing(const KernelRing&) = delete;
    KernelRing& operator=(const KernelRing&) = delete;

    std::uint64_t look(const Visit& visit) override;
    void take(std::uint64_t end, const Visit& visit) override;
    bool is_taken(std::uint64_t end) const override { return position_ >= end; }
    int fd() const override { return map_; }

  private:
    struct Record {
        bool is_whole = false;
        std::uint64_t length = 0;  ///< of the space that it takes
        std::size_t content = 0;   ///< how many bytes; 0: it was discarded
    };

    std::uint64_t produced() const;
    Record at(std::uint64_t position) const;
    std::span<const std::byte> content_at(std::uint64_t position, std::size_t size);
    void give_back();

    const int map_;
    const std::size_t page_size_;
    std::size_t size_;
    std::byte* consumer_ = nullptr;  ///< the page that is ours
    std::byte* producer_ = nullptr;  ///< the kernel's page, followed by the data
    std::vector<std::byte> joined_;  ///< a record that continues at the beginning of the data
    std::uint64_t position_ = 0;
    std::uint64_t given_back_ = 0;
};

}  // namespace tally
