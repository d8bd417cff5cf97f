// SPDX-License-Identifier: Apache-2.0
#include "platform/device_database.hpp"

namespace guestd::platform {
namespace {

class EmptyDatabase final : public DeviceDatabase {
 public:
  [[nodiscard]] std::optional<std::string> property(DeviceNumber, const char*) const override { return std::nullopt; }
};

}  // namespace

std::unique_ptr<const DeviceDatabase> device_database() { return std::make_unique<const EmptyDatabase>(); }

}  // namespace guestd::platform
