// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nettle/sha2.h>

#include <memory>
#include <optional>

namespace guestd::platform {

/// What the name of libnettle's library on disk and the layout of sha256_ctx go with.
constexpr const char* kNettleLibrary = "libnettle.so.8";

/// The functions of libnettle that are used. `library` keeps them loaded; null in a static build, which holds them.
struct Nettle {
  std::shared_ptr<void> library;
  decltype(&nettle_sha256_init) init = nullptr;
  decltype(&nettle_sha256_update) update = nullptr;
  decltype(&nettle_sha256_digest) digest = nullptr;
};

/// Nothing where the guest does not have the library.
std::optional<Nettle> find_nettle();

}  // namespace guestd::platform
