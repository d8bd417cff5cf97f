// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <system_error>
#include <utility>

namespace guestd::daemon {
namespace {

constexpr std::array<std::pair<std::string_view, ChannelMethod>, 4> kMethods{{
    {"virtio-serial", ChannelMethod::kVirtioSerial},
    {"isa-serial", ChannelMethod::kIsaSerial},
    {"unix-listen", ChannelMethod::kUnixListen},
    {"vsock-listen", ChannelMethod::kVsockListen},
}};

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::optional<std::uint32_t> decimal(std::string_view text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[to.size()];
}

void check_names(const std::vector<std::string>& names, std::string_view what, std::string_view key,
                 std::span<const std::string_view> known, Findings& findings) {
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    findings.errors.push_back("unknown " + std::string(what) + " " + in_quotes(name) + " in " + std::string(key) +
                              suggestion(name, known));
  }
}

std::vector<std::string> reversed(const std::vector<std::string>& list) { return {list.rbegin(), list.rend()}; }

}  // namespace

bool VsockPeers::allows(std::uint32_t cid) const { return any || std::ranges::find(cids, cid) != cids.end(); }

Result<ChannelMethod> channel_method(std::string_view name) {
  for (const auto& [known, method] : kMethods) {
    if (known == name) return method;
  }
  return Error{"unsupported channel method/type: " + std::string(name)};
}

Result<VsockAddress> parse_vsock_address(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return Error{"error parsing address " + in_quotes(text)};
  }
  const std::string_view cid_text = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const auto cid = decimal(cid_text);
  if (!cid) return Error{"Failed to parse cid " + in_quotes(cid_text)};
  const auto port = decimal(port_text);
  if (!port) return Error{"Failed to parse port " + in_quotes(port_text)};
  return VsockAddress{*cid, *port};
}

Result<void> set_default_path(Configuration& configuration) {
  if (configuration.path) return {};
  if (configuration.method == "virtio-serial") {
    configuration.path = kDefaultVirtioPath;
  } else if (configuration.method == "isa-serial") {
    configuration.path = kDefaultSerialPath;
  } else {
    return Error{"must specify a path for this channel"};
  }
  return {};
}

Result<void> check_channel(const Configuration& configuration) {
  const auto method = channel_method(configuration.method);
  if (!method) return method.error();
  const std::string& path = configuration.path.value();
  if (path.empty()) return Error{"must specify a path for this channel"};
  if (*method == ChannelMethod::kUnixListen && path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{"UNIX socket path " + in_quotes(path) + " is too long"};
  }
  if (*method == ChannelMethod::kVsockListen) {
    if (auto address = parse_vsock_address(path); !address) return std::move(address).error();
  }
  return {};
}

void append_list(std::vector<std::string>& list, std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(",;"), text.size());
    if (const auto item = without_blanks(text.substr(0, end)); !item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  list.insert(list.end(), std::move_iterator(items.rbegin()), std::move_iterator(items.rend()));
}

void check_command_names(const Configuration& configuration, std::span<const std::string_view> known,
                         std::span<const std::string_view> families, Findings& findings) {
  check_names(reversed(configuration.block_rpcs), "command", "block-rpcs", known, findings);
  check_names(reversed(configuration.allow_rpcs), "command", "allow-rpcs", known, findings);
  std::vector<std::string_view> both(known.begin(), known.end());
  both.insert(both.end(), families.begin(), families.end());
  check_names(configuration.policy.allow, "command or family", "allow", both, findings);
  check_names(configuration.policy.block, "command or family", "block", both, findings);
}

std::optional<std::string_view> closest_name(std::string_view name, std::span<const std::string_view> candidates) {
  // What is further away than this is another word, not a typing error. Long names are refused before the work.
  std::size_t best = std::max<std::size_t>(3, name.size() / 4 + 1);
  std::optional<std::string_view> closest;
  if (name.size() > 100) return closest;
  for (const auto candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best + (closest ? 0U : 1U) || distance >= candidate.size()) continue;
    best = distance;
    closest = candidate;
  }
  return closest;
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
  const auto closest = closest_name(name, candidates);
  return closest ? "; did you mean " + in_quotes(*closest) + "?" : std::string();
}

void make_paths_absolute(Configuration& configuration, const std::string& folder) {
  const auto make_absolute = [&](std::string& path) {
    if (!path.empty() && path.front() != '/') path = (std::filesystem::path(folder) / path).string();
  };
  if (configuration.path && configuration.method != "vsock-listen") make_absolute(*configuration.path);
  if (configuration.logfile) make_absolute(*configuration.logfile);
  if (configuration.fsfreeze_hook) make_absolute(*configuration.fsfreeze_hook);
  if (configuration.audit.file) make_absolute(*configuration.audit.file);
  make_absolute(configuration.freeze.hook_folder);
  make_absolute(configuration.pidfile);
  make_absolute(configuration.statedir);
}

}  // namespace guestd::daemon
