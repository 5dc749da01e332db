// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// A BPF object that somebody gives to `tally run`: check_object() looks at it, libbpf opens it, its
// BTF is read as declarations. Either an Error of one sentence, or a tracer.
#include <string>

#include "fuzz.h"
#include "tracer/libbpf_log.h"
#include "tracer/tracer.h"
#include "util/error.h"

using namespace tally;

FUZZ_TARGET(object) {
    capture_libbpf_log();
    try {
        const Tracer tracer("it", std::as_bytes(std::span(bytes)));
        MUST(!tracer.schema().slots().empty());
    } catch (const Error& error) {
        const std::string_view sentence = error.what();
        MUST(!sentence.empty() && sentence.find('\n') == std::string_view::npos);
        MUST(error.status() == ExitStatus::failed);
    }
}
