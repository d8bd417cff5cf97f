// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/reply_order.hpp"

#include <algorithm>
#include <cstdint>

namespace guestd::schema {

unsigned reply_bucket(std::string_view name) {
  auto hash = static_cast<std::uint32_t>(0x238F13AFU * name.size());
  unsigned index = 0;
  for (const char c : name) {
    hash += static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << (5 * index % 24);
    ++index;
  }
  return (1103515243U * hash + 12345U) % 512U;
}

std::vector<const Member*> reply_order(std::vector<const Member*> members) {
  // Within a bucket the member that was added last stands first.
  std::reverse(members.begin(), members.end());
  std::stable_sort(members.begin(), members.end(), [](const Member* left, const Member* right) {
    return reply_bucket(left->name) < reply_bucket(right->name);
  });
  return members;
}

}  // namespace guestd::schema
