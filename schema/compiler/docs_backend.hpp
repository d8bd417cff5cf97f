// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// `markdown`, `man` or `examples`.
bool is_docs_format(std::string_view format);

/// The documentation of the schema whose main file is `path`, in one of the formats. The manual page of `dir/x.json` is
/// called x-commands(7). Examples that do not fit the schema are errors in the format `examples`, which extracts them.
std::string generate_docs(const Schema& schema, std::string_view format, std::string_view path,
                          Diagnostics& diagnostics);

/// The reference of all commands, events and types for the people who run the agent, in Markdown.
std::string generate_markdown(const Schema& schema);

/// The same as a manual page of section 7. `name` is that of the page, such as `guestd-commands`.
std::string generate_man(const Schema& schema, std::string_view name);

}  // namespace guestd::schema
