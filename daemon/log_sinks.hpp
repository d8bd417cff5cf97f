// SPDX-License-Identifier: Apache-2.0
#pragma once

// For log.cpp, log_sinks.cpp and their test only: spdlog stays out of every other file.

#include <spdlog/sinks/base_sink.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "daemon/line_file.hpp"
#include "daemon/log_protocols.hpp"

namespace guestd::daemon {

/// qemu-ga's: `seconds.microseconds: level: message`.
inline constexpr const char* kFilePattern = "%E.%f: %l: %v";

/// The log file, or `-l /dev/stdout`.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// Everything is done at once until file().use_threads(). Of an error later than that the file itself tells.
  explicit FileSink(const std::string& path);

  [[nodiscard]] LineFile& file() { return file_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  LineFile file_;
};

/// The system's log service; never waits for it.
class DatagramSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DatagramSink(DatagramService service) : service_(std::move(service)) {}

 protected:
  /// One datagram for one line.
  virtual std::string datagram(const spdlog::details::log_msg& message, std::string_view text) const = 0;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  DatagramService service_;
  std::size_t lost_ = 0;
};

/// Nothing where there is no journal (or syslog).
std::shared_ptr<DatagramSink> open_journal_sink();
std::shared_ptr<DatagramSink> open_syslog_sink();

}  // namespace guestd::daemon
