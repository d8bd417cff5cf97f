// SPDX-License-Identifier: Apache-2.0
#include "platform/selinux.hpp"

namespace guestd::platform {

bool selinux_enforcing(const Root& root) {
  const auto state = root.read_file("/sys/fs/selinux/enforce");
  return state && state->starts_with('1');
}

}  // namespace guestd::platform
