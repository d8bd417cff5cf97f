// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/power.hpp"

namespace guestd::platform {
namespace {

// A disk that does not answer must not keep the machine on.
constexpr std::chrono::seconds kSyncLimit{20};

void sync_for_a_while() {
  std::promise<void> done;
  auto finished = done.get_future();
  try {
    std::thread([done = std::move(done)]() mutable {
      ::sync();
      done.set_value();
    }).detach();
    (void)finished.wait_for(kSyncLimit);
  } catch (const std::system_error&) {
    ::sync();  // no thread to be had: without a limit, then
  }
}

// reboot(2): one of the words does not fit into the type that the call takes.
int reboot_word(PowerAction action) {
  if (action == PowerAction::kReboot) return static_cast<int>(RB_AUTOBOOT);
  if (action == PowerAction::kHalt) return static_cast<int>(RB_HALT_SYSTEM);
  return static_cast<int>(RB_POWER_OFF);
}

class RealKernelPower final : public KernelPower {
 public:
  Result<void> end_system(PowerAction action) override {
    sync_for_a_while();
    (void)::reboot(reboot_word(action));
    return Error::from_errno("the kernel does not end the system", errno);
  }

  Result<void> write(std::string_view file, std::string_view word) override {
    const std::string path = "/sys/power/" + std::string(file);
    const auto opened = root_.open(path, O_WRONLY);
    if (!opened) return Error::from_errno("suspend: cannot write to '" + path + "'", opened.error().errno_value);
    if (::write(opened->get(), word.data(), word.size()) < 0)
      return Error::from_errno("suspend: cannot write to '" + path + "'", errno);
    return {};
  }

 private:
  Root root_ = Root::system();
};

class RefusingPower final : public KernelPower {
 public:
  explicit RefusingPower(std::string reason) : reason_(std::move(reason)) {}

  Result<void> end_system(PowerAction) override { return refused(); }
  Result<void> write(std::string_view, std::string_view) override { return refused(); }

 private:
  [[nodiscard]] Error refused() const { return Error{"the power is left alone: " + reason_}; }

  std::string reason_;
};

}  // namespace

std::unique_ptr<KernelPower> kernel_power(const Root& root) {
  if (!root.is_system()) return refusing_power("this is a fixture");
  return std::make_unique<RealKernelPower>();
}

std::unique_ptr<KernelPower> refusing_power(std::string reason) {
  return std::make_unique<RefusingPower>(std::move(reason));
}

}  // namespace guestd::platform
