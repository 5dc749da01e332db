// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "util/error.h"

namespace tally {
namespace {

struct Pipe {
    Pipe() {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw Error("no pipe");
        }
        reader.reset(ends[0]);
        sink.reset(ends[1]);
    }
    FileDescriptor reader;
    FileDescriptor sink;
};

std::string read_all(int fd) {
    std::string all;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::read(fd, chunk, sizeof chunk)) > 0;) {
        all.append(chunk, static_cast<std::size_t>(got));
    }
    return all;
}

class Directory {
  public:
    Directory() {
        if (::mkdtemp(name_) == nullptr) {
            throw Error("no temporary directory");
        }
    }
    ~Directory() { std::filesystem::remove_all(name_); }
    std::string operator/(const std::string& name) const { return name_ + ("/" + name); }

  private:
    char name_[32] = "/tmp/tally_test_XXXXXX";
};

TEST(OutputFile, WritesNothingBeforeFlush) {
    Pipe pipe;
    OutputFile file(pipe.sink.get(), "stdout");
    file.append("one ");
    file.append("two");
    pollfd ready{pipe.reader.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 0), 0);
    file.flush();
    file.flush();  // nothing more to write
    pipe.sink.reset();
    EXPECT_EQ(read_all(pipe.reader.get()), "one two");
}

TEST(OutputFile, DoesNotCloseWhatItDoesNotOwn) {
    Pipe pipe;
    { OutputFile file(pipe.sink.get(), "stdout"); }
    EXPECT_NE(::fcntl(pipe.sink.get(), F_GETFD), -1);
}

TEST(OutputFile, CreatesAndTruncates) {
    const Directory directory;
    const std::string path = directory / "out.json";
    std::ofstream(path) << "something longer that was here before";
    {
        OutputFile file = OutputFile::create(path);
        EXPECT_NE(::fcntl(file.fd(), F_GETFD) & FD_CLOEXEC, 0);
        file.append("new");
        OutputFile moved = std::move(file);
        moved.flush();
    }
    std::ifstream stream(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), "new");
}

TEST(OutputFile, SaysWhatItCannotCreate) {
    const Directory directory;
    const std::string path = directory / "no/such/file";
    try {
        OutputFile::create(path);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.what(), "cannot create " + path + ": No such file or directory");
        EXPECT_EQ(error.status(), ExitStatus::failed);
    }
}

TEST(OutputFile, AFullDiskIsAnError) {
    if (::access("/dev/full", W_OK) != 0) {
        GTEST_SKIP() << "no /dev/full here";
    }
    OutputFile file = OutputFile::create("/dev/full");
    file.append("text");
    try {
        file.flush();
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "cannot write to /dev/full: No space left on device");
    }
    file.flush();  // what could not be written is not tried again
}

TEST(OutputFile, AClosedPipeIsNoError) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.reader.reset();
    OutputFile file(pipe.sink.get(), "stdout");
    file.append("text");
    EXPECT_THROW(file.flush(), ClosedPipe);
    std::signal(SIGPIPE, before);
}

TEST(OutputFile, AClosedDescriptorIsAnError) {
    OutputFile file(-1, "stdout");
    file.append("text");
    EXPECT_THROW(file.flush(), Error);
}

/// More than a pipe holds, so writes are partial, or come back with EAGAIN.
void expect_all_arrives(bool blocking) {
    Pipe pipe;
    if (!blocking) {
        ASSERT_EQ(::fcntl(pipe.sink.get(), F_SETFL, O_NONBLOCK), 0);
    }
    std::string text;
    while (text.size() < 1'000'000) {
        text += std::to_string(text.size()) + "\n";
    }
    std::string got;
    std::thread reader([&] { got = read_all(pipe.reader.get()); });
    OutputFile file(pipe.sink.get(), "stdout");
    file.append(text);
    file.flush();
    pipe.sink.reset();
    reader.join();
    EXPECT_TRUE(got == text);
}

TEST(OutputFile, PartialWritesAreContinued) {
    expect_all_arrives(true);
}

TEST(OutputFile, ANonBlockingPipeIsWaitedFor) {
    expect_all_arrives(false);
}

TEST(OutputFile, ASignalDoesNotBreakAWrite) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // and no SA_RESTART: write(2) comes back
    struct sigaction before {};
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    Pipe pipe;
    const pthread_t sink = ::pthread_self();
    const std::string text(300'000, 'x');
    std::string got;
    std::thread reader([&] {
        for (int round = 0; round < 20; ++round) {
            ::usleep(1000);
            ::pthread_kill(sink, SIGUSR1);
        }
        got = read_all(pipe.reader.get());
    });
    OutputFile file(pipe.sink.get(), "stdout");
    file.append(text);
    file.flush();
    pipe.sink.reset();
    reader.join();
    ::sigaction(SIGUSR1, &before, nullptr);
    EXPECT_EQ(got.size(), text.size());
}

}  // namespace
}  // namespace tally
