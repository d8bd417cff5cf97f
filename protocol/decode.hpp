// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "protocol/base64.hpp"
#include "protocol/json_reader.hpp"

/// The leaves of generated decoding: one function per built-in type of the schema language. `name` is the full name of
/// the member for the error text, such as `vcpus[0].online`. Texts are those of qemu-ga (docs/protocol.md).
namespace guestd::protocol::decode {

Error missing(std::string_view name);                                // Parameter 'x' is missing
Error unexpected(std::string_view name);                             // Parameter 'x' is unexpected
Error wrong_type(std::string_view name, std::string_view expected);  // Invalid parameter type for 'x', expected: y
Error bad_value(std::string_view name, std::string_view value);      // Parameter 'x' does not accept value 'v'

Result<bool> boolean(JsonView value, std::string_view name);
Result<std::int64_t> integer(JsonView value, std::string_view name);
/// A sized integer (int8 to int32, uint8 to uint32): `Parameter 'x' expects uint8_t` outside of the range.
Result<std::int64_t> integer_in(JsonView value, std::string_view name, std::int64_t low, std::int64_t high,
                                std::string_view type);
Result<std::uint64_t> uint64(JsonView value, std::string_view name);
Result<double> number(JsonView value, std::string_view name);
Result<std::string> string(JsonView value, std::string_view name);
Result<Base64Text> base64(JsonView value, std::string_view name);
/// The decoded bytes of a base64 string, for clients, which own what they received.
Result<std::string> bytes(JsonView value, std::string_view name);
/// Fails unless the value is an object / an array.
Result<void> object(JsonView value, std::string_view name);
Result<void> array(JsonView value, std::string_view name);

/// `parent.member`, or just `member` at the top (empty parent).
std::string member_name(std::string_view parent, std::string_view member);
std::string element_name(std::string_view parent, std::size_t index);

/// The arguments of a request that has none.
JsonView empty_object();

/// The check that comes last: names the first member of `object` that is not among `known`.
Result<void> no_others(JsonView object, std::string_view name, std::initializer_list<std::string_view> known);

}  // namespace guestd::protocol::decode
