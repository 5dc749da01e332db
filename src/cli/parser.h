// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tally {

/// Text to print to stdout instead of doing anything: --help, or what completion may offer.
struct HelpText {
    std::string text;
};

/// An option or operand, as shown by the help, completion and messages.
struct OptionText {
    std::string names{};  ///< "-c,--container"; an operand has no dashes: "INTERVAL"
    std::string value{};  ///< what the help calls its value: "FILE"; of flags and operands empty
    std::string description{};           ///< one line, however long
    std::string group = "Options";       ///< its heading in the help; empty: the help leaves it out
    std::vector<std::string> choices{};  ///< words that completion offers as values
};

/// Returns what is wrong with a value as typed; empty: nothing.
using ValueCheck = std::function<std::string(const std::string&)>;

/// Accepts only the choices.
ValueCheck one_of(std::vector<std::string> choices);

/// Reads the arguments of one command by the options that were added. Values take effect only after
/// all arguments are read and checked, in the order in which the options were added.
class Parser {
  public:
    /// `usage` is the first line of the help, `footer` ends it.
    Parser(const std::string& name, const std::string& description, const std::string& usage,
           const std::string& footer = "");
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// An option that was added.
    class Option {
      public:
        explicit Option(const CLI::Option* option) : option_(option) {}
        bool is_given() const;

      private:
        const CLI::Option* option_;
    };

    /// These throw std::invalid_argument for a name that is invalid, or is another option's. What
    /// `take` throws passes through parse() to its caller.

    Option add_flag(const OptionText& text, std::function<void()> take);
    Option add_flag(const OptionText& text, bool& is_given);
    /// Given at most once.
    Option add_value(const OptionText& text, const ValueCheck& check,
                     const std::function<void(const std::string&)>& take);
    Option add_value(const OptionText& text, std::optional<std::string>& value);
    /// An option or operand that the help and completion leave out. If it is given, an option even
    /// without a value, it is refused with the UsageError that `refuse` throws.
    void add_refused(const std::string& names, const std::function<void()>& refuse);
    /// May be given any number of times, with one value each; with `commas`, with several
    /// separated by commas.
    Option add_values(const OptionText& text, bool commas, const ValueCheck& check,
                      const std::function<void(const std::vector<std::string>&)>& take);
    Option add_values(const OptionText& text, bool commas, std::vector<std::string>& values);

    /// Reads them. A returned text is to be printed instead of carrying them out: for --help, and
    /// for completion. Throws UsageError, which names `help`, a command that lists the options.
    std::optional<HelpText> parse(std::vector<std::string> arguments, const std::string& help);

  private:
    Option added(CLI::Option* option, const OptionText& text);
    /// "; did you mean --by?" of the first of these words that is like an option; or empty.
    std::string suggestion_for(const std::vector<std::string>& unexpected) const;

    std::unique_ptr<CLI::App> app_;
    std::map<const CLI::Option*, std::vector<std::string>> choices_;
};

}  // namespace tally
