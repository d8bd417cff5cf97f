// SPDX-License-Identifier: Apache-2.0
#include "protocol/dispatch.hpp"

#include <algorithm>

namespace guestd::protocol {

bool CommandEntry::has_feature(std::string_view feature) const {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

}  // namespace guestd::protocol
