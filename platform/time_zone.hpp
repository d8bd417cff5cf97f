// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// Local time as it is counted at one moment.
struct ZoneOffset {
  std::int64_t east_of_utc_s = 0;
  std::string abbreviation;  ///< such as `CEST`
};

/// What the zone file `file` (TZif, RFC 9636) says about the moment `at_s` (seconds since 1970 UTC). The rule behind
/// the last transition is not evaluated: later moments have the last transition's offset. Fixtures need no more, and
/// for the machine itself libc does it.
Result<ZoneOffset> parse_tzif(std::string_view file, std::int64_t at_s);

/// The local zone at that moment: the environment's TZ, else /etc/localtime, else UTC. A zone that is changed while
/// the agent runs is noticed. For a fixture only its /etc/localtime counts.
Result<ZoneOffset> local_zone(const Root& root, std::int64_t at_s);

}  // namespace guestd::platform
