// SPDX-License-Identifier: Apache-2.0
#include "daemon/dispatcher.hpp"

#include <exception>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "protocol/reply.hpp"

namespace guestd::daemon {
namespace {

Error not_found(std::string_view name) {
  return Error::unsupported("The command " + excerpt(name) + " has not been found");
}

Error disabled(std::string_view name, std::string_view reason) {
  return Error::unsupported("Command " + std::string(name) + " has been disabled: " + std::string(reason));
}

const protocol::JsonView* arguments_of(const protocol::Request& request) {
  return request.arguments ? &*request.arguments : nullptr;
}

// The firewall: commands report errors as values, so whatever is thrown here is a bug or a lack of memory.
template <typename Run>
auto run_guarded(const protocol::CommandEntry& entry, Run run) -> decltype(run()) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return Error{"Command " + std::string(entry.name) + " failed: out of memory", 0, Error::Kind::kGeneric};
  } catch (const std::exception& error) {
    return Error{"Command " + std::string(entry.name) + " failed by a bug in guestd: " + error.what(), 0,
                 Error::Kind::kGeneric};
  }
}

}  // namespace

Dispatcher::Dispatcher(CommandFilter filter, std::function<bool()> is_frozen)
    : filter_(std::move(filter)), is_frozen_(std::move(is_frozen)) {
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (!entry.has_feature(feature::kOtherPlatform)) entries_.emplace(entry.name, &entry);
  }
}

bool Dispatcher::allowed(const protocol::CommandEntry& entry) const {
  if (is_frozen_ && is_frozen_()) return entry.has_feature(feature::kWhileFrozen);
  return filter_.allowed(entry.name);
}

Result<const protocol::CommandEntry*> Dispatcher::admit(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return not_found(name);
  const protocol::CommandEntry& entry = *found->second;
  if (!allowed(entry)) return disabled(name, "the command is not allowed");
  if (entry.run == nullptr) return disabled(name, "this agent does not support it");
  return &entry;
}

void Dispatcher::execute(const protocol::CommandEntry& entry, const protocol::Request& request,
                         commands::Context& context, protocol::JsonWriter& out) {
  const std::size_t before = out.text().size();
  if (entry.has_feature(feature::kDelimited)) out.raw({&protocol::kSentinel, 1});
  protocol::begin_return(out);
  auto done = run_guarded(entry, [&] { return entry.run(context, arguments_of(request), out); });
  if (!done) {
    out.restart(before);
    protocol::write_error(out, done.error(), request.id);
  } else if (entry.success_response) {
    protocol::end_return(out, request.id);
  } else {
    out.restart(before);
  }
}

bool Dispatcher::execute_at_once(const protocol::CommandEntry& entry, const protocol::Request& request,
                                 commands::Context& context, protocol::JsonWriter& out) {
  if (entry.run_at_once == nullptr) return false;
  const std::size_t before = out.text().size();
  protocol::begin_return(out);
  bool done = false;
  try {
    done = entry.run_at_once(context, arguments_of(request), out);
  } catch (const std::exception&) {
    // The worker will meet the same and tell.
  }
  if (done) {
    protocol::end_return(out, request.id);
  } else {
    out.restart(before);
  }
  return done;
}

bool Dispatcher::execute_waiting(const protocol::CommandEntry& entry, const protocol::Request& request,
                                 commands::Context& context, protocol::JsonWriter& out, protocol::Waiting& waiting) {
  const std::size_t before = out.text().size();
  protocol::begin_return(out);
  auto done = run_guarded(entry, [&] { return entry.run_waiting(context, arguments_of(request), out, waiting); });
  if (done && *done) {
    protocol::end_return(out, request.id);
    return true;
  }
  out.restart(before);
  if (done) return false;
  protocol::write_error(out, done.error(), request.id);
  return true;
}

std::vector<commands::CommandStatus> Dispatcher::commands() const {
  std::vector<commands::CommandStatus> all;
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (entry.has_feature(feature::kOtherPlatform)) continue;
    all.push_back({std::string(entry.name), entry.run != nullptr && allowed(entry), entry.success_response});
  }
  return all;
}

std::vector<std::string_view> known_command_names() {
  std::vector<std::string_view> names;
  for (const protocol::CommandEntry& entry : protocol::command_table()) names.push_back(entry.name);
  return names;
}

}  // namespace guestd::daemon
