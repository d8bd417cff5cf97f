// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "platform/root.hpp"

/// The kernel's tables of the network, as netlink messages (netlink(7), rtnetlink(7)).
///
/// The plain interface of the kernel, without libmnl: what that library takes off one's hands is walking over
/// messages, thirty lines here. It leaves to its callers what needs care, a deadline, tables that change while they are
/// read, messages that do not fit; and it walks over aligned memory only, where these functions take any bytes, such as
/// those of a file or a fuzzer.
namespace guestd::platform::netlink {

struct Message {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::string_view body;   ///< behind the header
  std::string_view whole;  ///< with its header, without padding
};

struct Attribute {
  std::uint16_t type = 0;  ///< without NLA_F_NESTED and NLA_F_NET_BYTEORDER
  std::string_view value;
};

/// The first bytes of `bytes` as a T, a number or a structure of the kernel. What is missing is 0, and what there is
/// beyond is ignored: structures of the kernel grow from version to version.
template <typename T>
T leading(std::string_view bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

/// A string that may or may not carry its NUL.
inline std::string_view text_of(std::string_view value) { return value.substr(0, value.find('\0')); }

/// Takes one message off the front of `bytes`; false if there is no whole one.
bool take_message(std::string_view& bytes, Message& message);
/// Takes one attribute off the front of `bytes`; false if there is no whole one.
bool take_attribute(std::string_view& bytes, Attribute& attribute);

/// Calls `visit` with each message until it returns false. Whether it never did, and nothing is left but whole
/// messages.
template <typename Visit>
bool for_each_message(std::string_view bytes, Visit visit) {
  Message message;
  while (!bytes.empty()) {
    if (!take_message(bytes, message) || !visit(message)) return false;
  }
  return true;
}

/// Calls `visit` with each attribute; false if what is there is not attributes and nothing else.
template <typename Visit>
bool for_each_attribute(std::string_view bytes, Visit visit) {
  Attribute attribute;
  while (!bytes.empty()) {
    if (!take_attribute(bytes, attribute)) return false;
    visit(attribute);
  }
  return true;
}

enum class Table { kLinks, kAddresses, kRoutes };

/// Whether a message is wanted. What is not costs no memory, however long the table is.
using Keep = bool (*)(const Message&);
inline bool keep_all(const Message&) { return true; }

struct DumpLimits {
  std::chrono::milliseconds patience{10'000};  ///< for all attempts together
  std::size_t bytes = limits::kNetworkTableBytes;
  int attempts = 16;                      ///< a table that changes while it is read is read again
  std::size_t buffer_bytes = 64U << 10U;  ///< for one datagram to begin with; grows if one does not fit
};

/// Asks the kernel at the other end of `socket` (NETLINK_ROUTE; a test's socketpair of datagrams) for a whole table:
/// its messages one after the other, each padded to 4 bytes. Never waits longer than it may. Messages that do not
/// answer this request are skipped.
Result<std::string> dump(int socket, Table table, Keep keep = keep_all, const DumpLimits& limits = {});

/// A whole table of the network namespace that the agent runs in. For a fixture the bytes of such a dump, from
/// /netlink/links, /netlink/addresses and /netlink/routes below its folder (no file of a real machine shows them), all
/// of them.
Result<std::string> dump(const Root& root, Table table, Keep keep = keep_all);

}  // namespace guestd::platform::netlink
