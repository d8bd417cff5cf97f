// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <span>
#include <system_error>
#include <utility>

#include "daemon/key_file.hpp"

namespace guestd::daemon {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20U;

using Apply = Result<void> (*)(Configuration&, const KeyFile::Entry&);

struct Key {
  std::string_view name;
  Apply apply;
};

template <auto Member>
Result<void> set_string(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  configuration.*Member = *std::move(value);
  return {};
}

template <auto Member>
Result<void> set_boolean(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.*Member = *value;
  return {};
}

template <auto Member>
Result<void> add_list(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  append_list(configuration.*Member, *value);
  return {};
}

Result<void> set_vsock_peers(Configuration& configuration, const KeyFile::Entry& entry) {
  std::vector<std::string> items;
  append_list(items, entry.value);
  VsockPeers peers{.any = false, .cids = {}};
  for (const auto& item : items) {
    std::uint32_t cid = 0;
    const auto [stop, error] = std::from_chars(item.data(), item.data() + item.size(), cid);
    if (item == "any") {
      peers.any = true;
    } else if (error == std::errc{} && stop == item.data() + item.size()) {
      peers.cids.push_back(cid);
    } else {
      return Error{"key 'allow-cid' has the item '" + item + "', which is neither a context id nor 'any'"};
    }
  }
  if (items.empty()) return Error{"key 'allow-cid' is empty: name a context id, or 'any'"};
  configuration.vsock_peers = std::move(peers);
  return {};
}

// fnmatch(3) takes a bracket that is never closed for an ordinary character: such a glob would match nothing, silently.
bool has_open_bracket(std::string_view glob) {
  while (!glob.empty()) {
    if (glob.front() == '[') {
      // The first character behind [ or [! is never the end.
      const std::size_t first = glob.substr(1).starts_with('!') || glob.substr(1).starts_with('^') ? 2 : 1;
      const std::size_t end = glob.find(']', first + 1);
      if (end == std::string_view::npos) return true;
      glob.remove_prefix(end);
    }
    glob.remove_prefix(std::min<std::size_t>(glob.front() == '\\' ? 2 : 1, glob.size()));
  }
  return false;
}

Result<void> set_hidden_interfaces(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  std::vector<std::string> globs;
  append_list(globs, *value);
  std::reverse(globs.begin(), globs.end());
  for (const auto& glob : globs) {
    if (has_open_bracket(glob)) {
      return Error{"key 'hide-interfaces' has the item '" + glob + "', in which a '[' is never closed"};
    }
  }
  configuration.hidden_interfaces = std::move(globs);
  return {};
}

constexpr std::array kGeneralKeys{
    Key{"daemon", set_boolean<&Configuration::daemonize>},
    Key{"method", set_string<&Configuration::method>},
    Key{"path", set_string<&Configuration::path>},
    Key{"logfile", set_string<&Configuration::logfile>},
    Key{"pidfile", set_string<&Configuration::pidfile>},
    Key{"fsfreeze-hook", set_string<&Configuration::fsfreeze_hook>},
    Key{"statedir", set_string<&Configuration::statedir>},
    Key{"verbose", set_boolean<&Configuration::verbose>},
    Key{"retry-path", set_boolean<&Configuration::retry_path>},
    Key{"block-rpcs", add_list<&Configuration::block_rpcs>},
    Key{"blacklist", add_list<&Configuration::block_rpcs>},
    Key{"allow-rpcs", add_list<&Configuration::allow_rpcs>},
};

// `what`: such as "a number of seconds".
Result<std::int64_t> number_value(const KeyFile::Entry& entry, std::string_view what, std::int64_t least,
                                  std::int64_t most) {
  std::int64_t number = 0;
  const std::string& text = entry.value;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size() || number < least || number > most) {
    return Error{"key '" + entry.key + "' must be " + std::string(what) + " from " + std::to_string(least) + " to " +
                 std::to_string(most) + ", not '" + text + "'"};
  }
  return number;
}

// Seconds up to a day.
template <auto Group, auto Member, int Least>
Result<void> set_seconds(Configuration& configuration, const KeyFile::Entry& entry) {
  constexpr int kDay = 24 * 60 * 60;
  const auto seconds = number_value(entry, "a number of seconds", Least, kDay);
  if (!seconds) return seconds.error();
  configuration.*Group.*Member = std::chrono::seconds(*seconds);
  return {};
}

template <auto Member, std::int64_t Least, std::int64_t Most>
Result<void> set_exec_number(Configuration& configuration, const KeyFile::Entry& entry) {
  const bool is_count = Most < kMegabyte;
  const auto number = number_value(entry, is_count ? "a number" : "a number of bytes", Least, Most);
  if (!number) return number.error();
  configuration.exec.*Member = static_cast<std::size_t>(*number);
  return {};
}

template <auto Member>
Result<void> add_patterns(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  append_list(configuration.freeze.*Member, *value);
  return {};
}

