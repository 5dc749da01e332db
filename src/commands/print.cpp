// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "commands/print.h"

#include <unistd.h>

#include "output/output_file.h"

namespace tally {

ExitStatus print(std::string_view text) {
    OutputFile out(STDOUT_FILENO, "stdout");
    out.append(text);
    out.flush();
    return ExitStatus::ok;
}

}  // namespace tally
