// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "schema/compiler/model.hpp"

namespace guestd::schema {

/// Sorts members, given in schema order, into the order in which qemu-ga writes them: there, objects are hash tables of
/// 512 buckets, walked bucket by bucket. Clients must not rely on it, but replies that agree byte for byte are easy to
/// compare. The rule is kept here so that a schema can list members in the order that reads best.
std::vector<const Member*> reply_order(std::vector<const Member*> members);

/// The bucket of a member name, 0 to 511.
unsigned reply_bucket(std::string_view name);

}  // namespace guestd::schema
