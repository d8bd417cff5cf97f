// SPDX-License-Identifier: Apache-2.0
#include "daemon/log_protocols.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace guestd::daemon {

UniqueFd connect_datagram(const char* path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

bool send_datagram(const UniqueFd& socket, std::string_view packet) {
  return ::send(socket.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void append_journal_field(std::string& datagram, std::string_view name, std::string_view value) {
  datagram += name;
  if (value.find('\n') == std::string_view::npos) {
    datagram += '=';
  } else {
    std::uint64_t length = value.size();
    if constexpr (std::endian::native == std::endian::big) length = __builtin_bswap64(length);
    datagram += '\n';
    datagram.append(reinterpret_cast<const char*>(&length), sizeof length);
  }
  datagram += value;
  datagram += '\n';
}

std::string syslog_line(unsigned priority, std::string_view text) {
  std::string out = "<" + std::to_string(kFacilityDaemon | priority) + ">";
  out += kLogIdentifier;
  out += "[" + std::to_string(::getpid()) + "]: ";
  out += text;
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

Result<UniqueFd> open_log_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
  if (!fd.valid()) return Error::from_errno("unable to open specified log file", errno);
  return fd;
}

}  // namespace guestd::daemon
