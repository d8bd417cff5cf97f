// SPDX-License-Identifier: Apache-2.0
#include "platform/network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "platform/netlink.hpp"

namespace guestd::platform {
namespace {

template <typename Entries>
Result<Entries> read(const Root& root, netlink::Table table, Result<Entries> (*parse)(std::string_view)) {
  const auto dump = netlink::dump(root, table);
  if (!dump) return dump.error();
  return parse(*dump);
}

std::string device_path(std::string_view link_name) { return "/sys/class/net/" + std::string(link_name) + "/device"; }

}  // namespace

std::string to_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.version == IpVersion::k4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

IpAddress mask_of(unsigned length) {
  IpAddress mask;
  for (unsigned bit = 0; bit < std::min(length, 32U); ++bit) {
    mask.bytes[bit / 8] = static_cast<std::uint8_t>(mask.bytes[bit / 8] | (0x80U >> bit % 8));
  }
  return mask;
}

bool share_prefix(const IpAddress& left, const IpAddress& right, unsigned length) {
  if (left.version != right.version || length > 128) return false;
  const auto whole = static_cast<std::ptrdiff_t>(length / 8);
  if (!std::equal(left.bytes.begin(), left.bytes.begin() + whole, right.bytes.begin())) return false;
  if (length % 8 == 0) return true;
  const unsigned differing = static_cast<unsigned>(left.bytes[length / 8] ^ right.bytes[length / 8]);
  return (differing >> (8 - length % 8)) == 0;
}

Result<std::vector<Link>> links(const Root& root) { return read(root, netlink::Table::kLinks, parse_links); }

Result<std::vector<LinkAddress>> link_addresses(const Root& root) {
  return read(root, netlink::Table::kAddresses, parse_addresses);
}

std::string hardware_address(const Link& link) {
  constexpr std::array kOfIp{ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_IPGRE, ARPHRD_IP6GRE};
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (std::find(kOfIp.begin(), kOfIp.end(), link.hardware) != kOfIp.end()) return {};
  if (link.address.find_first_not_of('\0') == std::string::npos) return {};
  std::string text;
  for (const char byte : link.address) {
    const auto value = static_cast<unsigned char>(byte);
    if (!text.empty()) text += ':';
    text += kDigits[value >> 4U];
    text += kDigits[value & 15U];
  }
  return text;
}

bool has_device(const Root& root, std::string_view link_name) {
  return root.open(device_path(link_name), O_PATH).has_value();
}

std::string device_driver(const Root& root, std::string_view link_name) {
  const auto target = root.read_link(device_path(link_name) + "/driver");
  return target ? target->substr(target->find_last_of('/') + 1) : std::string();
}

}  // namespace guestd::platform
