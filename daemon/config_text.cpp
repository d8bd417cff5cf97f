// SPDX-License-Identifier: Apache-2.0
#include "daemon/config_text.hpp"

#include "daemon/key_file.hpp"

namespace guestd::daemon {
namespace {

void add(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append("=").append(value).append("\n");
}

void add_optional(std::string& text, std::string_view key, const std::optional<std::string>& value) {
  if (value) add(text, key, escape_value(*value));
}

void add_boolean(std::string& text, std::string_view key, bool value) { add(text, key, value ? "true" : "false"); }

void add_list(std::string& text, std::string_view key, const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ',';
    list += escape_value(name);
  }
  add(text, key, list);
}

std::string vsock_group(const VsockPeers& peers) {
  const VsockPeers usual;
  if (peers.any == usual.any && peers.cids == usual.cids) return {};
  std::string list = peers.any ? "any" : "";
  for (const auto cid : peers.cids) list += (list.empty() ? "" : ",") + std::to_string(cid);
  return "[vsock]\nallow-cid=" + list + "\n";
}

std::string freeze_group(const FreezeConfiguration& freeze) {
  if (freeze == FreezeConfiguration{}) return {};
  std::string text = "[fsfreeze]\n";
  add(text, "timeout", std::to_string(freeze.timeout.count()));
  add(text, "hook-timeout", std::to_string(freeze.hook_timeout.count()));
  add(text, "hook-folder", escape_value(freeze.hook_folder));
  add_list(text, "exclude-mountpoints", freeze.exclude_mountpoints);
  add_list(text, "exclude-devices", freeze.exclude_devices);
  add_list(text, "exclude-types", freeze.exclude_types);
  return text;
}

std::string hotplug_group(const Configuration& configuration) {
  if (configuration.auto_online == Configuration().auto_online) return {};
  std::string text = "[hotplug]\n";
  add_boolean(text, "auto-online", configuration.auto_online);
  return text;
}

std::string network_group(const std::vector<std::string>& hidden_interfaces) {
  if (hidden_interfaces.empty()) return {};
  std::string text = "[network]\n";
  add_list(text, "hide-interfaces", hidden_interfaces);
  return text;
}

std::string policy_group(const PolicyConfiguration& policy) {
  std::string text;
  if (policy.profile != Profile::kFull) add(text, "profile", name_of(policy.profile));
  if (!policy.allow.empty()) add_list(text, "allow", policy.allow);
  if (!policy.block.empty()) add_list(text, "block", policy.block);
  if (!policy.confine) add_boolean(text, "confine", policy.confine);
  for (const commands::AccessRule* rule : policy.access.all()) {
    if (!rule->allowed.matches_all()) add_list(text, rule->key, rule->allowed.items());
  }
  return text.empty() ? text : "[policy]\n" + text;
}

std::string audit_group(const AuditConfiguration& audit) {
  std::string text;
  if (!audit.enabled) add_boolean(text, "enabled", audit.enabled);
  add_optional(text, "file", audit.file);
  return text.empty() ? text : "[audit]\n" + text;
}

}  // namespace

std::string configuration_text(const Configuration& configuration) {
  std::string text = "[general]\n";
  add_boolean(text, "daemon", configuration.daemonize);
  add(text, "method", escape_value(configuration.method));
  add_optional(text, "path", configuration.path);
  add_optional(text, "logfile", configuration.logfile);
  add(text, "pidfile", escape_value(configuration.pidfile));
  add_optional(text, "fsfreeze-hook", configuration.fsfreeze_hook);
  add(text, "statedir", escape_value(configuration.statedir));
  add_boolean(text, "verbose", configuration.verbose);
  add_boolean(text, "retry-path", configuration.retry_path);
  add_list(text, "block-rpcs", configuration.block_rpcs);
  add_list(text, "allow-rpcs", configuration.allow_rpcs);
  return text + vsock_group(configuration.vsock_peers) + freeze_group(configuration.freeze) +
         hotplug_group(configuration) + network_group(configuration.hidden_interfaces) +
         policy_group(configuration.policy) + audit_group(configuration.audit);
}

}  // namespace guestd::daemon
