// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.hpp"
#include "daemon/audit.hpp"
#include "daemon/log_protocols.hpp"

namespace guestd::daemon {
namespace {

class AuditFile final : public AuditSink {
 public:
  explicit AuditFile(std::string path) : path_(std::move(path)) {}

  bool write(const AuditRecord& record) override {
    const std::string line = audit_line(record);
    // One write for one line, as others may append too. Part of a line, on a full disk, is taken back.
    const off_t before = ::lseek(fd_.get(), 0, SEEK_END);
    const ssize_t written = ::write(fd_.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return true;
    if (written > 0 && before >= 0 && ::ftruncate(fd_.get(), before) != 0) return false;
    return false;
  }
  Result<void> reopen() override {
    auto fd = open_log_file(path_);
    if (!fd) return std::move(fd).error().with_context("audit file '" + path_ + "'");
    fd_ = *std::move(fd);
    return {};
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

class AuditJournal final : public AuditSink {
 public:
  explicit AuditJournal(UniqueFd socket) : socket_(std::move(socket)) {}
  bool write(const AuditRecord& record) override { return send_datagram(socket_, audit_datagram(record)); }

 private:
  UniqueFd socket_;
};

class AuditSyslog final : public AuditSink {
 public:
  explicit AuditSyslog(UniqueFd socket) : socket_(std::move(socket)) {}
  bool write(const AuditRecord& record) override {
    const unsigned priority = record.outcome == AuditRecord::Outcome::kRefused ? 5 : 6;
    return send_datagram(socket_, syslog_line(priority, audit_sentence(record)));
  }

 private:
  UniqueFd socket_;
};

std::unique_ptr<AuditSink> open_service() {
  if (UniqueFd journal = connect_datagram(kJournalSocket); journal.valid()) {
    return std::make_unique<AuditJournal>(std::move(journal));
  }
  UniqueFd syslog = connect_datagram(kSyslogSocket);
  return syslog.valid() ? std::make_unique<AuditSyslog>(std::move(syslog)) : nullptr;
}

}  // namespace

Result<std::unique_ptr<Audit>> Audit::open(const Settings& settings) {
  std::unique_ptr<AuditSink> sink;
  if (settings.enabled && !settings.file.empty()) {
    sink = std::make_unique<AuditFile>(settings.file);
    if (!settings.held) {
      if (auto opened = sink->reopen(); !opened) return std::move(opened).error();
    }
  } else if (settings.enabled && !settings.foreground) {
    sink = open_service();
  }
  return std::make_unique<Audit>(std::move(sink), settings.held);
}

}  // namespace guestd::daemon
