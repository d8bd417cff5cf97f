// SPDX-License-Identifier: Apache-2.0
// The kernel's tables of the network from any bytes: each parser ends in an error or in entries that can be told.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "platform/netlink.hpp"
#include "platform/network.hpp"
#include "platform/network_roles.hpp"

namespace {

namespace platform = guestd::platform;
using platform::IpVersion;

void require(bool condition) {
  if (!condition) std::abort();
}

void use_links(std::string_view dump) {
  const auto links = platform::parse_links(dump);
  if (!links) return require(!links.error().text.empty());
  for (const auto& link : *links) {
    require(link.name.find('\0') == std::string_view::npos);
    const auto text = platform::hardware_address(link);
    require(text.empty() || text.size() == link.address.size() * 3 - 1);
    static_cast<void>(platform::role_of(link, true));
  }
}

void use_routes(std::string_view dump, const std::vector<const platform::LinkAddress*>& addresses) {
  const auto routes = platform::parse_routes(dump, platform::RouteSelection::kListed);
  if (!routes) return require(!routes.error().text.empty());
  require(routes->size() <= guestd::limits::kNetworkRoutes);
  for (const auto& route : *routes) require(!platform::to_text(route.destination).empty());
  const auto* best = platform::best_default_route(*routes, IpVersion::k6);
  require(best == nullptr || best->destination.version == IpVersion::k6);
  static_cast<void>(platform::primary_address(addresses, IpVersion::k6, best));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view dump(reinterpret_cast<const char*>(data), size);
  use_links(dump);
  const auto addresses = platform::parse_addresses(dump);
  std::vector<const platform::LinkAddress*> pointers;
  if (addresses) {
    for (const auto& address : *addresses) pointers.push_back(&address);
  }
  use_routes(dump, pointers);
  return 0;
}
