// SPDX-License-Identifier: Apache-2.0
#include <utmpx.h>

#include <cstddef>
#include <cstring>

#include "platform/logged_in_users.hpp"

namespace guestd::platform {

namespace {

// struct utmp, by offset: the same up to ut_exit, behind which ut_session and ut_tv differ.
constexpr std::size_t kUserOffset = 44;
constexpr std::size_t kUserBytes = 32;
constexpr std::size_t kTime32Offset = 340;
constexpr std::size_t kTime64Offset = 344;
constexpr std::size_t kTime32Record = 384;
constexpr std::size_t kTime64Record = 400;

template <typename Number>
Number number_at(std::string_view record, std::size_t offset) {
  Number number{};
  std::memcpy(&number, record.data() + offset, sizeof number);
  return number;
}

std::int64_t microseconds(std::int64_t seconds, std::int64_t rest) {
  constexpr std::int64_t kLast = std::int64_t{1} << 40U;  // far from an overflow, 36,000 years from now
  if (seconds < 0 || seconds > kLast || rest < 0 || rest >= 1'000'000) return 0;
  return seconds * 1'000'000 + rest;
}

std::int64_t time_of(std::string_view record, UtmpLayout layout) {
  if (layout == UtmpLayout::kTime64) {
    return microseconds(number_at<std::int64_t>(record, kTime64Offset),
                        number_at<std::int64_t>(record, kTime64Offset + 8));
  }
  // Unsigned, so that it goes on behind January 2038.
  return microseconds(number_at<std::uint32_t>(record, kTime32Offset),
                      number_at<std::int32_t>(record, kTime32Offset + 4));
}

}  // namespace

UtmpLayout utmp_layout(std::size_t file_bytes) {
  const bool fits32 = file_bytes % kTime32Record == 0;
  const bool fits64 = file_bytes % kTime64Record == 0;
  if (fits32 != fits64) return fits32 ? UtmpLayout::kTime32 : UtmpLayout::kTime64;
  return sizeof(utmpx) == kTime32Record ? UtmpLayout::kTime32 : UtmpLayout::kTime64;
}

std::vector<Login> parse_utmp(std::string_view bytes, UtmpLayout layout) {
  const std::size_t record_bytes = layout == UtmpLayout::kTime32 ? kTime32Record : kTime64Record;
  std::vector<Login> logins;
  for (; bytes.size() >= record_bytes; bytes.remove_prefix(record_bytes)) {
    const std::string_view record = bytes.substr(0, record_bytes);
    if (number_at<std::int16_t>(record, 0) != USER_PROCESS) continue;
    std::string_view user = record.substr(kUserOffset, kUserBytes);
    user = user.substr(0, user.find('\0'));
    if (!user.empty()) logins.push_back({std::string(user), time_of(record, layout)});
  }
  return logins;
}

}  // namespace guestd::platform
