// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text that comes from a guest, made fit for a terminal.
namespace guestd::terminal {

/// `text` with everything that a terminal would act upon, or that would show something else than is there, as an
/// escape: control characters (C0, DEL, C1) and bytes that are no UTF-8 as `\xNN`, direction marks and line separators
/// as
/// `\u{NNNN}`, and `\n`, `\t`, `\r`. A backslash stays as it is: the result is for people.
std::string printable(std::string_view text);

/// The same for text of several lines: newlines and tabs stay.
std::string printable_lines(std::string_view text);

/// How many columns `text` takes, which printable() has returned: wide characters take two, combining ones none.
std::size_t width(std::string_view text);

}  // namespace guestd::terminal
