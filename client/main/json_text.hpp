// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "protocol/json_reader.hpp"

namespace guestd::guestctl {

/// The value on one line, ASCII only: whatever a guest wrote into it is fit for a terminal.
std::string json_line(protocol::JsonView value);
/// The same for people: a line per member, indented by two.
std::string json_indented(protocol::JsonView value);

}  // namespace guestd::guestctl
