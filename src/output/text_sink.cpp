// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "output/text_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "output/live_area.h"
#include "output/loss_sentences.h"
#include "output/picture.h"
#include "output/quantity.h"
#include "output/text_event.h"
#include "output/text_rows.h"
#include "output/times.h"

namespace tally {

namespace {

constexpr std::size_t kMostBars = 3;        // the most diagrams that are shown at once
constexpr std::size_t kPlainColumns = 132;  // of a file or a pipe
constexpr std::size_t kFewestColumns = 20;

std::string format_seconds(double seconds) {
    return fmt::format("{:.{}f} s", seconds, seconds < 0.995 ? 2 : 1);
}

/// ", 3 waiting now, the longest for 1.20s", or nothing.
std::string waiting_too(const LeftOut& left_out) {
    return left_out.in_flight.count == 0 ? "" : ", " + format_in_flight(left_out.in_flight);
}

class TextSink final : public Sink {
  public:
    TextSink(const TextOptions& options, OutputFile& out, OutputFile& errors)
        : options_(options), out_(out), errors_(errors), live_area_(out), events_(options) {}

    void report(const AnyReport& report) override {
        std::visit([this](const auto& each) { write(each); }, report);
    }
    void live(const AnyReport& report) override {
        std::visit([this](const auto& each) { draw_live(each); }, report);
    }

    void begin_events(const std::vector<EventShape>& shapes) override {
        for (const EventShape& each : shapes) {
            out_.append(events_.heading(each));
        }
        out_.flush();
    }
    void event(const Event& event) override {
        out_.append(events_.line(event));
        out_.flush_if_large();
    }
    void flush() override { out_.flush(); }

    void lost(const LostRecord& lost) override {
        tell(lost_sentence(lost, options_));
        errors_.flush();
    }

    void end(const EndRecord& end) override {
        for (const std::string& each : end_sentences(end, options_)) {
            tell(each);
        }
        erase_live();
        out_.flush();
        errors_.flush();
    }

  private:
    struct LivePicture {
        std::string tool;
        std::string name;  ///< of what it measures
        Picture picture;
    };

    struct Screen {
        std::size_t columns;  ///< the width of the terminal
        std::size_t width;    ///< the width that lines may use
        std::size_t height;
    };

    Screen screen() const {
        if (!options_.terminal) {
            return {kPlainColumns, kPlainColumns, 0};
        }
        const TerminalSize size = terminal_size(out_.fd());
        // Terminals behave differently after a line that fills the last column.
        return {size.columns, std::max(size.columns, kFewestColumns) - 1,
                std::max<std::size_t>(size.rows, 2) - 1};
    }

    template <typename SomeReport>
    void write(const SomeReport& report) {
        const std::size_t width = screen().width;
        erase_live();
        if (reported_) {
            out_.append("\n");
        }
        reported_ = true;
        const std::string when = report.scope == Scope::total ? "total" : local_clock(report.time);
        const Picture picture = draw(report, when, width, std::nullopt);
        for (const Line& line : lines_of(picture, width, options_.unicode)) {
            out_.append(styled(line, options_.colour));
            out_.append("\n");
        }
        out_.flush();
    }

    template <typename SomeReport>
    void draw_live(const SomeReport& report) {
        if (!options_.terminal) {
            return;
        }
        // What measures several things tells them in turn: they share the screen.
        const Screen now = screen();
        const auto is_same = [&](const LivePicture& each) {
            return each.tool == report.tool && each.name == report.name;
        };
        auto place = std::find_if(live_.begin(), live_.end(), is_same);
        if (place == live_.end()) {
            place = live_.insert(place, {report.tool, report.name, {}});
        }
        const std::size_t share = std::max<std::size_t>(now.height / live_.size(), 1);
        place->picture = draw(report, "so far", now.width, share);

        std::vector<Line> lines;
        for (const LivePicture& each : live_) {
            Picture fitting = each.picture;
            fitting.fit_height(share);
            for (Line& line : lines_of(fitting, now.width, options_.unicode)) {
                lines.push_back(std::move(line));
            }
        }
        lines.resize(std::min(lines.size(), now.height));
        live_area_.draw(lines, now.columns, options_.colour);
        out_.flush();
    }

    std::string safe(std::string_view bytes) const { return safe_text(bytes, options_); }

    void erase_live() {
        if (options_.terminal) {
            live_area_.erase(screen().columns);
            live_.clear();
        }
    }

    void tell(const std::string& sentence) {
        // It may be the same terminal: the picture must be removed first.
        erase_live();
        out_.flush();
        errors_.append(sentence + "\n");
    }

    /// `height`: the height that the default view should fit into.
    template <typename SomeReport>
    Picture draw(const SomeReport& report, const std::string& when, std::size_t width,
                 std::optional<std::size_t> height) const {
        const TextRows rows = choose_rows(report, options_);
        Picture picture;
        const std::string title =
            fmt::format("{}, {}  {}{}: ", when, format_seconds(report.interval_s),
                        options_.names_tools ? safe(report.tool) + ' ' : "", safe(report.name));
        if (report.rows.empty()) {
            picture.head.push_back({title + "nothing was measured", Style::dim});
            return picture;
        }
        picture.head.push_back({title + safe(report.description), Style::dim});
        add_left_out(picture, rows, report);
        if (rows.rows.empty()) {
            return picture;
        }
        if constexpr (std::is_same_v<SomeReport, CountsReport>) {
            draw_table(picture, rows, report, width, options_);
            return picture;
        } else {
            draw_histograms(picture, rows, report, width, height);
            return picture;
        }
    }

    void draw_histograms(Picture& picture, const TextRows& rows, const HistogramReport& report,
                         std::size_t width, std::optional<std::size_t> height) const {
        const View view =
            options_.view.value_or(rows.rows.size() <= kMostBars ? View::bars : View::table);
        if (view == View::bars) {
            Picture bars = picture;
            draw_bars(bars, rows, report, width, options_);
            if (options_.view || !height || bars.height() <= *height) {
                picture = std::move(bars);
                return;
            }
        }
        draw_table(picture, rows, report, width, options_);
    }

    void add_left_out(Picture& picture, const TextRows& rows, const Report& report) const {
        const std::string noun = safe(report.name);
        if (const LeftOut& more = rows.beyond_top; more.keys != 0) {
            picture.foot.push_back(
                {fmt::format("{} more {}, {}{} (--top 0 shows all)", format_count(more.keys),
                             more.keys == 1 ? "key" : "keys", format_count_of(more.values, noun),
                             waiting_too(more)),
                 Style::dim});
        }
        if (const LeftOut& few = rows.below_min_count; few.keys != 0) {
            picture.foot.push_back({fmt::format("{} left out, each with fewer than {}, in all {}{}",
                                                format_count_of(few.keys, "keys"),
                                                format_count_of(options_.min_count, noun),
                                                format_count(few.values), waiting_too(few)),
                                    Style::dim});
        }
    }

    TextOptions options_;
    OutputFile& out_;
    OutputFile& errors_;
    LiveArea live_area_;
    TextEvents events_;
    std::vector<LivePicture> live_;  ///< in the order in which they came first
    bool reported_ = false;
};

}  // namespace

std::unique_ptr<Sink> make_text_sink(const TextOptions& options, OutputFile& out,
                                     OutputFile& errors) {
    return std::make_unique<TextSink>(options, out, errors);
}

}  // namespace tally
