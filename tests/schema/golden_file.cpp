// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "golden_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace tally {
namespace {

namespace fs = std::filesystem;

fs::path folder() {
    return fs::path(TALLY_SOURCE_DIR) / "tests/golden";
}

bool is_to_be_written() {
    const char* wish = std::getenv("TALLY_GOLDEN");
    return wish != nullptr && std::string_view(wish) == "write";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream all(text);
    for (std::string line; std::getline(all, line);) {
        lines.push_back(std::move(line));
    }
    return lines;
}

/// The lines that only one of the two has, `-` before the agreed ones and `+` before the others,
/// below the section that they are in.
std::string difference(const std::vector<std::string>& agreed,
                       const std::vector<std::string>& found) {
    // By the longest common subsequence of what begins at each pair of lines.
    std::vector<std::vector<std::size_t>> common(agreed.size() + 1,
                                                 std::vector<std::size_t>(found.size() + 1));
    for (std::size_t i = agreed.size(); i-- > 0;) {
        for (std::size_t j = found.size(); j-- > 0;) {
            common[i][j] = agreed[i] == found[j] ? common[i + 1][j + 1] + 1
                                                 : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::string text, section;
    const auto add = [&](char mark, const std::string& line) {
        text += section + mark + ' ' + line + "\n";
        section.clear();
    };
    for (std::size_t i = 0, j = 0; i < agreed.size() || j < found.size();) {
        if (i < agreed.size() && j < found.size() && agreed[i] == found[j]) {
            if (agreed[i].starts_with('[')) {
                section = "  " + agreed[i] + "\n";
            }
            ++i, ++j;
        } else if (j == found.size() ||
                   (i < agreed.size() && common[i + 1][j] >= common[i][j + 1])) {
            add('-', agreed[i++]);
        } else {
            add('+', found[j++]);
        }
    }
    return text;
}

}  // namespace

std::string how_to_write_golden_files() {
    return "TALLY_GOLDEN=write BUILD=build-check tests/programs --gtest_filter='*Golden*'";
}

void expect_golden(const std::string& file, const std::string& found) {
    const fs::path path = folder() / file;
    if (is_to_be_written()) {
        std::ofstream written(path, std::ios::binary);
        written << found << std::flush;
        ASSERT_TRUE(written.good()) << "cannot write " << path;
        return;
    }
    std::ifstream agreed_file(path, std::ios::binary);
    ASSERT_TRUE(agreed_file.is_open())
        << "there is no tests/golden/" << file << " yet. This makes it, to be read and committed:\n"
        << how_to_write_golden_files();
    std::stringstream agreed;
    agreed << agreed_file.rdbuf();
    if (agreed.str() != found) {
        ADD_FAILURE() << "tests/golden/" << file << ": scripts would find this changed:\n"
                      << difference(lines_of(agreed.str()), lines_of(found))
                      << "If it is meant: " << how_to_write_golden_files();
    }
}

std::set<std::string> golden_files(const std::string& below) {
    std::set<std::string> files;
    for (const auto& each : fs::directory_iterator(folder() / below)) {
        if (each.is_regular_file()) {
            files.insert(each.path().filename());
        }
    }
    return files;
}

}  // namespace tally
