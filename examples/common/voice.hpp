// SPDX-License-Identifier: MIT
#pragma once

namespace examples {

/// Whether this process tells anything: of several that do one job together only the first does.
inline bool speaks = true;

}  // namespace examples