Result<void> add_mountpoints(Configuration& configuration, const KeyFile::Entry& entry) {
  auto added = add_patterns<&FreezeConfiguration::exclude_mountpoints>(configuration, entry);
  if (!added) return added;
  for (const std::string& pattern : configuration.freeze.exclude_mountpoints) {
    if (pattern.front() == '/' || pattern.front() == '*') continue;
    return Error{"key 'exclude-mountpoints' has the item '" + pattern +
                 "', which no mount point can match: they begin " + "with a slash"};
  }
  return {};
}

Result<void> set_hook_folder(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  configuration.freeze.hook_folder = *std::move(value);
  return {};
}

constexpr std::array kFreezeKeys{
    Key{"timeout", set_seconds<&Configuration::freeze, &FreezeConfiguration::timeout, 0>},
    Key{"hook-timeout", set_seconds<&Configuration::freeze, &FreezeConfiguration::hook_timeout, 1>},
    Key{"hook-folder", set_hook_folder},
    Key{"exclude-mountpoints", add_mountpoints},
    Key{"exclude-devices", add_patterns<&FreezeConfiguration::exclude_devices>},
    Key{"exclude-types", add_patterns<&FreezeConfiguration::exclude_types>},
};

constexpr std::array kExecKeys{
    Key{"processes", set_exec_number<&ExecConfiguration::processes, 1, 1024>},
    Key{"output-limit", set_exec_number<&ExecConfiguration::output_limit_bytes, 4096, 16 * kMegabyte>},
    Key{"memory-limit", set_exec_number<&ExecConfiguration::memory_limit_bytes, kMegabyte, 65536 * kMegabyte>},
    Key{"timeout", set_seconds<&Configuration::exec, &ExecConfiguration::timeout, 0>},
    Key{"grace", set_seconds<&Configuration::exec, &ExecConfiguration::grace, 0>},
    Key{"keep-results", set_exec_number<&ExecConfiguration::keep_results, 1, 1024>},
    Key{"keep-time", set_seconds<&Configuration::exec, &ExecConfiguration::keep_time, 1>},
};

std::vector<std::string> items_of(std::string_view value) {
  std::vector<std::string> items;
  append_list(items, value);
  std::reverse(items.begin(), items.end());
  return items;
}

Error key_error(const KeyFile::Entry& entry, const Error& error) {
  return Error{"key '" + entry.key + "' " + error.text};
}

Result<void> set_profile(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto profile = profile_named(entry.value);
  if (!profile) return key_error(entry, profile.error());
  configuration.policy.profile = *profile;
  return {};
}

// Names are checked when all is read (check_command_names).
template <auto Member>
Result<void> add_names(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  auto names = items_of(*value);
  if (names.empty()) return Error{"key '" + entry.key + "' is empty: name commands or families"};
  auto& list = configuration.policy.*Member;
  list.insert(list.end(), std::move_iterator(names.begin()), std::move_iterator(names.end()));
  return {};
}

template <auto Member>
Result<void> add_to_access(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = string_value(entry);
  if (!value) return value.error();
  const auto added = add_to_rule(configuration.policy.access.*Member, items_of(*value));
  return added ? Result<void>() : key_error(entry, added.error());
}

Result<void> set_confine(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.policy.confine = *value;
  return {};
}

constexpr std::array kPolicyKeys{
    Key{"profile", set_profile},
    Key{"allow", add_names<&PolicyConfiguration::allow>},
    Key{"block", add_names<&PolicyConfiguration::block>},
    Key{"confine", set_confine},
    Key{"read-files", add_to_access<&commands::AccessRules::read_files>},
    Key{"write-files", add_to_access<&commands::AccessRules::write_files>},
    Key{"exec-programs", add_to_access<&commands::AccessRules::programs>},
    Key{"exec-users", add_to_access<&commands::AccessRules::exec_users>},
    Key{"password-users", add_to_access<&commands::AccessRules::passwords>},
    Key{"key-users", add_to_access<&commands::AccessRules::keys>},
    Key{"show-interfaces", add_to_access<&commands::AccessRules::interfaces>},
    Key{"show-filesystems", add_to_access<&commands::AccessRules::mountpoints>},
};

Result<void> set_audit_enabled(Configuration& configuration, const KeyFile::Entry& entry) {
  const auto value = boolean_value(entry);
  if (!value) return value.error();
  configuration.audit.enabled = *value;
  return {};
}

Result<void> set_audit_file(Configuration& configuration, const KeyFile::Entry& entry) {
  auto value = string_value(entry);
  if (!value) return std::move(value).error();
  if (value->empty()) return Error{"key 'file' is empty: name a file"};
  configuration.audit.file = *std::move(value);
  return {};
}

constexpr std::array kAuditKeys{
    Key{"enabled", set_audit_enabled},
    Key{"file", set_audit_file},
};

constexpr std::array kVsockKeys{Key{"allow-cid", set_vsock_peers}};

