// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/make_sink.h"

#include "output/csv_sink.h"
#include "output/json_sink.h"
#include "output/text_sink.h"

namespace tally {

std::unique_ptr<Sink> make_sink(Format format, const TextOptions& options, OutputFile& out,
                                OutputFile& errors) {
    switch (format) {
        case Format::json:
            return make_json_sink(out);
        case Format::csv:
            return make_csv_sink(options, out, errors);
        case Format::text:
            break;
    }
    return make_text_sink(options, out, errors);
}

}  // namespace tally
