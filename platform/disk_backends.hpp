// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "platform/block_devices.hpp"
#include "platform/device_database.hpp"
#include "platform/file_system_usage.hpp"
#include "platform/in_time.hpp"
#include "platform/nvme_smart.hpp"
#include "platform/trim.hpp"

namespace guestd::platform {

/// What commands about disks ask besides files. None is null in a Host that commands see.
struct DiskBackends {
  std::unique_ptr<const DeviceDatabase> database{};
  std::unique_ptr<FileSystemUsages> usages{};
  std::unique_ptr<const TrimDevice> trim{};
  std::shared_ptr<const NvmeDevice> nvme{};
  std::shared_ptr<const SerialSource> serials{};
  std::unique_ptr<InTime> in_time = std::make_unique<InTime>();  ///< by which the last two are asked
};

/// Those of this machine.
DiskBackends system_disk_backends();

}  // namespace guestd::platform
