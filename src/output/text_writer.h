// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <memory>

#include "output/writer.h"

namespace tally {

/// Writes for people: data to `out`, losses to `errors`.
std::unique_ptr<Writer> make_text_writer(const TextOptions& options, OutputFile& out,
                                         OutputFile& errors);

}  // namespace tally
