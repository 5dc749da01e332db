// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/writer.h"

#include "output/csv_writer.h"
#include "output/json_writer.h"
#include "output/text_writer.h"

namespace tally {

std::unique_ptr<Writer> make_writer(Format format, const TextOptions& options, OutputFile& out,
                                    OutputFile& errors) {
    switch (format) {
        case Format::json:
            return make_json_writer(out);
        case Format::csv:
            return make_csv_writer(options, out, errors);
        case Format::text:
            break;
    }
    return make_text_writer(options, out, errors);
}

}  // namespace tally
