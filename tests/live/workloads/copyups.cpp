// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// copyups OPERATION FILE...   does it to each file; says how many could be done, and for how many
//                             nanoseconds it was in the calls that a copy-up may be part of
//
// OPERATION: read, write, truncate (files that are opened), cut, chmod, chown, touch, setxattr,
// rename (to NAME.new), link (as NAME.new), unlink
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <ctime>
#include <functional>
#include <map>
#include <string>

#include "workload.h"

namespace {

long long now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string new_name(const char* file) {
    return std::string(file) + ".new";
}

const std::map<std::string, std::function<int(const char*)>> kOperations{
    {"read", [](const char* file) { return ::open(file, O_RDONLY); }},
    {"write", [](const char* file) { return ::open(file, O_WRONLY); }},
    {"truncate", [](const char* file) { return ::open(file, O_WRONLY | O_TRUNC); }},
    {"cut", [](const char* file) { return ::truncate(file, 1); }},
    {"chmod", [](const char* file) { return ::chmod(file, 0640); }},
    {"chown", [](const char* file) { return ::chown(file, 1, 1); }},
    {"touch", [](const char* file) { return ::utimensat(AT_FDCWD, file, nullptr, 0); }},
    {"setxattr", [](const char* file) { return ::setxattr(file, "trusted.tally", "x", 1, 0); }},
    {"rename", [](const char* file) { return ::rename(file, new_name(file).c_str()); }},
    {"link", [](const char* file) { return ::link(file, new_name(file).c_str()); }},
    {"unlink", [](const char* file) { return ::unlink(file); }},
};

}  // namespace

int main(int argc, char** argv) {
    const auto operation = kOperations.find(argc > 1 ? argv[1] : "");
    if (operation == kOperations.end()) {
        std::fprintf(stderr, "copyups: which operation?\n");
        return 2;
    }
    workload::wait_for_go();
    long done = 0;
    long long in_calls = 0;
    for (int i = 2; i < argc; ++i) {
        const long long begin = now_ns();
        const int result = operation->second(argv[i]);
        in_calls += now_ns() - begin;
        done += result >= 0;
        if (result > 0) {
            ::close(result);
        }
    }
    std::printf("{\"done\": %ld, \"ns\": %lld}\n", done, in_calls);
    std::fflush(stdout);
    workload::stay();
}
