// SPDX-License-Identifier: MIT
// Options of RELION's programs that are known and not supported: refused by name, with what to do instead.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace examples {

/// Each is a name and the reason.
inline void refuse_options(CLI::App& app, const std::vector<std::pair<std::string, std::string>>& options) {
  std::string names;
  for (const auto& [name, reason] : options) {
    names += (names.empty() ? "" : ", ") + name;
    app.add_option_function<std::vector<std::string>>(
           name,
           [name = name, reason = reason](const std::vector<std::string>&) {
             throw CLI::ValidationError(name, "is RELION's and not supported here: " + reason);
           },
           "")
        ->expected(0, 1)
        ->group("");
  }
  app.footer(app.get_footer() + "\n\nRELION's options that are refused: " + names + ".");
}

}  // namespace examples
