// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// What a session is told first when several things have happened, over pipes and eventfds.
#include "session/waiter.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <thread>

#include "util/file_descriptor.h"

namespace tally {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Something that is readable when we want it to be.
class Bell {
  public:
    void ring() const {
        const std::uint64_t one = 1;
        ASSERT_EQ(::write(file_.get(), &one, sizeof one), ssize_t{sizeof one});
    }
    void silence() const {
        std::uint64_t count = 0;
        ASSERT_EQ(::read(file_.get(), &count, sizeof count), ssize_t{sizeof count});
    }
    int fd() const { return file_.get(); }

  private:
    FileDescriptor file_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

class WaiterTest : public testing::Test {
  protected:
    void SetUp() override { ::sigprocmask(SIG_BLOCK, nullptr, &before_); }

    /// The waiter leaves its signals blocked.
    void TearDown() override { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

    Wake wait_shortly() { return waiter_.wait(Clock::now() + milliseconds(50)); }

    sigset_t before_{};
    Waiter waiter_;
};

TEST_F(WaiterTest, TellsTheMostUrgentFirst) {
    const Bell stop, command, events, cgroups;
    waiter_.watch(cgroups.fd(), Wake::cgroups);
    waiter_.watch(events.fd(), Wake::events);
    waiter_.watch(command.fd(), Wake::command);
    waiter_.watch(stop.fd(), Wake::stop);
    waiter_.start(Seconds(0.001), std::nullopt);
    std::this_thread::sleep_for(milliseconds(5));
    for (const Bell* each : {&stop, &command, &events, &cgroups}) {
        each->ring();
    }
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
    stop.silence();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::command);
    command.silence();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::tick);
}

TEST_F(WaiterTest, EventsComeBeforeCgroups) {
    const Bell events, cgroups;
    waiter_.watch(cgroups.fd(), Wake::cgroups);
    waiter_.watch(events.fd(), Wake::events);
    events.ring();
    cgroups.ring();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::events);
    events.silence();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::cgroups);
    cgroups.silence();
    EXPECT_EQ(wait_shortly(), Wake::look);
}

TEST_F(WaiterTest, ALookIsDueThoughEventsAndCgroupsNeverPause) {
    const Bell events, cgroups;
    waiter_.watch(events.fd(), Wake::events);
    waiter_.watch(cgroups.fd(), Wake::cgroups);
    events.ring();
    cgroups.ring();
    const auto due = Clock::now() + milliseconds(20);
    Wake wake = Wake::events;
    while (wake == Wake::events) {  // never silenced
        wake = waiter_.wait(due);
    }
    EXPECT_EQ(wake, Wake::look);
    EXPECT_GE(Clock::now(), due);
}

TEST_F(WaiterTest, AnyNumberOfRingsIsToldAtOnce) {
    std::array<Bell, 40> rings;
    for (const Bell& each : rings) {
        waiter_.watch(each.fd(), Wake::events);
    }
    rings[3].ring();
    rings[39].ring();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::events);
    EXPECT_EQ(waiter_.readable(), (std::vector<int>{rings[3].fd(), rings[39].fd()}));
    rings[3].silence();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::events);
    EXPECT_EQ(waiter_.readable(), std::vector<int>{rings[39].fd()});
}

TEST_F(WaiterTest, TicksAreNotMadeUpFor) {
    constexpr milliseconds kInterval{20};
    waiter_.start(kInterval, std::nullopt);
    std::this_thread::sleep_for(10 * kInterval);
    const auto began = Clock::now();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(waiter_.wait(std::nullopt), Wake::tick);
    }
    EXPECT_GE(Clock::now() - began, kInterval);  // those that were missed were one
}

TEST_F(WaiterTest, TheEndOfTheDurationStops) {
    const Bell cgroups;
    waiter_.watch(cgroups.fd(), Wake::cgroups);
    waiter_.start(std::nullopt, Seconds(0.001));
    std::this_thread::sleep_for(milliseconds(5));
    cgroups.ring();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
    EXPECT_FALSE(waiter_.taken_signal());
}

TEST_F(WaiterTest, AReaderThatGoesAwayStops) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    FileDescriptor reader(ends[0]);
    const FileDescriptor writer(ends[1]);
    waiter_.watch_output(writer.get());
    EXPECT_EQ(wait_shortly(), Wake::look);
    reader.reset();
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
}

TEST_F(WaiterTest, ASignalStopsAndIsRemembered) {
    ::kill(::getpid(), SIGTERM);
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
    ASSERT_TRUE(waiter_.taken_signal());
    EXPECT_EQ(waiter_.taken_signal()->number, SIGTERM);
    EXPECT_FALSE(waiter_.taken_signal()->from_terminal);
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
}

TEST_F(WaiterTest, OfTwoSignalsTheFirstCountsAndTheSecondSoonAfterIsItsEcho) {
    const auto began = Clock::now();
    ::kill(::getpid(), SIGINT);
    EXPECT_FALSE(
        waiter_.ends_waiting_for_output(false));  // the first one, in a session that goes on
    ::kill(::getpid(), SIGTERM);
    const bool ends_waiting_for_output = waiter_.ends_waiting_for_output(true);
    // timeout(1) sends its own twice. (Unless this machine has stood still for a second.)
    EXPECT_TRUE(!ends_waiting_for_output || Clock::now() - began >= Seconds(1));
    EXPECT_EQ(waiter_.taken_signal()->number, SIGINT);
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
}

TEST_F(WaiterTest, ASecondSignalLaterIsTheLastWord) {
    ::kill(::getpid(), SIGINT);
    EXPECT_EQ(waiter_.wait(std::nullopt), Wake::stop);
    std::this_thread::sleep_for(milliseconds(1010));
    ::kill(::getpid(), SIGINT);
    EXPECT_TRUE(waiter_.ends_waiting_for_output(true));
}

TEST_F(WaiterTest, AFirstSignalIsTheLastWordOfASessionThatEnds) {
    ::kill(::getpid(), SIGTERM);
    EXPECT_TRUE(waiter_.ends_waiting_for_output(true));
}

}  // namespace
}  // namespace tally
