// SPDX-License-Identifier: Apache-2.0
#include "platform/virtio_ports.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

namespace guestd::platform {
namespace {

constexpr const char* kPortsFolder = "/sys/class/virtio-ports";

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<std::string> find_virtio_port(const Root& root, std::string_view name) {
  auto folder = root.open(kPortsFolder, O_RDONLY | O_DIRECTORY);
  if (!folder) return folder.error().errno_value == ENOENT ? Result<std::string>("") : std::move(folder).error();
  const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder->release()));
  if (!entries) return Error::from_errno(std::string("cannot list ") + kPortsFolder, errno);
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string port(static_cast<const char*>(entry->d_name));
    if (port.front() == '.') continue;
    const auto port_name = root.read_file(std::string(kPortsFolder) + "/" + port + "/name");
    if (port_name && first_line(*port_name) == name) return "/dev/" + port;
  }
  return std::string();
}

}  // namespace guestd::platform
