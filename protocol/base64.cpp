// SPDX-License-Identifier: Apache-2.0
#include "protocol/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "protocol/base64_kernels.hpp"

namespace guestd::protocol::base64 {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Set in an entry of kPlaces for what is not in the alphabet.
constexpr std::uint32_t kNotInAlphabet = 1U << 24U;

/// For each of the four places in a group: what a character adds to the group's 24 bits.
using Places = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr Places make_places() {
  Places places{};
  for (unsigned place = 0; place < 4; ++place) {
    places[place].fill(kNotInAlphabet);
    for (unsigned value = 0; value < 64; ++value) {
      places[place][static_cast<unsigned char>(kAlphabet[value])] = value << (6U * (3U - place));
    }
  }
  return places;
}

/// Two characters for each 12 bits.
using Pairs = std::array<std::array<char, 2>, 4096>;

constexpr Pairs make_pairs() {
  Pairs pairs{};
  for (unsigned bits = 0; bits < pairs.size(); ++bits) pairs[bits] = {kAlphabet[bits >> 6U], kAlphabet[bits & 63U]};
  return pairs;
}

constexpr Places kPlaces = make_places();
constexpr Pairs kPairs = make_pairs();

std::uint32_t group_bits(const char* group) {
  const auto bits = [group](std::size_t place) { return kPlaces[place][static_cast<unsigned char>(group[place])]; };
  return bits(0) | bits(1) | bits(2) | bits(3);
}

void write_bytes(std::uint32_t bits, std::size_t count, char* out) {
  const std::array<unsigned char, 3> bytes = {static_cast<unsigned char>(bits >> 16U & 0xFFU),
                                              static_cast<unsigned char>(bits >> 8U & 0xFFU),
                                              static_cast<unsigned char>(bits & 0xFFU)};
  std::memcpy(out, bytes.data(), count);
}

void write_group(std::uint32_t bits, char* out) {
  std::memcpy(out, kPairs[bits >> 12U].data(), 2);
  std::memcpy(out + 2, kPairs[bits & 0xFFFU].data(), 2);
}

std::size_t encode_groups(const unsigned char* in, std::size_t size, char* out) {
  const std::size_t whole = size / 3 * 3;
  for (std::size_t at = 0; at < whole; at += 3, out += 4) {
    const unsigned char* group = in + at;
    write_group(std::uint32_t{group[0]} << 16U | std::uint32_t{group[1]} << 8U | group[2], out);
  }
  return whole;
}

void decode_groups(DecodeCursor& cursor) {
  DecodeCursor at = cursor;
  while (at.end - at.in >= 4) {
    const std::uint32_t bits = group_bits(at.in);
    if (bits < kNotInAlphabet) {
      write_bytes(bits, 3, at.out);
      at.in += 4;
      at.out += 3;
    } else if (is_line_break(*at.in)) {
      ++at.in;
    } else {
      break;
    }
  }
  cursor = at;
}

constexpr Kernels kPortable = {"portable", encode_groups, decode_groups};

const Kernels& fastest() {
  if (const Kernels* kernels = avx2_kernels()) return *kernels;
  if (const Kernels* kernels = neon_kernels()) return *kernels;
  return kPortable;
}

/// The last one or two bytes, with padding.
void encode_rest(const unsigned char* in, std::size_t size, char* out) {
  if (size == 0) return;
  const std::uint32_t second = size == 2 ? in[1] : 0;
  write_group(std::uint32_t{in[0]} << 16U | second << 8U, out);
  out[3] = '=';
  if (size == 1) out[2] = '=';
}

void encode_piece(const Kernels& kernels, const unsigned char* in, std::size_t size, char* out) {
  std::size_t done = kernels.encode(in, size, out);
  done += encode_groups(in + done, size - done, out + done / 3 * 4);
  encode_rest(in + done, size - done, out + done / 3 * 4);
}

/// The string grows once, but its length in pieces: std::string fills what it gains with zeros, which costs much less
/// in a piece that stays in the first-level cache than in the whole.
void encode_with(const Kernels& kernels, std::span<const std::byte> bytes, std::string& out) {
  constexpr std::size_t kPiece = std::size_t{9} << 10U;
  static_assert(kPiece % 3 == 0);
  out.reserve(out.size() + encoded_size(bytes.size()));
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(kPiece, bytes.size()));
    const std::size_t begin = out.size();
    out.resize(begin + encoded_size(piece.size()));
    encode_piece(kernels, reinterpret_cast<const unsigned char*>(piece.data()), piece.size(), out.data() + begin);
    bytes = bytes.subspan(piece.size());
  }
}

