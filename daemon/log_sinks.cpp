// SPDX-License-Identifier: Apache-2.0
#define FMT_HEADER_ONLY
#define SPDLOG_HEADER_ONLY
#include "daemon/log_sinks.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace guestd::daemon {
namespace {

constexpr const char* kJournalSocket = "/run/systemd/journal/socket";  // systemd's native journal protocol
constexpr const char* kSyslogSocket = "/dev/log";                      // syslog(3)
constexpr std::string_view kIdentifier = "guestd";
constexpr unsigned kFacilityDaemon = 3U << 3U;

unsigned syslog_priority(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return 3;
  if (level == spdlog::level::warn) return 4;
  return level == spdlog::level::info ? 6 : 7;
}

UniqueFd connect_datagram(const char* path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

// https://systemd.io/JOURNAL_NATIVE_PROTOCOL: a field whose value may contain a newline has its length in front.
void append_field(std::string& datagram, std::string_view name, std::string_view value) {
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

class JournalSink final : public DatagramSink {
 public:
  using DatagramSink::DatagramSink;

 private:
  std::string datagram(const spdlog::details::log_msg& message, std::string_view text) const override {
    std::string out;
    append_field(out, "MESSAGE", text);
    append_field(out, "PRIORITY", std::to_string(syslog_priority(message.level)));
    append_field(out, "SYSLOG_IDENTIFIER", kIdentifier);
    append_field(out, "SYSLOG_FACILITY", std::to_string(kFacilityDaemon >> 3U));
    append_field(out, "SYSLOG_PID", std::to_string(::getpid()));
    append_field(out, "TID", std::to_string(message.thread_id));
    return out;
  }
};

class SyslogSink final : public DatagramSink {
 public:
  using DatagramSink::DatagramSink;

 private:
  std::string datagram(const spdlog::details::log_msg& message, std::string_view text) const override {
    std::string out = "<" + std::to_string(kFacilityDaemon | syslog_priority(message.level)) + ">";
    out += kIdentifier;
    out += "[" + std::to_string(::getpid()) + "]: ";
    out += text;
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out;
  }
};

Result<UniqueFd> open_log_file(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640));
  if (!fd.valid()) return Error::from_errno("unable to open specified log file", errno);
  return fd;
}

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
  const bool sent = ::send(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  lost_ = sent ? 0 : lost_ + 1;
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
