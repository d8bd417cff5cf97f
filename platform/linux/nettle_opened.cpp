// SPDX-License-Identifier: Apache-2.0
#include <nettle/version.h>

#include "platform/linux/nettle.hpp"
#include "platform/linux/shared_library.hpp"

namespace guestd::platform {

static_assert(NETTLE_VERSION_MAJOR == 3 && NETTLE_VERSION_MINOR >= 6, "which libnettle.so.N belongs to this version?");

std::optional<Nettle> find_nettle() {
  const auto library = std::make_shared<SharedLibrary>(kNettleLibrary);
  Nettle nettle{library};
  if (!library->find(nettle.init, "nettle_sha256_init") || !library->find(nettle.update, "nettle_sha256_update") ||
      !library->find(nettle.digest, "nettle_sha256_digest")) {
    return std::nullopt;
  }
  return nettle;
}

}  // namespace guestd::platform
