// SPDX-License-Identifier: Apache-2.0
// After W. Mula and D. Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions" (ACM TWEB, 2018): 32
// characters are 24 bytes, characters are classified and translated by table look-ups on their nibbles.
#include "protocol/base64_kernels.hpp"

#if defined(__x86_64__) || defined(__i386__)

#include <immintrin.h>

#if __has_include(<sys/platform/x86.h>) && !defined(__clang__)  // which knows no _Bool in standard C++
#include <sys/platform/x86.h>
#endif

#include <bit>
#include <cstdint>

#define GUESTD_AVX2 [[gnu::target("avx2")]]

namespace guestd::protocol::base64 {
namespace {

GUESTD_AVX2 inline __m256i both_lanes(__m128i table) { return _mm256_broadcastsi128_si256(table); }

GUESTD_AVX2 inline __m256i high_nibbles(__m256i chars) {
  return _mm256_and_si256(_mm256_srli_epi32(chars, 4), _mm256_set1_epi8(0x0F));
}

/// A bit for each character that is not in the alphabet. Each row of the ASCII table (high nibble) belongs to a class,
/// which is one bit; the entry of a column (low nibble) has the bits of the classes in whose rows it is wrong:
/// 1: row 2 (only + and /), 2: row 3 (digits), 4: rows 4 and 6 (from A, a), 8: rows 5 and 7 (to Z, z), 16: the others.
GUESTD_AVX2 inline std::uint32_t wrong_characters(__m256i chars) {
  const __m256i rows = both_lanes(_mm_setr_epi8(16, 16, 1, 2, 4, 8, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16));
  const __m256i columns = both_lanes(_mm_setr_epi8(21, 17, 17, 17, 17, 17, 17, 17, 17, 17, 19, 26, 27, 27, 27, 26));
  const __m256i low_nibbles = _mm256_and_si256(chars, _mm256_set1_epi8(0x0F));
  const __m256i wrong =
      _mm256_and_si256(_mm256_shuffle_epi8(rows, high_nibbles(chars)), _mm256_shuffle_epi8(columns, low_nibbles));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(wrong, _mm256_setzero_si256())));
}

/// Characters of the alphabet to their 6-bit values, by adding what their row needs; `/` uses the free row 1.
GUESTD_AVX2 inline __m256i values_of(__m256i chars) {
  const __m256i shifts = both_lanes(_mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i slash = _mm256_cmpeq_epi8(chars, _mm256_set1_epi8('/'));
  return _mm256_add_epi8(chars, _mm256_shuffle_epi8(shifts, _mm256_add_epi8(high_nibbles(chars), slash)));
}

/// Joins the 6-bit values to 24 bytes at the beginning of the register; the other 8 are zero.
GUESTD_AVX2 inline __m256i packed(__m256i values) {
  const __m256i twelve_bits = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
  const __m256i groups = _mm256_madd_epi16(twelve_bits, _mm256_set1_epi32(0x00011000));
  const __m256i order = both_lanes(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(groups, order), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
}

/// Stores always take 32 bytes. For 32 good characters they end where the input was read, since `out` does not pass
/// `in`; where a line break cuts the characters short, `out` must have fallen far enough behind.
GUESTD_AVX2 void decode(DecodeCursor& cursor) {
  DecodeCursor at = cursor;
  while (at.end - at.in >= 32) {
    const __m256i chars = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at.in));
    const std::uint32_t wrong = wrong_characters(chars);
    const std::ptrdiff_t good = std::countr_zero(wrong) & ~3;  // whole groups; 32 if all is well
    if (at.in + good - at.out < 32) break;
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(at.out), packed(values_of(chars)));
    at.in += good;
    at.out += good / 4 * 3;
    if (wrong == 0) continue;
    const char* next = skip_line_breaks(at.in, at.end);
    if (next == at.in) break;
    at.in = next;
  }
  cursor = at;
}

/// 12 bytes in each lane to sixteen 6-bit values: a group of bytes a, b, c becomes the 16-bit words ab and bc, in
/// which multiplications shift the values to their places.
GUESTD_AVX2 inline __m256i unpacked(__m256i bytes) {
  const __m256i order = both_lanes(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  const __m256i words = _mm256_shuffle_epi8(bytes, order);
  const __m256i first_third = _mm256_and_si256(words, _mm256_set1_epi32(0x0FC0FC00));
  const __m256i second_fourth = _mm256_and_si256(words, _mm256_set1_epi32(0x003F03F0));
  return _mm256_or_si256(_mm256_mulhi_epu16(first_third, _mm256_set1_epi32(0x04000040)),
                         _mm256_mullo_epi16(second_fourth, _mm256_set1_epi32(0x01000010)));
}

/// 6-bit values to characters, by adding what their class needs: 0 for a-z, 1 to 10 for the digits, 11 and 12 for +
/// and /, 13 for A-Z.
GUESTD_AVX2 inline __m256i characters_of(__m256i values) {
  const __m256i shifts = both_lanes(_mm_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0));
  const __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
  const __m256i classes =
      _mm256_or_si256(_mm256_subs_epu8(values, _mm256_set1_epi8(51)), _mm256_and_si256(upper, _mm256_set1_epi8(13)));
  return _mm256_add_epi8(values, _mm256_shuffle_epi8(shifts, classes));
}

GUESTD_AVX2 std::size_t encode(const unsigned char* in, std::size_t size, char* out) {
  std::size_t done = 0;
  for (; size - done >= 28; done += 24, out += 32) {  // the two loads reach 28 bytes far
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done + 12));
    const __m256i text = characters_of(unpacked(_mm256_set_m128i(high, low)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), text);
  }
  return done;
}

constexpr Kernels kAvx2 = {"avx2", encode, decode};

// glibc has asked the processor when the program was loaded (since 2.33). The compiler's built-in function asks once
// more before main(), with twenty CPUID instructions; in a virtual machine each of them is a trip to the hypervisor,
// and together they take a tenth of the start.
bool has_avx2() {
#if defined(CPU_FEATURE_ACTIVE)
  return CPU_FEATURE_ACTIVE(AVX2);
#else
  return __builtin_cpu_supports("avx2");
#endif
}

}  // namespace

const Kernels* avx2_kernels() { return has_avx2() ? &kAvx2 : nullptr; }

}  // namespace guestd::protocol::base64

#else

const guestd::protocol::base64::Kernels* guestd::protocol::base64::avx2_kernels() { return nullptr; }

#endif
