// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

/// The envelope of replies, in qemu-ga's form: `{"return": V}` or `{"return": V, "id": X}`, and
/// `{"error": {"class": C, "desc": D}}` or `{"id": X, "error": {...}}`, each with a newline behind it.
namespace guestd::protocol {

/// Stands directly before the reply of guest-sync-delimited.
inline constexpr char kSentinel = static_cast<char>(0xFF);

void begin_return(JsonWriter& out);
void end_return(JsonWriter& out, const std::optional<JsonView>& id);

void write_error(JsonWriter& out, const Error& error, const std::optional<JsonView>& id);

}  // namespace guestd::protocol
