// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "tracer/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace tally {
namespace {

bool verbose_log = false;
std::string first_warning;

int take(libbpf_print_level level, const char* format, va_list arguments) {
    char line[4096];
    std::vsnprintf(line, sizeof line, format, arguments);
    // The debug level tells every relocation.
    if (verbose_log && level != LIBBPF_DEBUG) {
        std::fputs(line, stderr);
    }
    if (level == LIBBPF_WARN) {
        std::string_view text = line;
        while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
            text.remove_suffix(1);
        }
        if (text.starts_with("libbpf: ")) {
            text.remove_prefix(8);
        }
        // The first warning is the cause, those after it say what else fell with it; the advice
        // about `ulimit -l` is wrong since 5.11.
        if (first_warning.empty() && text.find("ulimit") == std::string_view::npos) {
            first_warning = text;
        }
    }
    return 0;
}

}  // namespace

void capture_libbpf_log(bool verbose) {
    verbose_log = verbose;
    first_warning.clear();
    libbpf_set_print(take);
}

std::string first_libbpf_warning() {
    return first_warning;
}

}  // namespace tally
