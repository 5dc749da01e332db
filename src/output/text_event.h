// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

#include "model/event.h"
#include "output/format.h"

namespace tally {

/// Events as lines for people: one column per field, with the usual width of its type. Longer
/// values are not cut, since lines are searched as well as read; they push the rest to the right.
class TextEvents {
  public:
    explicit TextEvents(const TextOptions& options) : options_(options) {}

    /// The headings of one kind of event.
    std::string heading(const EventShape& shape) const;

    /// Valid until the next call.
    std::string_view line(const Event& event);

  private:
    std::string cell(const EventColumn& column, const EventValue& value) const;

    TextOptions options_;
    std::string line_;
    UnixNanoseconds second_ = 0;
    std::string clock_;  ///< the local time of second_
};

}  // namespace tally
