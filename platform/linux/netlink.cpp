// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink.hpp"

#include <linux/netlink.h>

namespace guestd::platform::netlink {
namespace {

void drop(std::string_view& bytes, std::size_t length) {
  bytes.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(length), bytes.size()));
}

}  // namespace

bool take_message(std::string_view& bytes, Message& message) {
  const auto header = leading<nlmsghdr>(bytes);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) return false;
  message.type = header.nlmsg_type;
  message.flags = header.nlmsg_flags;
  message.sequence = header.nlmsg_seq;
  message.whole = bytes.substr(0, header.nlmsg_len);
  message.body = message.whole.substr(sizeof header);
  drop(bytes, header.nlmsg_len);
  return true;
}

bool take_attribute(std::string_view& bytes, Attribute& attribute) {
  const auto header = leading<nlattr>(bytes);
  if (header.nla_len < sizeof header || header.nla_len > bytes.size()) return false;
  attribute.type = static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK);
  attribute.value = bytes.substr(sizeof header, header.nla_len - sizeof header);
  drop(bytes, header.nla_len);
  return true;
}

}  // namespace guestd::platform::netlink
