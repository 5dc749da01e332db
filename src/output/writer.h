// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.h"
#include "model/record.h"
#include "output/output_file.h"

namespace tally {

enum class Format { text, json, csv };

/// A format and its name for -o.
struct FormatName {
    Format format = Format::text;
    std::string_view word;
    std::string_view meaning;  ///< for the help; empty if the name is clear
};
inline constexpr std::array kFormats{
    FormatName{Format::text, "text", ""},
    FormatName{Format::json, "json", "one object for each line"},
    FormatName{Format::csv, "csv", "one heading"},
};

/// The formats of a listing (tally containers).
inline constexpr std::array kListingFormats{kFormats[0], kFormats[1]};

/// The form of a histogram in text.
enum class View {
    bars,   ///< one diagram for each key
    table,  ///< one line for each key, worst first
};

/// Options that apply only to text.
struct TextOptions {
    std::optional<View> view = std::nullopt;        ///< none: bars for up to three keys, else table
    std::optional<std::size_t> top = std::nullopt;  ///< the maximum number of keys; 0: all
    std::uint64_t min_count = 0;                    ///< leave out keys with fewer values than this
    bool terminal = false;     ///< `out` is a terminal: width and redrawing make sense
    bool colour = false;       ///< terminal and NO_COLOR is not set
    bool unicode = true;       ///< draw with block characters, else with ASCII
    bool names_tools = false;  ///< reports and events of several tools go to the same place
};

/// Writes the records of one run in one format. All data goes to `out`, complete and flushed when a
/// call returns (except event()). Throws ClosedPipe or Error as OutputFile does.
class Writer {
  public:
    virtual ~Writer() = default;

    /// The first call: all reports of the run, without rows, for formats with a heading.
    virtual void begin(const std::vector<AnyReport>& reports) { (void)reports; }

    /// Instead of begin(), for events instead of reports.
    virtual void begin_events(const std::vector<EventShape>& shapes) { (void)shapes; }

    /// Takes one event, which is written, whole, before flush() returns.
    virtual void event(const Event& event) = 0;
    virtual void flush() = 0;

    /// All keys of one interval, or of the run.
    virtual void report(const HistogramReport& report) = 0;
    virtual void report(const CountsReport& report) = 0;

    /// The current state of a run, drawn over the previous picture. Only text on a terminal uses
    /// this; the next call of any other function removes the picture first.
    virtual void live(const HistogramReport& report) { (void)report; }
    virtual void live(const CountsReport& report) { (void)report; }

    /// Something was lost since the last report. In text and CSV it goes to stderr.
    virtual void lost(const LostRecord& lost) = 0;

    /// The last call. In text and CSV, losses and before_attach go to stderr.
    virtual void end(const EndRecord& end) = 0;
};

/// `out` and `errors` must outlive the writer. `errors` gets the messages of text and CSV beside
/// the data.
std::unique_ptr<Writer> make_writer(Format format, const TextOptions& options, OutputFile& out,
                                    OutputFile& errors);

}  // namespace tally
