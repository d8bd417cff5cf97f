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

// The journal, or syslog where there is none. Looked for with the first record, so that a start does not pay, and again
// as long as there is neither.
class AuditService final : public AuditSink {
 public:
  bool write(const AuditRecord& record) override {
    if (!connect()) return false;
    if (is_journal_) return send_datagram(socket_, audit_datagram(record));
    const unsigned priority = record.outcome == AuditRecord::Outcome::kRefused ? 5 : 6;
    return send_datagram(socket_, syslog_line(priority, audit_sentence(record)));
  }

 private:
  bool connect() {
    if (socket_.valid()) return true;
    socket_ = connect_datagram(kJournalSocket);
    is_journal_ = socket_.valid();
    if (!is_journal_) socket_ = connect_datagram(kSyslogSocket);
    return socket_.valid();
  }

  UniqueFd socket_;
  bool is_journal_ = false;
};

}  // namespace

Result<std::unique_ptr<Audit>> Audit::open(const Settings& settings) {
  std::unique_ptr<AuditSink> sink;
  if (settings.enabled && !settings.file.empty()) {
    sink = std::make_unique<AuditFile>(settings.file);
    if (!settings.held) {
      if (auto opened = sink->reopen(); !opened) return std::move(opened).error();
    }
  } else if (settings.enabled && !settings.foreground) {
    sink = std::make_unique<AuditService>();
  }
  return std::make_unique<Audit>(std::move(sink), settings.held);
}

}  // namespace guestd::daemon
