// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "util/file_descriptor.h"

namespace tally {
namespace {

constexpr unsigned kLongestRun = 60;  // seconds

std::string content_of(int fd) {
    std::string all;
    char chunk[4096];
    ssize_t got = 0;
    while ((got = ::pread(fd, chunk, sizeof chunk, static_cast<off_t>(all.size()))) > 0) {
        all.append(chunk, static_cast<std::size_t>(got));
    }
    return all;
}

/// Of what root may do, the program that is executed next keeps the reading of files.
void give_up_rights() {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (unsigned long each = 0; each < 64; ++each) {
        if (each != CAP_DAC_OVERRIDE && each != CAP_DAC_READ_SEARCH) {
            ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);  // fails where there are none to be given up
        }
    }
}

}  // namespace

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream all(line);
    std::vector<std::string> words;
    for (std::string word; all >> word;) {
        words.push_back(std::move(word));
    }
    return words;
}

Outcome run_program(const std::vector<std::string>& arguments) {
    const FileDescriptor out(::memfd_create("out", MFD_CLOEXEC));
    const FileDescriptor errors(::memfd_create("errors", MFD_CLOEXEC));
    std::vector<char*> words{const_cast<char*>("tally")};
    for (const std::string& each : arguments) {
        words.push_back(const_cast<char*>(each.c_str()));
    }
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        ::dup2(nothing, STDIN_FILENO);
        ::dup2(out.get(), STDOUT_FILENO);
        ::dup2(errors.get(), STDERR_FILENO);
        give_up_rights();
        ::alarm(kLongestRun);
        ::execv(TALLY_PROGRAM, words.data());
        ::_exit(127);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(out.get()),
            content_of(errors.get())};
}

}  // namespace tally
