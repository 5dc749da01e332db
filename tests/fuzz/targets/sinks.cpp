// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// Whole records and pictures whose names are hostile: what every sink writes, to the data and to
// stderr, does no harm, and JSON parses back. Lines of the input are the names.
#include "output/make_sink.h"

#include <rapidjson/document.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.h"
#include "output/escape.h"
#include "readable.h"

using namespace tally;

namespace {

/// A file in memory, made once and emptied for each use.
class Memory {
  public:
    Memory() : file_(::memfd_create("fuzz", MFD_CLOEXEC)) { MUST(file_.get() >= 0); }
    int fd() const { return file_.get(); }

    std::string take() {
        std::string all(static_cast<std::size_t>(::lseek(fd(), 0, SEEK_END)), '\0');
        MUST(::pread(fd(), all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()));
        MUST(::ftruncate(fd(), 0) == 0 && ::lseek(fd(), 0, SEEK_SET) == 0);
        return all;
    }

  private:
    FileDescriptor file_;
};

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty() && lines.size() < 12) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

template <typename SomeReport>
SomeReport report_of(const std::vector<std::string>& names) {
    SomeReport report;
    report.tool = "tool";
    report.name = "waits";
    report.description = "time from here to there";
    report.interval_s = 1;
    report.headings = {"CONTAINER"};
    report.key_names = {"container", "comm"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& row = report.rows.emplace_back();
        row.labels = {names[i]};
        row.key = {{"container", names[i]}, {"comm", names[names.size() - 1 - i]}};
        if constexpr (std::is_same_v<SomeReport, HistogramReport>) {
            row.histogram.add(static_cast<std::uint32_t>(i), 1);
            row.in_flight = InFlight{1, 0, 100, false, 7, 7, names[i], 100};
        } else {
            row.values = {i};
        }
    }
    return report;
}

void write_all(Format format, const TextOptions& options, const std::vector<std::string>& names,
               Memory& out, Memory& errors) {
    OutputFile data(out.fd(), "data");
    OutputFile messages(errors.fd(), "messages");
    const auto sink = make_sink(format, options, data, messages);
    const auto waits = report_of<HistogramReport>(names);
    auto calls = report_of<CountsReport>(names);
    calls.columns = {{"calls", Unit::count}};
    sink->begin({waits, calls});
    sink->report(waits);
    sink->report(calls);
    sink->end({"tool", 0, 1.0, 2, {{"map_full", 3}}});
}

void check_json(std::string_view text, const std::vector<std::string>& names) {
    std::vector<std::string> wanted;
    for (const std::string& name : names) {
        wanted.push_back(to_valid_utf8(name));
    }
    std::size_t records = 0;
    for (std::size_t end = 0; !text.empty(); text.remove_prefix(end + 1), ++records) {
        end = text.find('\n');
        MUST(end != std::string_view::npos);
        rapidjson::Document document;
        document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), end);
        MUST(!document.HasParseError() && document.IsObject());
        const rapidjson::Value& record = document;
        if (!record.HasMember("key")) {
            continue;
        }
        for (const auto& member : record["key"].GetObject()) {
            const std::string value(member.value.GetString(), member.value.GetStringLength());
            MUST(std::find(wanted.begin(), wanted.end(), value) != wanted.end());
        }
    }
    MUST(records == 2 * names.size() + 1);
}

}  // namespace

FUZZ_TARGET(sinks) {
    static Memory out;
    static Memory errors;
    const auto names = lines_of(bytes);
    const auto check = [&](Format format, const TextOptions& options) {
        write_all(format, options, names, out, errors);
        std::string text = out.take();
        std::string messages = errors.take();
        for (std::string* each : {&text, &messages}) {
            std::string lines = *each;
            std::erase(lines, '\n');
            MUST(is_harmless(lines));
            MUST(options.unicode || std::all_of(lines.begin(), lines.end(), [](char one) {
                     return static_cast<unsigned char>(one) < 0x80;
                 }));
        }
        return text;
    };
    check_json(check(Format::json, {}), names);
    const std::string csv = check(Format::csv, {});
    // A heading, and a line for each bucket and each count: no name breaks a line.
    MUST(std::count(csv.begin(), csv.end(), '\n') ==
         static_cast<std::ptrdiff_t>(1 + 2 * names.size()));
    TextOptions options;
    options.view = View::bars;
    check(Format::text, options);
    options.view = View::table;
    check(Format::text, options);
    options.unicode = false;
    check(Format::text, options);
}
