// SPDX-License-Identifier: Apache-2.0
#include "platform/online_switch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace guestd::platform {
namespace {

// 0 or why not. sysfs takes a value in one write(2), whole or not at all.
int write_value(const Root& root, const std::string& path, std::string_view value) {
  const auto file = root.open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY);
  if (!file) return file.error().errno_value;
  for (;;) {
    const ssize_t count = ::write(file->get(), value.data(), value.size());
    if (count >= 0) return static_cast<std::size_t>(count) == value.size() ? 0 : EIO;
    if (errno != EINTR) return errno;
  }
}

class RefusingOnlineSwitch final : public OnlineSwitch {
 public:
  explicit RefusingOnlineSwitch(std::string reason) : reason_(std::move(reason)) {}

  [[nodiscard]] Result<void> set_cpu(std::int64_t number, bool) const override {
    return Error{"cannot switch cpu" + std::to_string(number) + ": " + reason_, EPERM};
  }
  [[nodiscard]] Result<void> set_memory_block(std::uint64_t number, bool) const override {
    return Error{"cannot switch memory" + std::to_string(number) + ": " + reason_, EPERM};
  }

 private:
  std::string reason_;
};

}  // namespace

std::unique_ptr<const OnlineSwitch> refusing_online_switch(std::string reason) {
  return std::make_unique<RefusingOnlineSwitch>(std::move(reason));
}

Result<void> SysfsOnlineSwitch::set_cpu(std::int64_t number, bool online) const {
  const std::string path = "/sys/devices/system/cpu/cpu" + std::to_string(number) + "//online";
  const int code = write_value(root_, path, online ? "1" : "0");
  if (code != 0) return Error::from_errno("pwrite(\"" + path + "\")", code);
  return {};
}

Result<void> SysfsOnlineSwitch::set_memory_block(std::uint64_t number, bool online) const {
  const std::string name = "memory" + std::to_string(number);
  const int code = write_value(root_, "/sys/devices/system/memory/" + name + "/state", online ? "online" : "offline");
  if (code == 0) return {};
  return Error::from_errno(online ? "cannot bring " + name + " online" : "cannot take " + name + " offline", code);
}

}  // namespace guestd::platform
