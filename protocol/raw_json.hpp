// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::protocol {

/// A value of the schema's type `any`: JSON of whatever shape, as text that the value owns. It is always valid, on one
/// line, in the writer's spacing, and can be written as it is. Empty, it is `null`.
class RawJson {
 public:
  RawJson() = default;
  /// Copies the text of the value, all that is inside included.
  explicit RawJson(JsonView value);

  /// Fails as JsonDocument::parse does, and on what is nested deeper than limits::kMessageDepth.
  static Result<RawJson> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  /// The parsed value. Views into it live as long as the document stays where it is.
  [[nodiscard]] JsonDocument document() const;

  bool operator==(const RawJson&) const = default;

 private:
  std::string text_ = "null";  // NOLINT(readability-identifier-naming): taken for a public one
};

}  // namespace guestd::protocol
