// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
//
// The only file that includes CLI11, which costs more compiler time than all of its callers.
#include "cli/parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>
#include <stdexcept>

#include "cli/completion.h"
#include "cli/help_text.h"
#include "util/error.h"
#include "util/nearest_word.h"

namespace tally {
namespace {

/// CLI11's help with a usage line of our own (2.1 cannot set one) and lines of a bounded length.
class HelpFormatter : public CLI::Formatter {
  public:
    explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) {}

    std::string make_usage(const CLI::App*, std::string) const override { return usage_ + "\n"; }

    std::string make_option(const CLI::Option* option, bool positional) const override {
        std::string name = positional ? option->get_option_text() : option->get_name(false, true);
        for (std::size_t comma = name.find(','); comma != std::string::npos;
             comma = name.find(',', comma + 2)) {
            name.insert(comma + 1, 1, ' ');
        }
        if (!positional && option->get_expected_max() > 0) {
            name += " " + option->get_type_name();
        }
        const std::string left = "  " + name;
        const std::string gap = left.size() + 2 > kHelpColumn
                                    ? "\n" + std::string(kHelpColumn, ' ')
                                    : std::string(kHelpColumn - left.size(), ' ');
        return left + gap + wrap(option->get_description(), kHelpWidth - kHelpColumn, kHelpColumn) +
               "\n";
    }

  private:
    std::string usage_;
};

/// CLI11's message, as one sentence.
std::string sentence(const CLI::ParseError& error) {
    std::string text = error.what();
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (!text.empty() && (text.back() == ' ' || text.back() == '.')) {
        text.pop_back();
    }
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
        !(text[1] >= 'A' && text[1] <= 'Z')) {  // INTERVAL stays
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

/// The option that `add` adds. A name that CLI11 refuses is a logic error of the caller.
template <typename Add>
CLI::Option* checked(Add add) {
    try {
        return add();
    } catch (const CLI::ConstructionError& error) {
        throw std::invalid_argument(error.what());
    }
}

}  // namespace

ValueCheck one_of(std::vector<std::string> choices) {
    return [choices = std::move(choices)](const std::string& text) -> std::string {
        if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
            return "";
        }
        return fmt::format("'{}' is not one of {}", text, fmt::join(choices, ", "));
    };
}

bool Parser::Option::is_given() const {
    return option_->count() != 0;
}

Parser::Parser(const std::string& name, const std::string& description, const std::string& usage,
               const std::string& footer)
    : app_(std::make_unique<CLI::App>(description, name)) {
    app_->formatter(std::make_shared<HelpFormatter>(usage));
    app_->set_help_flag("-h,--help", "this text");
    app_->footer(footer);
    app_->allow_windows_style_options(false);
}

Parser::~Parser() = default;

Parser::Option Parser::added(CLI::Option* option, const OptionText& text) {
    option->group(text.group);
    if (text.names[0] != '-') {
        option->option_text(text.names);
    } else if (!text.value.empty()) {
        option->type_name(text.value);
    }
    choices_[option] = text.choices;
    return Option(option);
}

Parser::Option Parser::add_flag(const OptionText& text, std::function<void()> take) {
    return added(checked([&] {
                     return app_->add_flag_callback(text.names, std::move(take), text.description);
                 }),
                 text);
}

Parser::Option Parser::add_flag(const OptionText& text, bool& is_given) {
    return add_flag(text, [&is_given] { is_given = true; });
}

Parser::Option Parser::add_value(const OptionText& text, const ValueCheck& check,
                                 const std::function<void(const std::string&)>& take) {
    CLI::Option* option = checked(
        [&] { return app_->add_option_function<std::string>(text.names, take, text.description); });
    if (check) {
        option->check(check);
    }
    return added(option, text);
}

Parser::Option Parser::add_value(const OptionText& text, std::optional<std::string>& value) {
    return add_value(text, nullptr, [&value](const std::string& word) { value = word; });
}

void Parser::add_refused(const std::string& names, const std::function<void()>& refuse) {
    CLI::Option* option = checked([&] {
        return app_->add_option_function<std::string>(names,
                                                      [refuse](const std::string&) { refuse(); });
    });
    if (names[0] == '-') {
        // Also without a value: CLI11's message would not name an option that is in no group.
        option->expected(0, 1);
    }
    added(option, {.names = names, .group = {}});
}

Parser::Option Parser::add_values(
    const OptionText& text, bool commas, const ValueCheck& check,
    const std::function<void(const std::vector<std::string>&)>& take) {
    CLI::Option* option = checked([&] {
        return app_->add_option_function<std::vector<std::string>>(text.names, take,
                                                                   text.description);
    });
    option->allow_extra_args(false);
    if (commas) {
        option->delimiter(',');
    }
    if (check) {
        option->check(check);
    }
    return added(option, text);
}

Parser::Option Parser::add_values(const OptionText& text, bool commas,
                                  std::vector<std::string>& values) {
    return add_values(text, commas, nullptr,
                      [&values](const std::vector<std::string>& words) { values = words; });
}

std::string Parser::suggestion_for(const std::vector<std::string>& unexpected) const {
    std::vector<std::string> names;
    for (const CLI::Option* each : app_->get_options()) {
        if (!each->get_group().empty()) {
            for (const std::string& name : each->get_lnames()) {
                names.push_back("--" + name);
            }
        }
    }
    for (const std::string& word : unexpected) {
        if (word.starts_with("--")) {
            return did_you_mean(word.substr(0, word.find('=')), names);
        }
    }
    return "";
}

std::optional<HelpText> Parser::parse(std::vector<std::string> arguments, const std::string& help) {
    if (!arguments.empty() && arguments.front() == kComplete) {
        std::vector<OptionWords> all;
        for (const CLI::Option* each : app_->get_options()) {
            if (each->get_group().empty()) {
                continue;
            }
            OptionWords words;
            for (const std::string& name : each->get_snames()) {
                words.names.push_back("-" + name);
            }
            for (const std::string& name : each->get_lnames()) {
                words.names.push_back("--" + name);
            }
            if (each->get_expected_max() > 0) {
                words.value = each->get_type_name();
                words.choices = choices_[each];
            }
            words.takes_list = each->get_delimiter() == ',';
            words.description = each->get_description();
            all.push_back(std::move(words));
        }
        return HelpText{complete_arguments(all, std::span(arguments).subspan(1))};
    }
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
        app_->parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        return HelpText{app_->help()};
    } catch (const CLI::ExtrasError& error) {
        const std::string suggestion = suggestion_for(app_->remaining());
        throw UsageError("{}{} ('{}' lists the options)", sentence(error), suggestion, help);
    } catch (const CLI::ParseError& error) {
        throw UsageError("{}; '{}' lists the options", sentence(error), help);
    }
    return std::nullopt;
}

}  // namespace tally
