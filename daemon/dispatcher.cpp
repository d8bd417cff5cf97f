// SPDX-License-Identifier: Apache-2.0
#include "daemon/dispatcher.hpp"

#include <algorithm>
#include <chrono>
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

Dispatcher::Dispatcher(CommandRules rules, std::function<bool()> is_frozen)
    : rules_(std::make_shared<const CommandRules>(std::move(rules))), is_frozen_(std::move(is_frozen)) {
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (!entry.has_feature(feature::kOtherPlatform)) entries_.emplace(entry.name, &entry);
  }
}

std::shared_ptr<const CommandRules> Dispatcher::rules() const {
  const std::lock_guard lock(mutex_);
  return rules_;
}

void Dispatcher::replace(CommandRules rules) {
  auto fresh = std::make_shared<const CommandRules>(std::move(rules));
  const std::lock_guard lock(mutex_);
  rules_ = std::move(fresh);
}

bool Dispatcher::allowed(const CommandRules& rules, const protocol::CommandEntry& entry) const {
  if (!is_frozen_ || !is_frozen_()) return rules.allowed(entry);
  return entry.has_feature(feature::kWhileFrozen) && (helps_to_thaw(entry.family) || rules.allowed(entry));
}

Result<const protocol::CommandEntry*> Dispatcher::admit(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return not_found(name);
  const protocol::CommandEntry& entry = *found->second;
  if (!allowed(*rules(), entry)) return disabled(name, "the command is not allowed");
  if (entry.run == nullptr) return disabled(name, "this agent does not support it");
  return &entry;
}

const protocol::CommandEntry* Dispatcher::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() || found->second->run == nullptr ? nullptr : found->second;
}

void Dispatcher::execute(const protocol::CommandEntry& entry, const protocol::Request& request,
                         commands::Context& context, protocol::JsonWriter& out, const Recorder& recorder) {
  const auto begun = std::chrono::steady_clock::now();
  const std::size_t before = out.text().size();
  if (entry.has_feature(feature::kDelimited)) out.raw({&protocol::kSentinel, 1});
  protocol::begin_return(out);
  const std::size_t result = out.text().size();
  auto done = run_guarded(entry, [&] { return entry.run(context, arguments_of(request), out); });
  if (recorder.audit != nullptr) {
    // Of a long result pieces have gone by now.
    const std::string_view text = std::string_view(out.text()).substr(std::min(result, out.text().size()));
    recorder.audit->executed(recorder.client, entry, request, std::chrono::steady_clock::now() - begun,
                             done ? nullptr : &done.error(), text);
  }
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
                                 commands::Context& context, protocol::JsonWriter& out, const Recorder& recorder) {
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
    if (recorder.audit != nullptr) recorder.audit->executed(recorder.client, entry, request, {}, nullptr, {});
  } else {
    out.restart(before);
  }
  return done;
}

bool Dispatcher::execute_waiting(const protocol::CommandEntry& entry, const protocol::Request& request,
                                 commands::Context& context, protocol::JsonWriter& out, protocol::Waiting& waiting,
                                 const Recorder& recorder) {
  const auto begun = std::chrono::steady_clock::now();
  const std::size_t before = out.text().size();
  protocol::begin_return(out);
  auto done = run_guarded(entry, [&] { return entry.run_waiting(context, arguments_of(request), out, waiting); });
  if (recorder.audit != nullptr && (!done || *done)) {
    recorder.audit->executed(recorder.client, entry, request, std::chrono::steady_clock::now() - begun,
                             done ? nullptr : &done.error(), {});
  }
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
  const auto rules = this->rules();
  std::vector<commands::CommandStatus> all;
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (entry.has_feature(feature::kOtherPlatform)) continue;
    all.push_back({std::string(entry.name), entry.run != nullptr && allowed(*rules, entry), entry.success_response});
  }
  return all;
}

commands::PolicySummary Dispatcher::policy() const {
  const auto rules = this->rules();
  commands::PolicySummary summary{std::string(name_of(rules->profile())), {}};
  for (const protocol::CommandEntry& entry : protocol::command_table()) {
    if (entry.has_feature(feature::kOtherPlatform)) continue;
    const auto decision = rules->decide(entry);
    summary.commands.push_back({entry.name, entry.family, decision.allowed, rules->rule(decision)});
  }
  return summary;
}

std::vector<std::string_view> known_command_names() {
  std::vector<std::string_view> names;
  for (const protocol::CommandEntry& entry : protocol::command_table()) names.push_back(entry.name);
  return names;
}

}  // namespace guestd::daemon
