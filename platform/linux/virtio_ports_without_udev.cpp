// SPDX-License-Identifier: Apache-2.0
#include "platform/virtio_ports.hpp"

namespace guestd::platform {

Result<std::unique_ptr<VirtioPortEvents>> watch_virtio_ports() {
  return Error::unsupported("guestd was built without libudev");
}

}  // namespace guestd::platform
