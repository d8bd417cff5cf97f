// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace guestd::schema {

/// The compiler as a program: parses the arguments (without the program's name) and runs. Returns the exit status:
/// 0 good, 1 errors in the schema or while writing (on stderr), 2 bad usage.
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace guestd::schema
