// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/schema/random/model.hpp"

namespace guestd::schema {

using NamedEntry = std::pair<std::string, random::Entry>;

/// Reads entries the way a client does. Throws std::runtime_error on what is not JSON, and on members that an entry of
/// its kind does not have.
std::vector<NamedEntry> read_introspection(const std::vector<std::string>& entries);

}  // namespace guestd::schema
