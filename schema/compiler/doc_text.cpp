// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/doc_text.hpp"

namespace guestd::schema {

Dedented dedent(std::string_view text) {
  auto lines = split_lines(text);
  std::size_t common = std::string_view::npos;
  for (std::size_t index = 1; index < lines.size(); ++index) {
    if (!lines[index].empty()) common = std::min(common, indentation(lines[index]));
  }
  std::string result;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (index != 0 && !lines[index].empty()) lines[index].remove_prefix(common);
    result.append(lines[index]);
    result += '\n';
  }
  const auto first = result.find_first_not_of('\n');
  if (first == std::string::npos) return {};
  return {result.substr(first, result.find_last_not_of("\n ") + 1 - first), static_cast<std::uint32_t>(first)};
}

}  // namespace guestd::schema
