// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// One login of a user.
struct Login {
  std::string user;
  std::int64_t since_us = 0;  ///< microseconds since the beginning of 1970

  bool operator==(const Login&) const = default;
};

/// How glibc lays out a record of utmp (utmp(5), bits/utmp.h): with times of 32 bits where 32-bit programs have to
/// read it too (x86, ppc64, s390x, ...), else with those of the machine (aarch64).
enum class UtmpLayout { kTime32, kTime64 };

/// The layout of a file of that size: records have 384 or 400 bytes. Where both are possible, this machine's.
UtmpLayout utmp_layout(std::size_t file_bytes);

/// The logins (USER_PROCESS) in the bytes of /run/utmp, in their order; half a record at the end is passed over.
std::vector<Login> parse_utmp(std::string_view bytes, UtmpLayout layout);

/// The login in one of logind's session files; none if it is no user who is logged in: a greeter, a job of cron, a
/// session that is closing.
std::optional<Login> parse_logind_session(std::string_view text);

/// Who is logged in, by utmp and by logind together: each user once, with the time of the first login, in the order in
/// which they are met. A system may have both of them, one or none, which is no error: then nobody is.
Result<std::vector<Login>> logged_in_users(const Root& root);

}  // namespace guestd::platform
