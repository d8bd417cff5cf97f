// SPDX-License-Identifier: Apache-2.0
#include "protocol/raw_json.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "protocol/buffer.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::protocol {
namespace {

/// How deep brackets nest, a lower bound where the text is no JSON: the parser counts on somebody having looked.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  char quote = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char c = text[index];
    if (quote != 0) {
      if (c == '\\') ++index;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

RawJson::RawJson(JsonView value) {
  JsonWriter writer;
  writer.value(value);
  text_ = writer.take_text();
}

Result<RawJson> RawJson::parse(std::string_view text) {
  if (depth_of(text) > limits::kMessageDepth) return Error{"JSON parse error, the value is nested too deeply"};
  auto document = JsonDocument::parse(Buffer(text));
  if (!document) return std::move(document).error();
  return RawJson(document->root());
}

JsonDocument RawJson::document() const {
  // Only what a JsonView holds or what parse() took becomes a RawJson, so this does not fail.
  return JsonDocument::parse(Buffer(text_)).value();
}

}  // namespace guestd::protocol
