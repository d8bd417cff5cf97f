// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "platform/root.hpp"

namespace guestd::platform {

/// Where a program of the system is: in the folders of administration and of everybody, under `/usr` or not, whatever
/// the environment says.
std::optional<std::string> find_program(const Root& root, std::string_view name);

}  // namespace guestd::platform
