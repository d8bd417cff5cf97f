// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "daemon/audit.hpp"
#include "daemon/audit_file.hpp"
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
