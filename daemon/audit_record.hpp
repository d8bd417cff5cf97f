// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/dispatch.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/request.hpp"

namespace guestd::daemon {

/// What the journal calls records of this kind (MESSAGE_ID, sd_journal_print(3)): `journalctl MESSAGE_ID=...`.
inline constexpr std::string_view kAuditMessageId = "5d1a3c7e0f5b4b0f9a4e2d6c8b7a1903";

/// What is kept of a command that changes the guest or was refused. Never what a file holds, a password, a key, the
/// arguments or the environment of a program: only the arguments that the schema marks as `object`.
struct AuditRecord {
  enum class Outcome : std::uint8_t {
    kDone,
    kFailed,
    kRefused,  ///< by the policy, or because file systems are frozen
    kCounted,  ///< no command: `object` tells how often which of the others were run, or what is missing here
  };

  std::chrono::system_clock::time_point time{};
  std::uint64_t client = 0;  ///< conversations are numbered from the start of the agent, beginning with 1
  std::string command{};
  Outcome outcome = Outcome::kDone;
  std::string object{};  ///< `path=/etc/motd mode=w`
  std::string result{};  ///< if it is a number: a handle, a process, how many file systems
  std::string error{};
  std::chrono::microseconds duration{};  ///< of all that are counted
  std::uint64_t count = 1;               ///< how often just this happened, one after the other

  bool operator==(const AuditRecord&) const = default;
};

std::string_view name_of(AuditRecord::Outcome outcome);

/// The arguments that the schema marks, each as name=value; long ones cut off, control characters replaced.
std::string object_of(const protocol::CommandEntry& entry, const protocol::Request& request);
/// The text of a result if it is a number, or an object of one number (`{"pid": 7}`); else nothing.
std::string result_of(std::string_view json);

/// For people: one line.
std::string audit_sentence(const AuditRecord& record);
/// For the journal: a datagram with one field per member.
std::string audit_datagram(const AuditRecord& record);
/// For a file: one line of JSON, with its end.
std::string audit_line(const AuditRecord& record);

/// Reads what audit_line() wrote, or what `journalctl --output=json` makes of audit_datagram(). Nothing if it is
/// neither.
std::optional<AuditRecord> read_audit_record(protocol::JsonView line);

/// `2026-11-29T20:40:01.123456Z`, and back.
std::string utc_text(std::chrono::system_clock::time_point time);
std::optional<std::chrono::system_clock::time_point> read_utc_text(std::string_view text);

}  // namespace guestd::daemon
