// SPDX-License-Identifier: Apache-2.0
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <utility>

#include "platform/netlink.hpp"
#include "platform/network.hpp"

namespace guestd::platform {
namespace {

using netlink::Attribute;
using netlink::leading;

IpAddress read_ip(IpVersion version, std::string_view value) {
  return {version, leading<std::array<std::uint8_t, 16>>(value.substr(0, version == IpVersion::k4 ? 4 : 16))};
}

bool read_address(std::string_view body, LinkAddress& address) {
  const auto header = leading<ifaddrmsg>(body);
  const auto version = header.ifa_family == AF_INET ? IpVersion::k4 : IpVersion::k6;
  address.link = static_cast<int>(header.ifa_index);
  address.address.version = version;
  address.prefix = header.ifa_prefixlen;
  address.scope = header.ifa_scope;
  address.flags = header.ifa_flags;
  body.remove_prefix(sizeof header);
  bool has_own = false;
  return netlink::for_each_attribute(body, [&](const Attribute& attribute) {
    if (attribute.type == IFA_LOCAL) has_own = true;
    // On a point-to-point interface IFA_ADDRESS is that of the peer, and IFA_LOCAL the own one.
    if (attribute.type == IFA_LOCAL || (attribute.type == IFA_ADDRESS && !has_own)) {
      address.address = read_ip(version, attribute.value);
    }
    if (attribute.type == IFA_LABEL) address.label = netlink::text_of(attribute.value);
    if (attribute.type == IFA_FLAGS) address.flags = leading<std::uint32_t>(attribute.value);
  });
}

bool is_about_ip(const netlink::Message& message) {
  const auto family = leading<std::uint8_t>(message.body);
  return message.type == RTM_NEWADDR && (family == AF_INET || family == AF_INET6);
}

}  // namespace

Result<std::vector<LinkAddress>> parse_addresses(std::string_view dump) {
  std::vector<LinkAddress> addresses;
  const bool whole = netlink::for_each_message(dump, [&](const netlink::Message& message) {
    if (!is_about_ip(message)) return true;
    LinkAddress address;
    if (message.body.size() < sizeof(ifaddrmsg) || !read_address(message.body, address)) return false;
    addresses.push_back(std::move(address));
    return true;
  });
  if (!whole) return Error{"cannot list IP addresses: what the kernel sent is damaged"};
  return addresses;
}

}  // namespace guestd::platform
