// SPDX-License-Identifier: Apache-2.0
#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "generated/commands.hpp"
#include "platform/network.hpp"

namespace guestd::commands {
namespace {

using platform::IpVersion;
using platform::Link;
using platform::LinkAddress;

bool is_hidden(const std::string& name, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

// Every entry has one, as in qemu-ga: clients read it without asking whether it is there.
std::string hardware_address_of(const Link& link) {
  auto text = platform::hardware_address(link);
  return text.empty() ? "00:00:00:00:00:00" : text;
}

GuestNetworkInterfaceStat statistics_of(const platform::LinkStatistics& counted) {
  GuestNetworkInterfaceStat statistics;
  statistics.rx_bytes = counted.rx_bytes;
  statistics.rx_packets = counted.rx_packets;
  statistics.rx_errs = counted.rx_errors;
  statistics.rx_dropped = counted.rx_dropped;
  statistics.tx_bytes = counted.tx_bytes;
  statistics.tx_packets = counted.tx_packets;
  statistics.tx_errs = counted.tx_errors;
  statistics.tx_dropped = counted.tx_dropped;
  return statistics;
}

GuestIpAddress address_of(const LinkAddress& address) {
  const bool is_v4 = address.address.version == IpVersion::k4;
  return {platform::to_text(address.address), is_v4 ? GuestIpAddressType::kIpv4 : GuestIpAddressType::kIpv6,
          address.prefix};
}

/// The reply while it grows: one entry per interface, in the order of the kernel, then one per alias.
class InterfaceList {
 public:
  explicit InterfaceList(const Settings& settings) : settings_(settings) {}

  void add(const Link& link) {
    if (is_hidden(link.name, settings_.hidden_interfaces)) return;
    if (!settings_.access.shows_interface(link.name)) return;
    GuestNetworkInterface entry;
    entry.name = link.name;
    entry.hardware_address = hardware_address_of(link);
    if (link.statistics) entry.statistics = statistics_of(*link.statistics);
    by_index_.emplace(link.index, entries_.size());
    entries_.push_back(std::move(entry));
  }

  // Of an interface that came after the list of interfaces was made, or that is hidden, there is no entry.
  void add(const LinkAddress& address) {
    const auto found = by_index_.find(address.link);
    if (found == by_index_.end()) return;
    auto& addresses = entries_[entry_of(found->second, address.label)].ip_addresses;
    if (!addresses) addresses.emplace();
    addresses->push_back(address_of(address));
  }

  [[nodiscard]] NetworkGetInterfacesResult take() && { return std::move(entries_); }

 private:
  // An alias (eth0:1) is an interface to getifaddrs(3), and so to qemu-ga. libvirt puts the two together again.
  std::size_t entry_of(std::size_t interface, const std::string& label) {
    const std::string& name = entries_[interface].name;
    const bool is_alias = label.size() > name.size() && label.starts_with(name) && label[name.size()] == ':';
    if (!is_alias) return interface;
    const auto [found, is_new] = aliases_.emplace(label, entries_.size());
    if (is_new) {
      GuestNetworkInterface entry;
      entry.name = label;
      entry.hardware_address = entries_[interface].hardware_address;
      entries_.push_back(std::move(entry));
    }
    return found->second;
  }

  const Settings& settings_;
  NetworkGetInterfacesResult entries_;
  std::unordered_map<int, std::size_t> by_index_;
  std::unordered_map<std::string, std::size_t> aliases_;
};

}  // namespace

Result<NetworkGetInterfacesResult> network_get_interfaces(Context& context) {
  const auto links = platform::links(context.host.root);
  if (!links) return links.error();
  const auto addresses = platform::link_addresses(context.host.root);
  if (!addresses) return addresses.error();
  const auto settings = context.settings.now();
  InterfaceList list(*settings);
  for (const auto& link : *links) list.add(link);
  for (const auto& address : *addresses) list.add(address);
  return std::move(list).take();
}

}  // namespace guestd::commands
