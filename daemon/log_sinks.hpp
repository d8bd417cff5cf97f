// SPDX-License-Identifier: Apache-2.0
#pragma once

// For log.cpp, log_sinks.cpp and their test only: spdlog stays out of every other file.

#include <spdlog/sinks/base_sink.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "daemon/log_protocols.hpp"

namespace guestd::daemon {

/// Appends to a file that can be opened again under the same name.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static Result<std::shared_ptr<FileSink>> open(const std::string& path);
  explicit FileSink(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<void> reopen(const std::string& path);

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  UniqueFd fd_;
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
