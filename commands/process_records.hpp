// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "platform/processes.hpp"

namespace guestd::commands {

/// What the next agent has to know of a process if this one is killed.
struct ProcessRecord {
  /// What becomes of an output.
  enum class Output : std::uint8_t { kNone, kLost, kSpooled };

  platform::ProcessBirth birth{};
  std::int64_t started_ns = 0;          ///< since 1970
  std::chrono::nanoseconds deadline{};  ///< time limit (CLOCK_BOOTTIME); 0: none
  Output output = Output::kNone;
  Output error = Output::kNone;
  std::uint64_t spool = 0;  ///< number in the names of its spool files
  std::uint64_t limit = 0;  ///< of each of them, in bytes
  bool has_unit = false;    ///< systemd holds it in a unit
  bool timed_out = false;
  bool exited = false;
  std::optional<platform::ProcessExit> exit{};  ///< if it has ended and that is known
  std::string path{};                           ///< of the program; a long one is cut
};

/// One line, with nothing behind it but the path.
std::string format_process_record(const ProcessRecord& record);
/// Nothing for a line that is none: numbers are bounded.
std::optional<ProcessRecord> parse_process_record(std::string_view line);

/// The file in the state directory that holds a record for each process, so that an agent which was killed is followed
/// by one that knows them. A record takes one write into a place of its own: programs come and go often. Thread-safe.
class ProcessRecords {
 public:
  static constexpr std::size_t kPlaceBytes = 512;

  /// `boot_id`: records of another boot are of no use. Nothing is touched yet.
  ProcessRecords(const std::string& state_directory, std::string boot_id);

  /// Whether an earlier agent may have left something.
  static bool are_there(const std::string& state_directory);

  /// What an earlier agent of this boot has left; empty if that was nothing. The file begins anew with the first record
  /// that is added, so that reading does not wait for a disk that is frozen.
  std::vector<ProcessRecord> take_over();

  /// The place of a new record; -1 if the file cannot be written, which does not keep programs from running.
  int add(const ProcessRecord& record);
  void update(int place, const ProcessRecord& record);
  void remove(int place);

 private:
  [[nodiscard]] std::vector<ProcessRecord> read() const;
  bool open();
  void write(int place, std::string_view text);

  const std::string path_;
  const std::string boot_id_;
  std::mutex mutex_;
  UniqueFd file_;
  bool failed_ = false;
  std::vector<bool> taken_;
};

}  // namespace guestd::commands
