// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// happen opens N PATH    N times opens and closes a file; says how many could be opened
// happen execs N         N programs, one after the other, each with its number as last argument
// happen words WORD...   one program with these arguments, and one file of each name opened
#include <fcntl.h>
#include <sys/wait.h>

#include <cstring>
#include <string>

#include "workload.h"

namespace {

long open_files(long count, const char* path) {
    long opened = 0;
    for (long i = 0; i < count; ++i) {
        const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            ++opened;
            ::close(fd);
        }
    }
    return opened;
}

void run(const char* file, char* const* arguments) {
    char* const none[] = {nullptr};
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execve(file, arguments, none);
        ::_exit(127);
    }
    if (child < 0 || ::waitpid(child, nullptr, 0) != child) {
        workload::fail("vfork");
    }
}

long run_programs(long count) {
    for (long i = 0; i < count; ++i) {
        std::string number = std::to_string(i);
        char name[] = "happen", mode[] = "nothing";
        char* const arguments[] = {name, mode, number.data(), nullptr};
        run("/proc/self/exe", arguments);
    }
    return count;
}

long use_words(char** words) {
    long count = 0;
    for (char** each = words; *each != nullptr; ++each, ++count) {
        const int fd = ::open(*each, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            ::close(fd);
        }
    }
    char name[] = "happen", mode[] = "nothing";
    std::string room(sizeof(char*) * static_cast<std::size_t>(count + 3), '\0');
    char** arguments = reinterpret_cast<char**>(room.data());
    arguments[0] = name;
    arguments[1] = mode;
    std::memcpy(arguments + 2, words, sizeof(char*) * static_cast<std::size_t>(count));
    run("/proc/self/exe", arguments);
    return count;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "nothing") {
        return 0;
    }
    workload::wait_for_go();
    const long done = mode == "opens"   ? open_files(workload::number(argc, argv, 2), argv[3])
                      : mode == "execs" ? run_programs(workload::number(argc, argv, 2))
                                        : use_words(argv + 2);
    std::printf("{\"done\": %ld}\n", done);
    std::fflush(stdout);
    workload::stay();
}
