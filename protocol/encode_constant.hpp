// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "protocol/constant_list.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::protocol::encode {

/// Writes the elements on one line: a reply has no line breaks.
inline void constant(const ConstantList& list, JsonWriter& out) {
  out.begin_array();
  std::string_view rest = list.lines;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    out.raw(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!rest.empty()) out.raw(", ");
  }
  out.end_array();
}

}  // namespace guestd::protocol::encode
