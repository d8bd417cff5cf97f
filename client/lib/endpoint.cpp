// SPDX-License-Identifier: Apache-2.0
#include "client/lib/endpoint.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace guestd::client {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Description {
  std::string operator()(const UnixEndpoint& unix) const { return unix.path; }
  std::string operator()(const VsockEndpoint& vsock) const {
    return "vsock " + std::to_string(vsock.cid) + ":" + std::to_string(vsock.port);
  }
  std::string operator()(const HybridVsockEndpoint& hybrid) const {
    return "port " + std::to_string(hybrid.port) + " of " + hybrid.path;
  }
  std::string operator()(const SerialEndpoint& serial) const { return serial.path; }
  std::string operator()(const LibvirtEndpoint& libvirt) const { return "domain " + libvirt.domain + " of libvirt"; }
};

}  // namespace

std::string describe(const Endpoint& endpoint) { return std::visit(Description{}, endpoint); }

Result<VsockEndpoint> parse_vsock(std::string_view text) {
  const auto colon = text.find(':');
  const auto cid = parse_number(text.substr(0, colon));
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_number(text.substr(colon + 1));
  if (!cid || !port) return Error{"'" + std::string(text) + "' is not CID:PORT, such as 3:1234"};
  return VsockEndpoint{*cid, *port};
}

Result<HybridVsockEndpoint> parse_hybrid_vsock(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_number(text.substr(colon + 1));
  if (!port || colon == 0) return Error{"'" + std::string(text) + "' is not PATH:PORT, such as /run/vm.sock:1234"};
  return HybridVsockEndpoint{std::string(text.substr(0, colon)), *port};
}

}  // namespace guestd::client
