// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <vector>

#include "model/event.h"
#include "model/record.h"

namespace tally {

/// Where the records of a run go: what is measured ends here, in one form (text, JSON, CSV). A sink
/// knows neither tools nor maps. What a call was given is written, complete and flushed, when it
/// returns (except event()). Throws ClosedPipe or Error as OutputFile does.
class Sink {
  public:
    virtual ~Sink() = default;

    /// The first call: all reports of the run, without rows, for formats with a heading.
    virtual void begin(const std::vector<AnyReport>& reports) { (void)reports; }

    /// Instead of begin(), for events instead of reports.
    virtual void begin_events(const std::vector<EventShape>& shapes) { (void)shapes; }

    /// Takes one event, which is written, whole, before flush() returns.
    virtual void event(const Event& event) = 0;
    virtual void flush() = 0;

    /// All keys of one interval, or of the run.
    virtual void report(const AnyReport& report) = 0;

    /// The current state of a run, drawn over the previous picture. Only text on a terminal uses
    /// this; the next call of any other function removes the picture first.
    virtual void live(const AnyReport& report) { (void)report; }

    /// Something was lost since the last report. In text and CSV it goes to stderr.
    virtual void lost(const LostRecord& lost) = 0;

    /// The last call. In text and CSV, losses and before_attach go to stderr.
    virtual void end(const EndRecord& end) = 0;
};

}  // namespace tally
