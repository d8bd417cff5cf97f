// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/audit.hpp"
#include "daemon/line_file.hpp"
#include "daemon/log_protocols.hpp"

namespace guestd::daemon {
namespace {

// The journal, or syslog where there is none. Looked for with the first record, so that a start does not pay, and again
// as long as there is neither: either may be started, or started anew, at any time.
class AuditService final : public AuditSink {
 public:
  bool write(const AuditRecord& record) override {
    if (!journal_.is_connected() && syslog_.is_connected() && send_to_syslog(record)) return true;
    return journal_.send(audit_datagram(record)) || send_to_syslog(record);
  }

 private:
  bool send_to_syslog(const AuditRecord& record) {
    const unsigned priority = record.outcome == AuditRecord::Outcome::kRefused ? 5 : 6;
    return syslog_.send(syslog_line(priority, audit_sentence(record)));
  }

  DatagramService journal_{kJournalSocket};
  DatagramService syslog_{kSyslogSocket};
};

// The trail in a file, a line of JSON per record.
class AuditFile final : public AuditSink {
 public:
  AuditFile(const std::string& path, std::function<void(const Error&)> on_failure)
      : name_("audit file '" + path + "'"), file_(settings(path, name_, std::move(on_failure))) {}

  Result<void> open() { return named(file_.open()); }

  bool write(const AuditRecord& record) override {
    file_.write(audit_line(record));
    return true;  // what is lost is told in the file
  }
  Result<void> reopen() override { return named(file_.reopen()); }
  void hold(bool hold) override { (void)file_.hold(hold); }
  void settle() override { file_.settle(); }
  void finish() override { file_.finish(); }

 private:
  static LineFile::Settings settings(const std::string& path, const std::string& name,
                                     std::function<void(const Error&)> on_failure) {
    LineFile::Settings settings;
    settings.path = path;
    settings.note_of_lost = [](std::uint64_t lines) {
      return audit_line(audit_note(std::to_string(lines) + " records before this one were lost"));
    };
    if (on_failure) {
      settings.on_failure = [name, on_failure = std::move(on_failure)](Error error) {
        on_failure(std::move(error).with_context(name));
      };
    }
    return settings;
  }
  [[nodiscard]] Result<void> named(Result<void> done) const {
    return done ? std::move(done) : std::move(done).error().with_context(name_);
  }

  const std::string name_;
  LineFile file_;
};

}  // namespace

Result<std::unique_ptr<Audit>> Audit::open(const Settings& settings) {
  std::unique_ptr<AuditSink> sink;
  if (settings.enabled && !settings.file.empty()) {
    auto file = std::make_unique<AuditFile>(settings.file, settings.on_failure);
    if (!settings.held) {
      if (auto opened = file->open(); !opened) return std::move(opened).error();
    }
    file->hold(settings.held);
    sink = std::move(file);
  } else if (settings.enabled && !settings.foreground) {
    sink = std::make_unique<AuditService>();
  }
  return std::make_unique<Audit>(std::move(sink), settings.held);
}

}  // namespace guestd::daemon
