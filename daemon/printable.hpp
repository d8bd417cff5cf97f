// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace guestd::daemon {

/// `text` with a question mark in place of everything that a terminal, a reader of lines or a person could take for
/// something else: control characters (C0, DEL and C1), line and paragraph separators, what changes the direction of
/// writing, and bytes that are not UTF-8.
std::string printable(std::string_view text);

/// `text`, or where it is longer than `limit_bytes` its beginning and its end, each half as long as that, and how much
/// is missing between them: a host must not be able to push the telling part of a path out of sight.
std::string ends_of(std::string_view text, std::size_t limit_bytes);

/// A path without `//` and `/./`, which mean nothing and could fill any record. Anything else is left as it is.
std::string without_empty_steps(std::string_view text);

}  // namespace guestd::daemon
