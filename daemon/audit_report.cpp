// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_report.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "daemon/audit_record.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::daemon {
namespace {

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// Reads lines of any length, prints those that are records, and counts the others.
std::size_t print_lines(std::FILE* from, bool as_json) {
  std::size_t others = 0;
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t length = 0; (length = ::getline(&line, &room, from)) > 0;) {
    const std::string text = audit_report_line({line, static_cast<std::size_t>(length)}, as_json);
    if (text.empty()) ++others;
    std::fputs(text.c_str(), stdout);
  }
  std::free(line);
  return others;
}

void tell_of(std::size_t others) {
  if (others > 0) std::fprintf(stderr, "guestd: %zu lines are no records of the audit trail\n", others);
}

Result<void> print_file(const std::string& path, bool as_json) {
  const Stream file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return Error::from_errno("cannot read the audit file '" + path + "'", errno);
  tell_of(print_lines(file.get(), as_json));
  return {};
}

Result<void> print_journal(bool as_json) {
  const std::string command = "journalctl --quiet --no-pager --output=json MESSAGE_ID=" + std::string(kAuditMessageId);
  std::FILE* output = ::popen(command.c_str(), "re");
  if (output == nullptr) return Error::from_errno("cannot start journalctl", errno);
  tell_of(print_lines(output, as_json));
  const int status = ::pclose(output);
  if (status == 0) return {};
  return Error{"journalctl has failed; without a journal, name a file in group [audit] of the configuration"};
}

}  // namespace

std::string audit_report_line(std::string_view line, bool as_json) {
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(line));
  const auto record = document ? read_audit_record(document->root()) : std::nullopt;
  if (!record) return {};
  if (as_json) return audit_line(*record);
  std::string text = utc_text(record->time) + "  " + audit_sentence(*record);
  if (record->duration.count() > 0) text += " [" + std::to_string(record->duration.count()) + " us]";
  return text + "\n";
}

Result<void> print_audit(const Configuration& configuration, bool as_json) {
  if (!configuration.audit.enabled) return Error{"the audit trail is switched off in the configuration"};
  return configuration.audit.file ? print_file(*configuration.audit.file, as_json) : print_journal(as_json);
}

}  // namespace guestd::daemon
