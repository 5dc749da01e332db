// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "util/inherited_signals.h"

#include <array>
#include <csignal>
#include <cstddef>

namespace tally {
namespace {

/// The signals whose disposition tally changes.
constexpr std::array kChanged{SIGINT, SIGTERM, SIGPIPE};

std::array<struct sigaction, kChanged.size()> dispositions;
sigset_t mask;

}  // namespace

void remember_signals() {
    for (std::size_t i = 0; i < kChanged.size(); ++i) {
        ::sigaction(kChanged[i], nullptr, &dispositions[i]);
    }
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
}

void restore_signals() {
    for (std::size_t i = 0; i < kChanged.size(); ++i) {
        ::sigaction(kChanged[i], &dispositions[i], nullptr);
    }
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace tally
