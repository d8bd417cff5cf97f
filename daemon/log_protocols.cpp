// SPDX-License-Identifier: Apache-2.0
#include "daemon/log_protocols.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>

namespace guestd::daemon {

bool DatagramService::connect() {
  if (socket_.valid()) return true;
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return false;
  }
  socket_ = std::move(fd);
  return true;
}

bool DatagramService::send(std::string_view packet) {
  if (send_once(packet)) return true;
  return !socket_.valid() && connect() && send_once(packet);
}

// Drops the socket if nobody will ever read from it again.
bool DatagramService::send_once(std::string_view packet) {
  if (!socket_.valid()) return false;
  if (::send(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  const bool is_gone =
      errno == ECONNREFUSED || errno == ENOTCONN || errno == EDESTADDRREQ || errno == ECONNRESET || errno == EPIPE;
  if (is_gone) socket_.reset();
  return false;
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

bool is_foreign_link(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return false;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0) return true;
  const bool is_ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  return !is_ours || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

Result<UniqueFd> open_log_file(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  constexpr std::string_view kFailure = "unable to open specified log file";
  UniqueFd fd(::open(path.c_str(), kFlags | O_NOFOLLOW, 0640));
  if (!fd.valid() && errno == ELOOP) {
    if (is_foreign_link(path)) {
      return Error{std::string(kFailure) + ": it is a link in a folder that others can write"};
    }
    fd.reset(::open(path.c_str(), kFlags, 0640));
  }
  if (!fd.valid()) return Error::from_errno(kFailure, errno);
  return fd;
}

}  // namespace guestd::daemon
