// SPDX-License-Identifier: Apache-2.0
#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#include "daemon/log_sinks.hpp"

#include <unistd.h>

#include <string_view>
#include <utility>

#include "daemon/log_protocols.hpp"

namespace guestd::daemon {
namespace {

unsigned syslog_priority(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return 3;
  if (level == spdlog::level::warn) return 4;
  return level == spdlog::level::info ? 6 : 7;
}

class JournalSink final : public DatagramSink {
 public:
  using DatagramSink::DatagramSink;

 private:
  std::string datagram(const spdlog::details::log_msg& message, std::string_view text) const override {
    std::string out;
    append_journal_field(out, "MESSAGE", text);
    append_journal_field(out, "PRIORITY", std::to_string(syslog_priority(message.level)));
    append_journal_field(out, "SYSLOG_IDENTIFIER", kLogIdentifier);
    append_journal_field(out, "SYSLOG_FACILITY", std::to_string(kFacilityDaemon >> 3U));
    append_journal_field(out, "SYSLOG_PID", std::to_string(::getpid()));
    append_journal_field(out, "TID", std::to_string(message.thread_id));
    return out;
  }
};

class SyslogSink final : public DatagramSink {
 public:
  using DatagramSink::DatagramSink;

 private:
  std::string datagram(const spdlog::details::log_msg& message, std::string_view text) const override {
    return syslog_line(syslog_priority(message.level), text);
  }
};

}  // namespace

Result<std::shared_ptr<FileSink>> FileSink::open(const std::string& path) {
  auto fd = open_log_file(path);
  if (!fd) return std::move(fd).error();
  return std::make_shared<FileSink>(std::move(*fd));
}

Result<void> FileSink::reopen(const std::string& path) {
  auto fd = open_log_file(path);
  if (!fd) return std::move(fd).error();
  const std::lock_guard lock(mutex_);
  fd_ = std::move(*fd);
  return {};
}

void FileSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  // One write for one line; a full disk costs log lines, there is nobody to tell.
  if (::write(fd_.get(), line.data(), line.size()) < 0) return;
}

void DatagramSink::sink_it_(const spdlog::details::log_msg& message) {
  std::string text(message.payload.data(), message.payload.size());
  if (lost_ > 0) text += " (" + std::to_string(lost_) + " lines before this one were lost)";
  const std::string packet = datagram(message, text);
  lost_ = send_datagram(socket_, packet) ? 0 : lost_ + 1;
}

std::shared_ptr<DatagramSink> open_journal_sink() {
  UniqueFd socket = connect_datagram(kJournalSocket);
  return socket.valid() ? std::make_shared<JournalSink>(std::move(socket)) : nullptr;
}

std::shared_ptr<DatagramSink> open_syslog_sink() {
  UniqueFd socket = connect_datagram(kSyslogSocket);
  return socket.valid() ? std::make_shared<SyslogSink>(std::move(socket)) : nullptr;
}

}  // namespace guestd::daemon