/// The next characters that are not line breaks; fewer than 4 at the end of the text.
struct Group {
  std::array<char, 4> chars{};
  std::size_t count = 0;
};

Group read_group(DecodeCursor& cursor) {
  Group group;
  for (; group.count < 4 && cursor.in != cursor.end; ++cursor.in) {
    if (!is_line_break(*cursor.in)) group.chars[group.count++] = *cursor.in;
  }
  return group;
}

/// The group that ends in `=`: the number of bytes that it holds, or 0 if it is malformed. `bits` gets its value.
std::size_t padded_group(Group group, std::uint32_t& bits) {
  if (group.count != 4 || group.chars[3] != '=') return 0;
  const std::size_t bytes = group.chars[2] == '=' ? 1 : 2;
  std::fill(group.chars.begin() + 1 + static_cast<std::ptrdiff_t>(bytes), group.chars.end(), 'A');
  bits = group_bits(group.chars.data());
  const std::uint32_t unused = bytes == 1 ? 0xFFFFU : 0xFFU;
  return bits < kNotInAlphabet && (bits & unused) == 0 ? bytes : 0;
}

/// Names the fault of a text that is malformed somewhere from `in` on: a wrong character counts before wrong padding.
Error fault(const char* in, const char* end) {
  const auto known = [](char c) {
    return is_line_break(c) || c == '=' || kPlaces[3][static_cast<unsigned char>(c)] < kNotInAlphabet;
  };
  if (!std::all_of(in, end, known)) return Error{"Base64 data contains invalid characters"};
  return Error{"Base64 data is not padded correctly"};
}

Result<std::size_t> decode_with(const Kernels& kernels, std::span<char> text) {
  DecodeCursor cursor{text.data(), text.data() + text.size(), text.data()};
  while (true) {
    kernels.decode(cursor);
    const char* begin = cursor.in;
    const Group group = read_group(cursor);
    std::uint32_t bits = group_bits(group.chars.data());
    std::size_t bytes = 3;
    if (group.count == 0) break;
    if (bits >= kNotInAlphabet) {
      bytes = padded_group(group, bits);
      if (bytes == 0 || skip_line_breaks(cursor.in, cursor.end) != cursor.end) return fault(begin, cursor.end);
    }
    write_bytes(bits, bytes, cursor.out);
    cursor.out += bytes;
  }
  return static_cast<std::size_t>(cursor.out - text.data());
}

}  // namespace

void encode(std::span<const std::byte> bytes, std::string& out) { encode_with(fastest(), bytes, out); }
Result<std::size_t> decode_in_place(std::span<char> text) { return decode_with(fastest(), text); }
std::string_view implementation() { return fastest().name; }

namespace portable {
void encode(std::span<const std::byte> bytes, std::string& out) { encode_with(kPortable, bytes, out); }
Result<std::size_t> decode_in_place(std::span<char> text) { return decode_with(kPortable, text); }
}  // namespace portable

}  // namespace guestd::protocol::base64

namespace guestd::protocol {

Result<std::span<const std::byte>> Base64Text::decode() const {
  auto size = base64::decode_in_place(text_);
  if (!size) return std::move(size).error();
  return std::span<const std::byte>(std::as_bytes(text_.first(*size)));
}

void Base64Text::forget() const {
  if (!text_.empty()) ::explicit_bzero(text_.data(), text_.size());
}

}  // namespace guestd::protocol
