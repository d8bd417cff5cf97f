// SPDX-License-Identifier: Apache-2.0
#include "daemon/channel.hpp"

#include <utility>

#include "daemon/listen_channel.hpp"
#include "daemon/port_channel.hpp"

namespace guestd::daemon {

Result<std::unique_ptr<Channel>> make_channel(const Services& services, const Configuration& configuration) {
  const auto method = channel_method(configuration.method);
  if (!method) return method.error();
  const std::string& path = *configuration.path;
  std::unique_ptr<Channel> channel;
  switch (*method) {
    case ChannelMethod::kVirtioSerial:
      channel = std::make_unique<PortChannel>(services, virtio_port(path));
      break;
    case ChannelMethod::kIsaSerial:
      channel = std::make_unique<PortChannel>(services, serial_line(path));
      break;
    case ChannelMethod::kUnixListen:
      channel = std::make_unique<ListenChannel>(
          services, configuration.vsock_peers, [path](LastHolders holders) { return listen_unix(path, holders); },
          path);
      break;
    case ChannelMethod::kVsockListen: {
      const auto address = parse_vsock_address(path);
      if (!address) return address.error();
      channel = std::make_unique<ListenChannel>(
          services, configuration.vsock_peers, [address](LastHolders) { return listen_vsock(*address); }, "");
      break;
    }
  }
  return channel;
}

Result<std::unique_ptr<Channel>> make_inherited_channel(const Services& services, const Configuration& configuration,
                                                        UniqueFd socket) {
  const auto shared = std::make_shared<UniqueFd>(std::move(socket));
  auto hand_over = [shared](LastHolders) -> Result<UniqueFd> {
    if (!shared->valid()) return Error{"the inherited socket was used already", 0, Error::Kind::kGeneric};
    return std::move(*shared);
  };
  return std::unique_ptr<Channel>(
      std::make_unique<ListenChannel>(services, configuration.vsock_peers, std::move(hand_over), ""));
}

}  // namespace guestd::daemon
