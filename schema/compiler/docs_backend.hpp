// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// The reference of all commands and types for the people who run the agent, in Markdown.
std::string generate_markdown(const Schema& schema);

}  // namespace guestd::schema