constexpr std::array kHotplugKeys{Key{"auto-online", set_boolean<&Configuration::auto_online>}};
constexpr std::array kNetworkKeys{Key{"hide-interfaces", set_hidden_interfaces}};

constexpr std::array<std::string_view, 8> kGroups{"general", "vsock",   "fsfreeze", "exec",
                                                  "hotplug", "network", "policy",   "audit"};

std::span<const Key> keys_of(std::string_view group) {
  if (group == "general") return kGeneralKeys;
  if (group == "vsock") return kVsockKeys;
  if (group == "fsfreeze") return kFreezeKeys;
  if (group == "exec") return kExecKeys;
  if (group == "hotplug") return kHotplugKeys;
  if (group == "network") return kNetworkKeys;
  if (group == "policy") return kPolicyKeys;
  if (group == "audit") return kAuditKeys;
  return {};
}

std::vector<std::string_view> names_of(std::span<const Key> keys) {
  std::vector<std::string_view> names;
  std::ranges::transform(keys, std::back_inserter(names), &Key::name);
  return names;
}

std::string in_lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return lower;
}

/// The key which decides what a host may do that is meant by a name that is not among `known`, if it is one: these
/// count wherever they stand and however they are mistyped, unless a key that is known here is nearer.
std::optional<std::string_view> key_of_policy(std::string_view name, std::span<const std::string_view> known) {
  const std::string lower = in_lower_case(name);
  std::vector<std::string_view> names = names_of(kPolicyKeys);
  names.insert(names.end(), {"block-rpcs", "allow-rpcs", "blacklist"});
  const auto meant = closest_name(lower, names);
  if (!meant) return std::nullopt;
  const std::size_t distance = edit_distance(lower, *meant);
  const auto is_nearer = [&](std::string_view other) { return edit_distance(lower, other) < distance; };
  if (distance > std::max<std::size_t>(2, meant->size() / 3) || std::ranges::any_of(known, is_nearer)) return {};
  return meant;
}

std::string_view home_of_key(std::string_view key) {
  return std::ranges::find(kPolicyKeys, key, &Key::name) != kPolicyKeys.end() ? "policy" : "general";
}

// Who mistypes or misplaces what decides what a host may do must not get an agent that does more than was meant.
void tell_of_unknown_key(std::string_view name, const std::string& group, Findings& findings) {
  const auto known = names_of(keys_of(group));
  const std::string text = "unknown key '" + std::string(name) + "' in group '" + group + "'";
  const auto meant = key_of_policy(name, known);
  if (meant && home_of_key(*meant) != group) {
    findings.errors.push_back(text + "; '" + std::string(*meant) + "' belongs in group '" +
                              std::string(home_of_key(*meant)) + "'");
  } else if (meant || group == "policy") {
    findings.errors.push_back(text + suggestion(name, known));
  } else {
    findings.warnings.push_back(text + " is ignored" + suggestion(name, known));
  }
}

void tell_of_unknown_group(const KeyFile::Group& group, Findings& findings) {
  const std::string lower = in_lower_case(group.name);
  const std::string text = "unknown group '" + group.name + "'";
  if (closest_name(lower, kGroups) == "policy") {
    findings.errors.push_back(text + suggestion(lower, kGroups));
    return;
  }
  findings.warnings.push_back(text + " is ignored" + suggestion(lower, kGroups));
  for (const auto& entry : group.entries) {
    if (key_of_policy(entry.key, {})) tell_of_unknown_key(entry.key, group.name, findings);
  }
}

void apply_entry(const std::string& group, const KeyFile::Entry& entry, Configuration& configuration,
                 Findings& findings) {
  const auto keys = keys_of(group);
  const auto key = std::ranges::find(keys, entry.key, &Key::name);
  if (key == keys.end()) {
    return tell_of_unknown_key(entry.key, group, findings);
  }
  if (entry.key == "blacklist") {
    findings.warnings.push_back("key 'blacklist' is deprecated: its name is 'block-rpcs' now");
  }
  if (entry.repeated && group == "policy") {
    findings.errors.push_back("key '" + entry.key + "' is given twice: put it all into one line");
    return;
  }
  if (entry.repeated) findings.warnings.push_back("key '" + entry.key + "' is given twice: the last value counts");
  if (auto applied = key->apply(configuration, entry); !applied) {
    findings.errors.push_back(std::move(applied).error().text);
  }
}

}  // namespace

bool apply_configuration_text(std::string_view text, Configuration& configuration, Findings& findings) {
  const auto file = KeyFile::parse(text);
  if (!file) {
    findings.errors.push_back(file.error().text);
    return true;
  }
  for (const auto& group : file->groups()) {
    if (keys_of(group.name).empty()) {
      tell_of_unknown_group(group, findings);
      continue;
    }
    for (const auto& entry : group.entries) apply_entry(group.name, entry, configuration, findings);
  }
  return !file->has_no_keys();
}

}  // namespace guestd::daemon
