// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "daemon/configuration.hpp"
#include "daemon/session.hpp"

namespace guestd::daemon {

/// A way from the host to the agent. It makes the sessions and looks after what they run on. I/O thread only.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Opens the channel. An error means that it cannot be had now: `error opening channel '<p>': <e>`,
  /// `Failed to bind socket to <p>: <e>` and the like. After success the channel heals by itself: ports that vanish are
  /// waited for, lost clients make room for the next.
  virtual Result<void> start() = 0;

  /// Ends all conversations and gives everything back; a socket file is removed.
  virtual void stop() = 0;

  /// For people: what it is and how it stands.
  [[nodiscard]] virtual std::string describe() const = 0;
};

/// The channel that the configuration names; its path is set and checked.
Result<std::unique_ptr<Channel>> make_channel(const Services& services, const Configuration& configuration);

/// A listening socket that the service manager handed over.
Result<std::unique_ptr<Channel>> make_inherited_channel(const Services& services, const Configuration& configuration,
                                                        UniqueFd socket);

}  // namespace guestd::daemon
