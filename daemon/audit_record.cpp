// SPDX-License-Identifier: Apache-2.0
#include "daemon/audit_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <span>
#include <utility>
#include <vector>

#include "daemon/log_protocols.hpp"
#include "daemon/printable.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::daemon {
namespace {

using protocol::JsonType;
using protocol::JsonView;

constexpr std::size_t kValueBytes = 1024;
constexpr std::size_t kListItems = 8;
// journalctl shows no field of more than 4096 bytes in JSON.
constexpr std::size_t kMemberBytes = 2048;
constexpr std::array<std::string_view, 4> kOutcomes{"done", "failed", "refused", "counted"};

// Everything that was said is in the text, and nothing else could look like it.
bool is_exact(std::string_view text, std::string_view said) {
  return text == said && said.find_first_of(" ,=") == std::string_view::npos;
}

std::string value_text(JsonView value, bool& exact) {
  switch (value.type()) {
    case JsonType::kString: {
      std::string text = printable(ends_of(without_empty_steps(value.as_string()), kValueBytes));
      exact = exact && is_exact(text, value.as_string());
      return text;
    }
    case JsonType::kInt:
      return std::to_string(value.as_int());
    case JsonType::kUint:
      return std::to_string(value.as_uint());
    case JsonType::kBool:
      return value.as_bool() ? "true" : "false";
    case JsonType::kArray:
      break;
    default:
      exact = false;
      return "?";
  }
  std::string text;
  std::size_t shown = 0;
  for (const JsonView item : value) {
    if (shown == kListItems || item.is(JsonType::kArray)) {
      exact = false;
      return text + ",...";
    }
    text += (shown++ == 0 ? "" : ",") + value_text(item, exact);
  }
  return text;
}

bool is_number(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  return !digits.empty() && digits.size() <= 20 && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string count_text(const AuditRecord& record) {
  return record.count == 1 ? "" : " (" + std::to_string(record.count) + " times)";
}

/// The members of a record, by name, as text. What is empty or usual is left out.
std::vector<std::pair<std::string_view, std::string>> members_of(const AuditRecord& record) {
  std::vector<std::pair<std::string_view, std::string>> members{
      {"time", utc_text(record.time)},
      {"client", std::to_string(record.client)},
      {"command", record.command},
      {"outcome", std::string(name_of(record.outcome))},
      {"duration-us", std::to_string(record.duration.count())},
      {"count", std::to_string(record.count)},
      {"object", record.object},
      {"result", record.result},
      {"error", record.error}};
  std::erase_if(members, [](const auto& member) { return member.second.empty(); });
  return members;
}

// GUESTD_DURATION_US: names of journal fields are in capitals.
std::string field_name(std::string_view member) {
  std::string name = "GUESTD_";
  for (const char c : member) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string text_member(JsonView line, std::string_view name) {
  auto value = line.find(name);
  if (!value) value = line.find(field_name(name));
  if (!value) return {};
  if (value->is(JsonType::kString)) return printable(value->as_string());
  return value->is(JsonType::kInt) ? std::to_string(value->as_int()) : "";
}

std::uint64_t number_member(JsonView line, std::string_view name, std::uint64_t otherwise) {
  const std::string text = text_member(line, name);
  std::uint64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string_view name_of(AuditRecord::Outcome outcome) { return kOutcomes.at(static_cast<std::size_t>(outcome)); }

AuditObject object_of(const protocol::CommandEntry& entry, const protocol::Request& request) {
  AuditObject object;
  std::string& text = object.text;
  if (!request.arguments) return object;
  for (const std::string_view name : entry.objects) {
    const auto value = request.arguments->find(name);
    if (!value) continue;
    if (!text.empty()) text += ' ';
    text.append(name).append("=").append(value_text(*value, object.is_exact));
  }
  object.is_exact = object.is_exact && text.size() <= kMemberBytes;
  text = ends_of(text, kMemberBytes);
  return object;
}

std::string error_text(std::string_view text) { return printable(ends_of(text, kMemberBytes)); }

AuditRecord audit_note(std::string text) {
  AuditRecord record;
  record.time = std::chrono::system_clock::now();
  record.outcome = AuditRecord::Outcome::kCounted;
  record.object = std::move(text);
  return record;
}

std::string result_of(std::string_view json) {
  if (is_number(json)) return std::string(json);
  // {"pid": 7}
  constexpr std::size_t kLongest = 64;
  const std::size_t colon = json.find(": ");
  if (json.size() > kLongest || !json.starts_with("{\"") || !json.ends_with('}') || colon == std::string_view::npos) {
    return {};
  }
  const std::string_view number = json.substr(colon + 2, json.size() - colon - 3);
  return is_number(number) ? std::string(number) : std::string();
}

std::string audit_sentence(const AuditRecord& record) {
  if (record.outcome == AuditRecord::Outcome::kCounted) return record.object;
  std::string text = "client " + std::to_string(record.client) + ": " + record.command;
  if (!record.object.empty()) text += " " + record.object;
  text += " " + std::string(name_of(record.outcome));
  if (!record.result.empty()) text += " " + record.result;
  text += count_text(record);
  if (!record.error.empty()) text += ": " + record.error;
  return text;
}

std::string audit_datagram(const AuditRecord& record) {
  constexpr std::string_view kNotice = "5";
  constexpr std::string_view kInfo = "6";
  std::string out;
  append_journal_field(out, "MESSAGE", audit_sentence(record));
  append_journal_field(out, "MESSAGE_ID", kAuditMessageId);
  append_journal_field(out, "PRIORITY", record.outcome == AuditRecord::Outcome::kRefused ? kNotice : kInfo);
  append_journal_field(out, "SYSLOG_IDENTIFIER", kLogIdentifier);
  append_journal_field(out, "SYSLOG_FACILITY", std::to_string(kFacilityDaemon >> 3U));
  for (const auto& [name, value] : members_of(record)) append_journal_field(out, field_name(name), value);
  return out;
}

std::string audit_line(const AuditRecord& record) {
  protocol::JsonWriter out;
  out.begin_object();
  for (const auto& [name, value] : members_of(record)) {
    out.key(name);
    const bool is_count = name == "client" || name == "duration-us" || name == "count";
    is_count ? out.json(value) : out.string(value);
  }
  out.end_object();
  return out.take_text() + "\n";
}

std::optional<AuditRecord> read_audit_record(JsonView line) {
  if (!line.is(JsonType::kObject)) return std::nullopt;
  AuditRecord record;
  const auto time = read_utc_text(text_member(line, "time"));
  const auto outcome = std::ranges::find(kOutcomes, text_member(line, "outcome"));
  if (!time || outcome == kOutcomes.end()) return std::nullopt;
  record.time = *time;
  record.outcome = static_cast<AuditRecord::Outcome>(outcome - kOutcomes.begin());
  record.client = number_member(line, "client", 0);
  record.command = text_member(line, "command");
  record.object = text_member(line, "object");
  record.result = text_member(line, "result");
  record.error = text_member(line, "error");
  record.duration = std::chrono::microseconds(number_member(line, "duration-us", 0));
  record.count = number_member(line, "count", 1);
  return record;
}

std::string utc_text(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  const auto rest = static_cast<long>((since - seconds).count());
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, rest);
  return text.data();
}

std::optional<std::chrono::system_clock::time_point> read_utc_text(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
  long microseconds = 0;
  if (rest == nullptr) return std::nullopt;
  const auto [stop, error] = std::from_chars(rest, copy.c_str() + copy.size(), microseconds);
  if (error != std::errc{} || std::string_view(stop) != "Z") return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) + std::chrono::microseconds(microseconds);
}

}  // namespace guestd::daemon
