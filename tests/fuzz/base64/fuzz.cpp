// SPDX-License-Identifier: Apache-2.0
// The fast base64 against the portable one: same bytes, same errors, and what was decoded encodes to the same text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "protocol/base64.hpp"

namespace {

namespace base64 = guestd::protocol::base64;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string without_line_breaks(std::string_view text) {
  std::string characters;
  for (const char c : text) {
    if (c != '\n' && c != '\r') characters += c;
  }
  return characters;
}

void decode_both(std::string_view text) {
  // A block of exactly this size, so that the sanitizer sees one byte too far.
  const std::unique_ptr<char[]> block(new char[text.size()]);
  const std::span<char> fast(block.get(), text.size());
  text.copy(fast.data(), fast.size());
  std::string portable(text);
  const auto fast_size = base64::decode_in_place(fast);
  const auto portable_size = base64::portable::decode_in_place(portable);
  require(fast_size.has_value() == portable_size.has_value());
  if (!fast_size) return require(fast_size.error().text == portable_size.error().text);
  const std::string_view bytes(fast.data(), *fast_size);
  require(bytes == std::string_view(portable).substr(0, *portable_size));
  std::string again;
  base64::encode(std::as_bytes(std::span(bytes)), again);
  require(again == without_line_breaks(text));
}

void encode_both(std::span<const std::byte> bytes) {
  std::string fast = "before";
  std::string portable = fast;
  base64::encode(bytes, fast);
  base64::portable::encode(bytes, portable);
  require(fast == portable && fast.size() == 6 + base64::encoded_size(bytes.size()));
  decode_both(std::string_view(fast).substr(6));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  decode_both({reinterpret_cast<const char*>(data), size});
  encode_both(std::as_bytes(std::span(data, size)));
  return 0;
}
