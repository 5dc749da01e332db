// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The reader's side of a ring, on memory that a test writes as the kernel would
// (kernel/bpf/ringbuf.c).
#include "collect/ring.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "util/file_descriptor.h"

namespace tally {
namespace {

constexpr std::size_t kSize = 4096;

class RingTest : public testing::Test {
  protected:
    RingTest() : file_(::memfd_create("ring", MFD_CLOEXEC)) {
        const std::size_t page = page_size();
        EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(2 * page + kSize)), 0);
        memory_ = static_cast<std::byte*>(
            ::mmap(nullptr, 2 * page + kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0));
        ring_ = std::make_unique<KernelRing>(file_.get(), kSize);
    }
    ~RingTest() override { ::munmap(memory_, 2 * page_size() + kSize); }

    static std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

    /// Where the kernel writes next, and up to where the reader has given room back.
    std::uint64_t& produced() { return *reinterpret_cast<std::uint64_t*>(memory_ + page_size()); }
    std::uint64_t given_back() const { return *reinterpret_cast<std::uint64_t*>(memory_); }

    /// Puts a record into the ring; returns the place of its header.
    std::uint64_t put(const std::string& text, std::uint32_t flags = 0) {
        const std::uint64_t place = produced();
        set_header(place, static_cast<std::uint32_t>(text.size()) | flags);
        for (std::size_t i = 0; i < text.size(); ++i) {
            data()[(place + BPF_RINGBUF_HDR_SZ + i) % kSize] = static_cast<std::byte>(text[i]);
        }
        produced() += (text.size() + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
        return place;
    }
    void set_header(std::uint64_t place, std::uint32_t length) {
        std::memcpy(data() + place % kSize, &length, sizeof length);
    }

    /// What look() shows, and then what take() hands out.
    std::vector<std::string> look() {
        std::vector<std::string> texts;
        end_ = ring_->look([&](auto record) { texts.push_back(text_of(record)); });
        return texts;
    }
    std::vector<std::string> take() {
        std::vector<std::string> texts;
        ring_->take(end_, [&](auto record) { texts.push_back(text_of(record)); });
        return texts;
    }

    std::unique_ptr<KernelRing> ring_;
    std::uint64_t end_ = 0;

  private:
    static std::string text_of(std::span<const std::byte> record) {
        return {reinterpret_cast<const char*>(record.data()), record.size()};
    }
    std::byte* data() { return memory_ + 2 * page_size(); }

    FileDescriptor file_;
    std::byte* memory_ = nullptr;
};

using Texts = std::vector<std::string>;

TEST_F(RingTest, ShowsRecordsAndHandsOutTheSame) {
    EXPECT_EQ(look(), Texts{});
    EXPECT_TRUE(ring_->is_taken(end_));
    put("one");
    put("two and a half");
    EXPECT_EQ(look(), (Texts{"one", "two and a half"}));
    EXPECT_FALSE(ring_->is_taken(end_));
    EXPECT_EQ(given_back(), 0U);
    put("later");  // behind what was seen: for the next time
    EXPECT_EQ(take(), (Texts{"one", "two and a half"}));
    EXPECT_TRUE(ring_->is_taken(end_));
    EXPECT_EQ(given_back(), end_);
    EXPECT_EQ(look(), Texts{"later"});
    EXPECT_EQ(take(), Texts{"later"});
    EXPECT_EQ(given_back(), produced());
}

TEST_F(RingTest, GoesNoFurtherThanARecordThatIsBeingWritten) {
    put("one");
    const std::uint64_t busy = put("two", BPF_RINGBUF_BUSY_BIT);
    put("three");
    EXPECT_EQ(look(), Texts{"one"});
    set_header(busy, 3);  // it is whole when the first are taken
    EXPECT_EQ(take(), Texts{"one"});
    EXPECT_EQ(look(), (Texts{"two", "three"}));
    EXPECT_EQ(take(), (Texts{"two", "three"}));
}

TEST_F(RingTest, LeavesOutWhatWasDiscarded) {
    put("one");
    put("two", BPF_RINGBUF_DISCARD_BIT);
    EXPECT_EQ(look(), Texts{"one"});
    EXPECT_EQ(take(), Texts{"one"});
    put("three", BPF_RINGBUF_DISCARD_BIT);
    EXPECT_EQ(look(), Texts{});
    EXPECT_FALSE(ring_->is_taken(end_));
    EXPECT_EQ(take(), Texts{});
    EXPECT_EQ(given_back(), produced());
}

TEST_F(RingTest, JoinsARecordThatGoesOnAtTheBeginning) {
    for (int round = 0; round < 100; ++round) {
        const std::string first(1000, static_cast<char>('a' + round % 26));
        const std::string second(static_cast<std::size_t>(301 + round), 'x');
        put(first);
        put(second);
        ASSERT_EQ(look(), (Texts{first, second})) << round;
        ASSERT_EQ(take(), (Texts{first, second})) << round;
        ASSERT_EQ(given_back(), produced());
    }
}

}  // namespace
}  // namespace tally
