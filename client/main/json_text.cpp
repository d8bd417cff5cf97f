// SPDX-License-Identifier: Apache-2.0
#include "client/main/json_text.hpp"

#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

using protocol::JsonType;
using protocol::JsonView;

void append(std::string& out, JsonView value, std::size_t depth);

std::string quoted(std::string_view text) {
  protocol::JsonWriter writer;
  writer.string(text);
  return writer.take_text();
}

void append_children(std::string& out, JsonView value, std::size_t depth) {
  const bool object = value.is(JsonType::kObject);
  out += object ? '{' : '[';
  bool first = true;
  for (const JsonView child : value) {
    out += first ? "\n" : ",\n";
    first = false;
    out.append((depth + 1) * 2, ' ');
    if (object) out += quoted(child.key()) + ": ";
    append(out, child, depth + 1);
  }
  out += "\n" + std::string(depth * 2, ' ');
  out += object ? '}' : ']';
}

void append(std::string& out, JsonView value, std::size_t depth) {
  const bool nested = value.is(JsonType::kObject) || value.is(JsonType::kArray);
  if (nested && value.size() > 0) {
    append_children(out, value, depth);
  } else {
    out += json_line(value);
  }
}

}  // namespace

std::string json_line(JsonView value) {
  protocol::JsonWriter writer;
  writer.value(value);
  return writer.take_text();
}

std::string json_indented(JsonView value) {
  std::string out;
  append(out, value, 0);
  return out;
}

}  // namespace guestd::guestctl
