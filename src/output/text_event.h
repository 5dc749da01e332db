// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <string>
#include <string_view>

#include "model/event.h"
#include "output/writer.h"

namespace tally {

/// Events as lines for people: one column for each field, as wide as its type wants it. What is
/// longer is not cut, since a line is searched as well as read; it pushes the rest to the right.
class TextEvents {
  public:
    explicit TextEvents(const TextOptions& options) : options_(options) {}

    /// What stands above the columns of one kind of event.
    std::string heading(const EventShape& shape) const;

    /// Good until the next call.
    std::string_view line(const Event& event);

  private:
    std::string cell(const EventColumn& column, const EventValue& value) const;

    TextOptions options_;
    std::string line_;
    UnixNanoseconds second_ = 0;
    std::string clock_;  ///< the local time of second_
};

}  // namespace tally
