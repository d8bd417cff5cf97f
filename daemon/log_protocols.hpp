// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// How the system's log services are spoken to, and what files of the agent's own are opened with: for log_sinks.cpp
/// and audit_sinks.cpp.
namespace guestd::daemon {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";  ///< systemd's native journal protocol
inline constexpr const char* kSyslogSocket = "/dev/log";                      ///< syslog(3)
inline constexpr std::string_view kLogIdentifier = "guestd";
inline constexpr unsigned kFacilityDaemon = 3U << 3U;

/// A socket that never waits, connected to a service; invalid if nobody listens there.
UniqueFd connect_datagram(const char* path);

/// Sends without waiting. False: the service has no room now, or is gone.
bool send_datagram(const UniqueFd& socket, std::string_view packet);

/// A field of https://systemd.io/JOURNAL_NATIVE_PROTOCOL: one whose value may contain a newline has its length in
/// front.
void append_journal_field(std::string& datagram, std::string_view name, std::string_view value);

/// A line of syslog(3), line breaks replaced.
std::string syslog_line(unsigned priority, std::string_view text);

/// For appending lines. `unable to open specified log file: <e>`
Result<UniqueFd> open_log_file(const std::string& path);

}  // namespace guestd::daemon
