// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "session/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <paths.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "output/messages.h"
#include "util/inherited_signals.h"

namespace tally {
namespace {

/// sudo(8) forwards a Ctrl-C that the terminal has already sent: within this time a further signal
/// is an echo.
constexpr int kEchoMs = 1000;

CommandError cannot_run(const std::string& name, int error) {
    return {error == ENOENT ? ExitStatus::not_found : ExitStatus::cannot_run,
            fmt::format("cannot run '{}': {}", name, std::strerror(error))};
}

/// The file that execvp(3) would run.
std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string_view folders = path != nullptr ? path : _PATH_DEFPATH;
    const bool search = name.find('/') == std::string::npos && !name.empty();
    int error = ENOENT;
    for (bool more = true; more;) {
        const std::size_t colon = search ? folders.find(':') : std::string_view::npos;
        const std::string folder(folders.substr(0, colon));
        more = colon != std::string_view::npos;
        folders.remove_prefix(more ? colon + 1 : 0);
        std::string file = !search ? name : (folder.empty() ? "." : folder) + "/" + name;
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0) {
            error = errno == EACCES ? EACCES : error;
        } else if (S_ISREG(status.st_mode) && ::access(file.c_str(), X_OK) == 0) {
            return file;
        } else {
            error = EACCES;
        }
    }
    throw cannot_run(name, error);
}

/// In the child: reports an error to the parent, as an exit status and a sentence.
[[noreturn]] void give_up(int report, const Error& error) {
    const std::string message = static_cast<char>(error.status()) + std::string(error.what());
    [[maybe_unused]] const ssize_t written = ::write(report, message.data(), message.size());
    ::_exit(1);
}

std::string read_all(int fd) {
    std::string all;
    std::array<char, 512> part{};
    for (;;) {
        const ssize_t got = ::read(fd, part.data(), part.size());
        if (got > 0) {
            all.append(part.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            return all;
        }
    }
}

}  // namespace

Command::Command(std::vector<std::string> words)
    : words_(std::move(words)), program_(find_program(words_.front())) {}

Command::~Command() {
    if (pid_ > 0) {
        stop({});
    }
}

void Command::start(int output, const std::function<void()>& before_exec) {
    std::vector<char*> arguments;
    for (std::string& each : words_) {
        arguments.push_back(each.data());
    }
    arguments.push_back(nullptr);

    // Closed by a successful exec: then there is nothing to read.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Error("cannot create a pipe: {}", std::strerror(errno));
    }
    FileDescriptor result(ends[0]);
    FileDescriptor report(ends[1]);
    pid_ = ::fork();
    if (pid_ < 0) {
        throw Error("cannot create a process for '{}': {}", words_.front(), std::strerror(errno));
    }
    if (pid_ == 0) {
        try {
            before_exec();
        } catch (const Error& error) {
            give_up(report.get(), error);
        }
        if (output != STDOUT_FILENO && ::dup2(output, STDOUT_FILENO) < 0) {
            give_up(report.get(), cannot_run(words_.front(), errno));
        }
        restore_signals();
        ::execvp(program_.c_str(), arguments.data());
        give_up(report.get(), cannot_run(words_.front(), errno));
    }
    report.reset();
    const std::string message = read_all(result.get());
    if (!message.empty()) {
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
        throw CommandError(static_cast<ExitStatus>(message[0]), message.substr(1));
    }
    // glibc 2.36 declares pidfd_open() for C only.
    end_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!end_) {
        throw Error("cannot watch '{}': {}", words_.front(), std::strerror(errno));
    }
}

bool Command::has_ended(int timeout_ms) const {
    pollfd end{end_.get(), POLLIN, 0};
    return ::poll(&end, 1, timeout_ms) == 1;
}

void Command::stop(std::optional<TakenSignal> signal) {
    if (has_ended(0)) {
        return;  // its own exit status counts
    }
    ended_by_us_ = !signal;
    if (!signal || !signal->from_terminal) {
        ::kill(pid_, signal ? signal->number : SIGTERM);
        ::kill(pid_, SIGCONT);  // if it was stopped
    }
}

ExitStatus Command::wait(int signals) {
    if (!has_ended(kEchoMs)) {
        signalfd_siginfo echo;
        while (::read(signals, &echo, sizeof echo) > 0) {
        }
        std::array<pollfd, 2> files{{{end_.get(), POLLIN, 0}, {signals, POLLIN, 0}}};
        while (::poll(files.data(), files.size(), -1) < 0 && errno == EINTR) {
        }
    }
    const pid_t pid = std::exchange(pid_, -1);
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid) {
        say(fmt::format("'{}' has not ended; it keeps running as process {}", words_.front(), pid));
        return ExitStatus::ok;
    }
    if (ended_by_us_) {
        return ExitStatus::ok;
    }
    return static_cast<ExitStatus>(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                       : WEXITSTATUS(status));
}

}  // namespace tally
