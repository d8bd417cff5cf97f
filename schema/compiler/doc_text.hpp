// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Lines and indentation, as the readers of documentation need them.
namespace guestd::schema {

/// Number of blanks at the beginning.
inline std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

inline std::string_view without_indentation(std::string_view line) { return line.substr(indentation(line)); }

inline std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

struct Dedented {
  std::string text;
  std::uint32_t skipped_lines = 0;  // blank ones that were dropped at the beginning
};

/// The first line has no indentation of its own (a tag stood before it), the others lose what they have in common.
/// Blank lines at both ends go.
Dedented dedent(std::string_view text);

}  // namespace guestd::schema
