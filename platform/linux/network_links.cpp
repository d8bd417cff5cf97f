// SPDX-License-Identifier: Apache-2.0
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>

#include <unordered_set>
#include <utility>

#include "platform/netlink.hpp"
#include "platform/network.hpp"

namespace guestd::platform {
namespace {

using netlink::Attribute;
using netlink::for_each_attribute;
using netlink::leading;

// IFLA_TUN_TYPE of enum in <linux/if_link.h>: IFF_TUN or IFF_TAP.
bool says_tap(std::string_view data) {
  bool is_tap = false;
  for_each_attribute(data, [&](const Attribute& attribute) {
    if (attribute.type == IFLA_TUN_TYPE) is_tap = leading<std::uint8_t>(attribute.value) == IFF_TAP;
  });
  return is_tap;
}

void read_kind(std::string_view info, Link& link) {
  std::string_view data;
  for_each_attribute(info, [&](const Attribute& attribute) {
    if (attribute.type == IFLA_INFO_KIND) link.kind = netlink::text_of(attribute.value);
    if (attribute.type == IFLA_INFO_DATA) data = attribute.value;
  });
  if (link.kind == "tun") link.is_tap = says_tap(data);
}

LinkStatistics read_statistics(std::string_view value) {
  const auto counted = leading<rtnl_link_stats64>(value);
  LinkStatistics statistics;
  statistics.rx_bytes = counted.rx_bytes;
  statistics.rx_packets = counted.rx_packets;
  statistics.rx_errors = counted.rx_errors;
  statistics.rx_dropped = counted.rx_dropped + counted.rx_missed_errors;
  statistics.tx_bytes = counted.tx_bytes;
  statistics.tx_packets = counted.tx_packets;
  statistics.tx_errors = counted.tx_errors;
  statistics.tx_dropped = counted.tx_dropped;
  return statistics;
}

OperationalState read_state(std::string_view value) {
  const auto number = leading<std::uint8_t>(value);
  const bool known = number <= static_cast<std::uint8_t>(OperationalState::kUp);
  return known ? static_cast<OperationalState>(number) : OperationalState::kUnknown;
}

void read_attribute(const Attribute& attribute, Link& link) {
  switch (attribute.type) {
    case IFLA_IFNAME:
      link.name = netlink::text_of(attribute.value);
      break;
    case IFLA_ADDRESS:
      link.address = attribute.value;
      break;
    case IFLA_MTU:
      link.mtu = leading<std::uint32_t>(attribute.value);
      break;
    case IFLA_OPERSTATE:
      link.state = read_state(attribute.value);
      break;
    case IFLA_MASTER:
      link.master = leading<int>(attribute.value);
      break;
    case IFLA_LINK:
      link.lower = leading<int>(attribute.value);
      break;
    case IFLA_LINK_NETNSID:
      link.lower_is_elsewhere = true;
      break;
    case IFLA_LINKINFO:
      read_kind(attribute.value, link);
      break;
    case IFLA_STATS64:
      link.statistics = read_statistics(attribute.value);
      break;
    default:
      break;
  }
}

bool read_link(std::string_view body, Link& link) {
  if (body.size() < sizeof(ifinfomsg)) return false;
  const auto header = leading<ifinfomsg>(body);
  link.index = header.ifi_index;
  link.hardware = header.ifi_type;
  link.flags = header.ifi_flags;
  body.remove_prefix(sizeof header);
  return for_each_attribute(body, [&](const Attribute& attribute) { read_attribute(attribute, link); });
}

}  // namespace

Result<std::vector<Link>> parse_links(std::string_view dump) {
  std::vector<Link> links;
  std::unordered_set<int> seen;
  const bool whole = netlink::for_each_message(dump, [&](const netlink::Message& message) {
    if (message.type != RTM_NEWLINK) return true;
    Link link;
    if (!read_link(message.body, link)) return false;
    if (seen.insert(link.index).second) links.push_back(std::move(link));
    return true;
  });
  if (!whole) return Error{"cannot list network interfaces: what the kernel sent is damaged"};
  return links;
}

}  // namespace guestd::platform
