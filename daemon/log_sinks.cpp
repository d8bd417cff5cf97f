// SPDX-License-Identifier: Apache-2.0
#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#include "daemon/log_sinks.hpp"

#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <cstdint>
#include <string>
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

/// A line that the file writes by itself.
std::string file_line(spdlog::level::level_enum level, const std::string& text) {
  spdlog::memory_buf_t line;
  spdlog::pattern_formatter(kFilePattern).format({"guestd", level, text}, line);
  return {line.data(), line.size()};
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

FileSink::FileSink(const std::string& path)
    : file_({.path = path,
             .note_of_lost =
                 [](std::uint64_t lines) {
                   return file_line(spdlog::level::warn, std::to_string(lines) + " lines before this one were lost");
                 },
             .on_failure = [this](const Error& error) { file_.write(file_line(spdlog::level::err, error.text)); },
             .uses_threads = false}) {}

void FileSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  file_.write(std::string(line.data(), line.size()));
}

void DatagramSink::sink_it_(const spdlog::details::log_msg& message) {
  std::string text(message.payload.data(), message.payload.size());
  if (lost_ > 0) text += " (" + std::to_string(lost_) + " lines before this one were lost)";
  const std::string packet = datagram(message, text);
  lost_ = service_.send(packet) ? 0 : lost_ + 1;
}

std::shared_ptr<DatagramSink> open_journal_sink() {
  DatagramService service(kJournalSocket);
  return service.connect() ? std::make_shared<JournalSink>(std::move(service)) : nullptr;
}

std::shared_ptr<DatagramSink> open_syslog_sink() {
  DatagramService service(kSyslogSocket);
  return service.connect() ? std::make_shared<SyslogSink>(std::move(service)) : nullptr;
}

}  // namespace guestd::daemon
