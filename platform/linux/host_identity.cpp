// SPDX-License-Identifier: Apache-2.0
#include "platform/host_identity.hpp"

#include <sys/utsname.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace guestd::platform {

namespace {

Result<utsname> ask_kernel() {
  utsname answer{};
  if (::uname(&answer) < 0) return Error::from_errno("cannot ask the kernel for its name", errno);
  return answer;
}

Result<std::string> read_line(const Root& root, const std::string& path) {
  auto content = root.read_file(path);
  if (!content) return content;
  content->resize(std::string_view(*content).substr(0, content->find('\n')).size());
  return content;
}

}  // namespace

Result<KernelIdentity> kernel_identity(const Root& root) {
  if (root.is_system()) {
    const auto kernel = ask_kernel();
    if (!kernel) return kernel.error();
    return KernelIdentity{kernel->release, kernel->version, kernel->machine};
  }
  auto release = read_line(root, "/proc/sys/kernel/osrelease");
  if (!release) return std::move(release).error();
  auto version = read_line(root, "/proc/sys/kernel/version");
  if (!version) return std::move(version).error();
  auto machine = read_line(root, "/proc/sys/kernel/arch");
  if (!machine) return std::move(machine).error();
  return KernelIdentity{*std::move(release), *std::move(version), *std::move(machine)};
}

Result<std::string> host_name(const Root& root) {
  if (!root.is_system()) return read_line(root, "/proc/sys/kernel/hostname");
  const auto kernel = ask_kernel();
  if (!kernel) return kernel.error();
  return std::string(kernel->nodename);
}

}  // namespace guestd::platform
