// SPDX-License-Identifier: Apache-2.0
#include "client/main/find_agents.hpp"

#include <glob.h>
#include <sys/stat.h>

#include <cstddef>
#include <string_view>

namespace guestd::guestctl {
namespace {

constexpr std::string_view kPort = "org.qemu.guest_agent.0";

std::vector<std::string> sockets_like(const std::string& pattern) {
  std::vector<std::string> found;
  glob_t matches{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    for (std::size_t index = 0; index < matches.gl_pathc; ++index) {
      struct stat state {};
      const char* const path = matches.gl_pathv[index];
      if (::stat(path, &state) == 0 && S_ISSOCK(state.st_mode)) found.emplace_back(path);
    }
  }
  ::globfree(&matches);
  return found;
}

/// `/run/qemu-server/101.qga` is of machine 101.
std::string proxmox_name(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

/// `.../domain-3-web/org.qemu.guest_agent.0` is of domain web.
std::string libvirt_name(std::string_view path) {
  path = path.substr(0, path.rfind('/'));
  std::string_view folder = path.substr(path.rfind('/') + 1);
  for (int dashes = 0; dashes < 2; ++dashes) {
    const auto dash = folder.find('-');
    if (dash == std::string_view::npos) break;
    folder.remove_prefix(dash + 1);
  }
  return std::string(folder);
}

}  // namespace

std::vector<FoundAgent> find_agents(const std::string& root) {
  std::vector<FoundAgent> found;
  for (std::string& path : sockets_like(root + "/run/qemu-server/*.qga")) {
    std::string name = proxmox_name(path);
    found.push_back({std::move(name), client::UnixEndpoint{std::move(path)}});
  }
  const std::string below = "/*/" + std::string(kPort);
  for (const char* const place : {"/var/lib/libvirt/qemu/channel/target", "/run/libvirt/qemu/channel"}) {
    for (std::string& path : sockets_like(root + place + below)) {
      std::string name = libvirt_name(path);
      found.push_back({std::move(name), client::UnixEndpoint{std::move(path)}});
    }
  }
  return found;
}

}  // namespace guestd::guestctl
