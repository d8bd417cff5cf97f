// SPDX-License-Identifier: Apache-2.0
// 64 characters are 48 bytes. The loads and stores of NEON that take structures apart do the shuffling: register i
// holds the i-th character of 16 groups.
#include "protocol/base64_kernels.hpp"

#if defined(__aarch64__)

#include <arm_neon.h>

#include <array>
#include <bit>
#include <cstdint>

namespace guestd::protocol::base64 {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Value plus one for each character from `first` on; 0, which is also what a look-up beyond the table gives, for
/// those outside of the alphabet.
constexpr std::array<std::uint8_t, 64> make_values(unsigned first) {
  std::array<std::uint8_t, 64> values{};
  for (unsigned value = 0; value < 64; ++value) {
    const unsigned place = static_cast<unsigned char>(kAlphabet[value]) - first;
    if (place < 64) values[place] = static_cast<std::uint8_t>(value + 1);
  }
  return values;
}

constexpr std::array<std::uint8_t, 64> kValuesBelow64 = make_values(0);
constexpr std::array<std::uint8_t, 64> kValuesFrom64 = make_values(64);

inline std::uint8_t* bytes_at(char* out) { return reinterpret_cast<std::uint8_t*>(out); }
inline const std::uint8_t* bytes_at(const char* in) { return reinterpret_cast<const std::uint8_t*>(in); }

inline uint8x16_t look_up(uint8x16x4_t below, uint8x16x4_t from, uint8x16_t chars) {
  return vorrq_u8(vqtbl4q_u8(below, chars), vqtbl4q_u8(from, veorq_u8(chars, vdupq_n_u8(64))));
}

/// The number of groups, 0 to 16, before the first one with a character outside of the alphabet.
inline std::ptrdiff_t good_groups(uint8x16x4_t values) {
  const uint8x16_t lowest = vminq_u8(vminq_u8(values.val[0], values.val[1]), vminq_u8(values.val[2], values.val[3]));
  const uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(vceqzq_u8(lowest)), 4);  // four bits for each group
  return std::countr_zero(vget_lane_u64(vreinterpret_u64_u8(nibbles), 0)) / 4;
}

inline uint8x16x3_t packed(uint8x16x4_t values) {
  for (uint8x16_t& value : values.val) value = vsubq_u8(value, vdupq_n_u8(1));
  return {{vorrq_u8(vshlq_n_u8(values.val[0], 2), vshrq_n_u8(values.val[1], 4)),
           vorrq_u8(vshlq_n_u8(values.val[1], 4), vshrq_n_u8(values.val[2], 2)),
           vorrq_u8(vshlq_n_u8(values.val[2], 6), values.val[3])}};
}

/// Stores always take 48 bytes. For 64 good characters they end within what was read, since `out` does not pass `in`;
/// where a line break cuts the characters short, `out` must have fallen far enough behind.
void decode(DecodeCursor& cursor) {
  const uint8x16x4_t below = vld1q_u8_x4(kValuesBelow64.data());
  const uint8x16x4_t from = vld1q_u8_x4(kValuesFrom64.data());
  DecodeCursor at = cursor;
  while (at.end - at.in >= 64) {
    uint8x16x4_t values = vld4q_u8(bytes_at(at.in));
    for (uint8x16_t& value : values.val) value = look_up(below, from, value);
    const std::ptrdiff_t groups = good_groups(values);
    if (at.in + groups * 4 - at.out < 48) break;
    vst3q_u8(bytes_at(at.out), packed(values));
    at.in += groups * 4;
    at.out += groups * 3;
    if (groups == 16) continue;
    const char* next = skip_line_breaks(at.in, at.end);
    if (next == at.in) break;
    at.in = next;
  }
  cursor = at;
}

std::size_t encode(const unsigned char* in, std::size_t size, char* out) {
  const uint8x16x4_t alphabet = vld1q_u8_x4(bytes_at(kAlphabet.data()));
  const uint8x16_t six_bits = vdupq_n_u8(63);
  std::size_t done = 0;
  for (; size - done >= 48; done += 48, out += 64) {
    const uint8x16x3_t bytes = vld3q_u8(in + done);
    const uint8x16_t first = vshrq_n_u8(bytes.val[0], 2);
    const uint8x16_t second = vorrq_u8(vshlq_n_u8(bytes.val[0], 4), vshrq_n_u8(bytes.val[1], 4));
    const uint8x16_t third = vorrq_u8(vshlq_n_u8(bytes.val[1], 2), vshrq_n_u8(bytes.val[2], 6));
    const uint8x16x4_t text = {{vqtbl4q_u8(alphabet, first), vqtbl4q_u8(alphabet, vandq_u8(second, six_bits)),
                                vqtbl4q_u8(alphabet, vandq_u8(third, six_bits)),
                                vqtbl4q_u8(alphabet, vandq_u8(bytes.val[2], six_bits))}};
    vst4q_u8(bytes_at(out), text);
  }
  return done;
}

constexpr Kernels kNeon = {"neon", encode, decode};

}  // namespace

const Kernels* neon_kernels() { return &kNeon; }

}  // namespace guestd::protocol::base64

#else

const guestd::protocol::base64::Kernels* guestd::protocol::base64::neon_kernels() { return nullptr; }

#endif
