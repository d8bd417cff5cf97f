// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// How the system's log services are spoken to, and what files of the agent's own are opened with: for log_sinks.cpp
/// and audit_sinks.cpp.
namespace guestd::daemon {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";  ///< systemd's native journal protocol
inline constexpr const char* kSyslogSocket = "/dev/log";                      ///< syslog(3)
inline constexpr std::string_view kLogIdentifier = "guestd";
inline constexpr unsigned kFacilityDaemon = 3U << 3U;

/// A service that takes datagrams at a path, and may be started anew while it is used. Never waits. One thread at a
/// time.
class DatagramService {
 public:
  explicit DatagramService(std::string path) : path_(std::move(path)) {}
  /// With a socket that is connected already.
  DatagramService(std::string path, UniqueFd socket) : path_(std::move(path)), socket_(std::move(socket)) {}

  [[nodiscard]] bool is_connected() const { return socket_.valid(); }
  /// False: nobody listens there now. Nothing to do if it is connected.
  bool connect();
  /// Connects first where needed, and again if the service has been started anew. False: it has no room now, or is
  /// gone; then there is no connection any more.
  bool send(std::string_view packet);

 private:
  bool send_once(std::string_view packet);

  std::string path_;
  UniqueFd socket_;
};

/// A field of https://systemd.io/JOURNAL_NATIVE_PROTOCOL: one whose value may contain a newline has its length in
/// front.
void append_journal_field(std::string& datagram, std::string_view name, std::string_view value);

/// A line of syslog(3), line breaks replaced.
std::string syslog_line(unsigned priority, std::string_view text);

/// Whether the last part of a path is a link that somebody else may have laid: its folder is neither root's nor that of
/// the user who runs guestd, or group and others can write it.
bool is_foreign_link(const std::string& path);

/// For appending lines. Foreign links are not followed. `unable to open specified log file: <e>`
Result<UniqueFd> open_log_file(const std::string& path);

}  // namespace guestd::daemon
