// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"

/// Where an agent is reached from the host.
namespace guestd::client {

/// A Unix socket: that of QEMU's character device, or one on which an agent listens.
struct UnixEndpoint {
  std::string path;
};

/// AF_VSOCK (vsock(7)): an agent that listens in the guest.
struct VsockEndpoint {
  std::uint32_t cid = 0;
  std::uint32_t port = 0;
};

/// The Unix socket of Firecracker or Cloud Hypervisor. A client asks there for a port of the guest: `CONNECT <port>`,
/// answered with `OK <number>`, each on a line.
struct HybridVsockEndpoint {
  std::string path;
  std::uint32_t port = 0;
};

/// A serial line, mostly the pseudo terminal of a `-chardev pty`.
struct SerialEndpoint {
  std::string path;
};

/// A running domain of libvirt, by name or UUID. libvirt holds the connection and is asked to pass commands on.
struct LibvirtEndpoint {
  std::string domain;
  std::string uri;  ///< "": libvirt's default
};

using Endpoint = std::variant<UnixEndpoint, VsockEndpoint, HybridVsockEndpoint, SerialEndpoint, LibvirtEndpoint>;

/// For error texts: `/run/vm.sock`, `vsock 3:1234`, `port 52 of /run/fc.sock`, `domain web of libvirt`.
std::string describe(const Endpoint& endpoint);

/// `CID:PORT`, both decimal.
Result<VsockEndpoint> parse_vsock(std::string_view text);
/// `PATH:PORT`; the last colon counts.
Result<HybridVsockEndpoint> parse_hybrid_vsock(std::string_view text);

}  // namespace guestd::client
