// SPDX-License-Identifier: Apache-2.0
#include "commands/process_records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace guestd::commands {
namespace {

constexpr std::string_view kFileName = "guestd-exec.state";
constexpr std::string_view kFirstWords = "guestd-exec 1 ";
constexpr std::size_t kMostPlaces = 4096;
constexpr std::size_t kPathBytes = 240;
constexpr std::int64_t kLatest = std::int64_t{1} << 62U;
constexpr std::int64_t kLargestLimit = std::int64_t{1} << 40U;

std::string file_in(const std::string& folder) { return folder + '/' + std::string(kFileName); }

/// Numbers separated by blanks, in front of what is left.
class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : text_(text) {}

  std::int64_t next(std::int64_t least, std::int64_t most) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    const auto length = static_cast<std::size_t>(end - text_.data());
    if (error != std::errc() || number < least || number > most || text_.substr(length, 1) != " ") {
      failed_ = true;
      return least;
    }
    text_.remove_prefix(length + 1);
    return number;
  }
  bool next_flag() { return next(0, 1) == 1; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
  bool failed_ = false;
};

// 0: unknown; codes behind 1000, signals behind 2000.
constexpr std::int64_t kCodes = 1000;
constexpr std::int64_t kSignals = 2000;

std::int64_t exit_number(const std::optional<platform::ProcessExit>& exit) {
  if (!exit) return 0;
  return (exit->by_signal ? kSignals : kCodes) + exit->code;
}

std::optional<platform::ProcessExit> read_exit(std::int64_t number) {
  if (number >= kSignals) return platform::ProcessExit{true, static_cast<int>(number - kSignals)};
  if (number >= kCodes) return platform::ProcessExit{false, static_cast<int>(number - kCodes)};
  return std::nullopt;
}

ProcessRecord::Output read_output(NumberReader& numbers) {
  return static_cast<ProcessRecord::Output>(numbers.next(0, 2));
}

bool is_own(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

}  // namespace

std::string format_process_record(const ProcessRecord& record) {
  std::string line;
  const std::int64_t numbers[] = {record.birth.pid,
                                  record.birth.not_before.count(),
                                  record.birth.not_after.count(),
                                  record.started_ns,
                                  record.deadline.count(),
                                  static_cast<std::int64_t>(record.output),
                                  static_cast<std::int64_t>(record.error),
                                  static_cast<std::int64_t>(record.spool),
                                  static_cast<std::int64_t>(record.limit),
                                  record.has_unit ? 1 : 0,
                                  record.timed_out ? 1 : 0,
                                  record.exited ? 1 : 0,
                                  exit_number(record.exit)};
  for (const std::int64_t number : numbers) line += std::to_string(number) + " ";
  for (const char each : std::string_view(record.path).substr(0, kPathBytes)) {
    line += each == '\n' || each == '\0' ? '?' : each;
  }
  return line;
}

std::optional<ProcessRecord> parse_process_record(std::string_view line) {
  NumberReader numbers(line);
  ProcessRecord record;
  record.birth.pid = static_cast<pid_t>(numbers.next(1, 1 << 22));  // the kernel's PID_MAX_LIMIT
  record.birth.not_before = std::chrono::nanoseconds(numbers.next(0, kLatest));
  record.birth.not_after = std::chrono::nanoseconds(numbers.next(record.birth.not_before.count(), kLatest));
  record.started_ns = numbers.next(-kLatest, kLatest);
  record.deadline = std::chrono::nanoseconds(numbers.next(0, kLatest));
  record.output = read_output(numbers);
  record.error = read_output(numbers);
  record.spool = static_cast<std::uint64_t>(numbers.next(0, kLatest));
  record.limit = static_cast<std::uint64_t>(numbers.next(0, kLargestLimit));
  record.has_unit = numbers.next_flag();
  record.timed_out = numbers.next_flag();
  record.exited = numbers.next_flag();
  record.exit = read_exit(numbers.next(0, kSignals + 255));
  record.path = numbers.rest();
  if (numbers.failed() || record.path.empty() || record.path.size() > kPathBytes) return std::nullopt;
  return record;
}

bool ProcessRecords::are_there(const std::string& state_directory) {
  return ::access(file_in(state_directory).c_str(), F_OK) == 0;
}

ProcessRecords::ProcessRecords(const std::string& state_directory, std::string boot_id)
    : path_(file_in(state_directory)), boot_id_(std::move(boot_id)) {}

std::vector<ProcessRecord> ProcessRecords::read() const {
  std::vector<ProcessRecord> records;
  const UniqueFd file(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.valid() || !is_own(file.get())) return records;
  std::array<char, kPlaceBytes> place{};
  for (std::size_t index = 0; index <= kMostPlaces; ++index) {
    if (::pread(file.get(), place.data(), place.size(), static_cast<off_t>(index * kPlaceBytes)) !=
        static_cast<ssize_t>(place.size())) {
      break;
    }
    const std::string_view text(place.data(), place.size());
    const std::string_view line = text.substr(0, text.find('\n'));
    if (index == 0) {
      if (line != std::string(kFirstWords) + boot_id_) break;
    } else if (auto record = parse_process_record(line)) {
      records.push_back(*std::move(record));
    }
  }
  return records;
}

std::vector<ProcessRecord> ProcessRecords::take_over() {
  const std::lock_guard lock(mutex_);
  return read();
}

bool ProcessRecords::open() {
  if (file_.valid() || failed_) return file_.valid();
  ::unlink(path_.c_str());
  file_.reset(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  failed_ = !file_.valid();
  if (!failed_) write(-1, std::string(kFirstWords) + boot_id_);
  return !failed_;
}

void ProcessRecords::write(int place, std::string_view text) {
  std::array<char, kPlaceBytes> bytes{};
  const std::string_view kept = text.substr(0, kPlaceBytes - 1);
  std::ranges::copy(kept, bytes.begin());
  bytes[kept.size()] = '\n';
  // A record that is missing costs the next agent a process, not this one.
  [[maybe_unused]] const ssize_t written = ::pwrite(file_.get(), bytes.data(), bytes.size(),
                                                    static_cast<off_t>(place + 1) * static_cast<off_t>(kPlaceBytes));
}

int ProcessRecords::add(const ProcessRecord& record) {
  const std::lock_guard lock(mutex_);
  if (!open()) return -1;
  const auto free = std::ranges::find(taken_, false);
  const auto place = static_cast<std::size_t>(free - taken_.begin());
  if (place >= kMostPlaces) return -1;
  if (free == taken_.end()) taken_.push_back(false);
  taken_[place] = true;
  write(static_cast<int>(place), format_process_record(record));
  return static_cast<int>(place);
}

void ProcessRecords::update(int place, const ProcessRecord& record) {
  const std::lock_guard lock(mutex_);
  if (place >= 0) write(place, format_process_record(record));
}

void ProcessRecords::remove(int place) {
  const std::lock_guard lock(mutex_);
  if (place < 0) return;
  taken_[static_cast<std::size_t>(place)] = false;
  write(place, "");
}

}  // namespace guestd::commands
