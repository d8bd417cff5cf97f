// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/nettle.hpp"

namespace guestd::platform {

std::optional<Nettle> find_nettle() {
  return Nettle{nullptr, &nettle_sha256_init, &nettle_sha256_update, &nettle_sha256_digest};
}

}  // namespace guestd::platform
