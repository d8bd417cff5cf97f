// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "platform/root.hpp"

namespace guestd::platform {

/// What tells a machine from its clones: the state of the kernel's random numbers, and its id. Thread-safe.
class Identity {
 public:
  virtual ~Identity() = default;
  /// Mixes bytes into the kernel's pool (random(4), RNDADDENTROPY), `credited_bits` of which nobody else knows.
  virtual Result<void> add_entropy(std::span<const std::byte> bytes, int credited_bits) = 0;
  /// Has the kernel's generator begin anew from the pool at once, not some minutes later (RNDRESEEDCRNG).
  virtual Result<void> reseed() = 0;
  /// Numbers of the kernel's generator (getrandom(2)).
  virtual Result<std::array<std::byte, 16>> draw() = 0;
  /// Puts another id in the place of /etc/machine-id (machine-id(5)).
  virtual Result<void> replace_machine_id(const std::string& id) = 0;
};

/// The real one; on a fixture it refuses everything.
std::unique_ptr<Identity> system_identity(const Root& root);

/// Refuses everything with `reason`.
std::unique_ptr<Identity> refusing_identity(std::string reason);

/// Begins the random numbers anew with `fresh` (all of it credited, at most as many bytes as the caller allows) and
/// what differs from restore to restore by itself: the time and the generator's own numbers.
Result<void> renew_random_numbers(Identity& identity, std::span<const std::byte> fresh, std::int64_t now_ns);

/// Gives the machine a new random id (a UUID of version 4 without dashes, as systemd makes them); returns it.
Result<std::string> renew_machine_id(Identity& identity);

}  // namespace guestd::platform
