// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "protocol/buffer.hpp"

namespace guestd::protocol {

/// The slow second look at a text that the fast parser refused: it knows QEMU's dialect of JSON to the letter.
/// Returns the same value as strict JSON where the dialect allows the text (single-quoted strings, `\'`, NUL as the
/// two bytes C0 80), else the error that QEMU would name: `JSON parse error, ...`. A text that ends too early is an
/// error as well, so that a broken message can be explained by what there is of it. Depth is bounded by the caller's
/// framing (limits::kMessageDepth).
Result<Buffer> to_strict_json(std::string_view text);

/// Whether `token` is a JSON number.
bool is_json_number(std::string_view token);

}  // namespace guestd::protocol
