// SPDX-License-Identifier: Apache-2.0
#include "commands/freeze_records.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace guestd::commands {

namespace {

GuestdFreezeFilesystem record_of(const platform::Mount& mount, GuestdFreezeOutcome outcome) {
  GuestdFreezeFilesystem record;
  record.mountpoint = mount.mountpoint;
  record.source = mount.source;
  record.device = platform::to_string(mount.device);
  record.type = mount.type;
  record.outcome = outcome;
  return record;
}

}  // namespace

std::vector<GuestdFreezeFilesystem> records_of(const platform::FreezePlan& plan) {
  std::vector<GuestdFreezeFilesystem> records;
  for (const auto& planned : plan.order) {
    records.push_back(record_of(planned.mount, GuestdFreezeOutcome::kPlanned));
    if (!planned.after.empty()) records.back().after = planned.after;
  }
  for (const auto& left_out : plan.left_out) {
    records.push_back(record_of(left_out.mount, GuestdFreezeOutcome::kSkipped));
    records.back().reason = left_out.reason;
    if (left_out.may_lose_writes) records.back().may_lose_writes = true;
  }
  return records;
}

std::optional<std::vector<std::string>> unknown_mountpoints(const platform::FreezePlan& plan) {
  if (plan.no_mount_points.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string& name : plan.no_mount_points) {
    if (names.size() == limits::kFreezeUnknownNames) break;
    names.push_back(excerpt(name));
  }
  return names;
}

bool note_failure(GuestdFreezeFilesystem& record, const Error& error) {
  record.error_number = error.errno_value;
  record.outcome = GuestdFreezeOutcome::kSkipped;
  record.may_lose_writes = true;
  if (error.errno_value == EBUSY) {
    // Whoever froze it keeps it consistent, but may thaw it at any time.
    record.reason = "somebody else has frozen it";
    return true;
  }
  if (error.errno_value == EOPNOTSUPP) {
    record.reason = "this kind of file system cannot be frozen";
    return true;
  }
  record.outcome = GuestdFreezeOutcome::kFailed;
  record.reason = error.text;
  return false;
}

void note_thaw(GuestdFreezeFilesystem& record, const Result<void>& thawed) {
  if (thawed) {
    record.outcome = GuestdFreezeOutcome::kThawed;
    return;
  }
  record.error_number = thawed.error().errno_value;
  // Somebody has run `fsfreeze -u`: there was a time in which it took writes.
  const bool by_others = thawed.error().errno_value == EINVAL;
  record.outcome = by_others ? GuestdFreezeOutcome::kThawed : GuestdFreezeOutcome::kFailed;
  record.may_lose_writes = true;
  record.reason = by_others ? "somebody else had thawed it already" : thawed.error().text;
}

}  // namespace guestd::commands
