// SPDX-License-Identifier: Apache-2.0
#include "platform/disk_backends.hpp"

namespace guestd::platform {

DiskBackends system_disk_backends() {
  return {device_database(), std::make_unique<FileSystemUsages>(std::make_shared<const SystemUsage>()),
          std::make_unique<const SystemTrim>(), std::make_shared<const SystemNvme>(),
          std::make_shared<const SysfsSerials>()};
}

}  // namespace guestd::platform
