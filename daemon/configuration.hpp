// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "daemon/policy.hpp"

/// What guestd is told at its start, by file and options. docs/configuration.md describes all of it.
namespace guestd::daemon {

inline constexpr std::string_view kDefaultVirtioPath = "/dev/virtio-ports/org.qemu.guest_agent.0";
inline constexpr std::string_view kDefaultSerialPath = "/dev/ttyS0";
inline constexpr std::string_view kDefaultPidFile = "/var/run/qemu-ga.pid";
inline constexpr std::string_view kDefaultStateDirectory = "/var/run";
inline constexpr std::string_view kDefaultFreezeHook = "/etc/qemu/fsfreeze-hook";
/// The context id under which the host itself connects (VMADDR_CID_HOST).
inline constexpr std::uint32_t kHostCid = 2;

/// Whom a vsock channel serves.
struct VsockPeers {
  bool any = false;
  std::vector<std::uint32_t> cids{kHostCid};

  [[nodiscard]] bool allows(std::uint32_t cid) const;
};

/// The group `[fsfreeze]`.
struct FreezeConfiguration {
  std::chrono::seconds timeout{600};      ///< file systems are thawed after this time; 0: never
  std::chrono::seconds hook_timeout{60};  ///< for each hook
  std::string hook_folder{"/etc/guestd/freeze.d"};
  std::vector<std::string> exclude_mountpoints;  ///< patterns, each list in reverse, like those of commands
  std::vector<std::string> exclude_devices;
  std::vector<std::string> exclude_types;

  bool operator==(const FreezeConfiguration&) const = default;
};

/// The group `[exec]`.
struct ExecConfiguration {
  std::size_t processes = 64;                                ///< at once
  std::size_t output_limit_bytes = std::size_t{16} << 20U;   ///< kept of each output of a program
  std::size_t memory_limit_bytes = std::size_t{256} << 20U;  ///< for all kept output
  std::chrono::seconds timeout{0};                           ///< for each program; 0: none
  std::chrono::seconds grace{1};  ///< for output that is held open behind the end of its program
  std::size_t keep_results = 256;
  std::chrono::seconds keep_time{3600};

  bool operator==(const ExecConfiguration&) const = default;
};

/// The group `[audit]`.
struct AuditConfiguration {
  bool enabled = true;
  std::optional<std::string> file;  ///< none: the journal, else syslog

  bool operator==(const AuditConfiguration&) const = default;
};

struct Configuration {
  std::string method = "virtio-serial";  ///< as given; channel_method() reads it
  std::optional<std::string> path;       ///< as given; set_default_path() fills it in
  std::optional<std::string> logfile;
  std::string pidfile{kDefaultPidFile};      ///< written only if `daemonize`
  std::optional<std::string> fsfreeze_hook;  ///< none: no hook is run
  std::string statedir{kDefaultStateDirectory};
  bool daemonize = false;
  bool verbose = false;
  bool retry_path = false;
  /// Order has no meaning except for --dump-conf: the list of each source reversed, sources in order of reading.
  std::vector<std::string> block_rpcs;
  std::vector<std::string> allow_rpcs;
  VsockPeers vsock_peers;
  FreezeConfiguration freeze;
  ExecConfiguration exec;
  bool auto_online = true;                     ///< whether CPUs and memory that are plugged in are taken into use
  std::vector<std::string> hidden_interfaces;  ///< globs, in the order of the file
  PolicyConfiguration policy;
  AuditConfiguration audit;
};

/// What was noticed while a configuration was read. Texts are complete sentences for a person, without a prefix.
struct Findings {
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

enum class ChannelMethod { kVirtioSerial, kIsaSerial, kUnixListen, kVsockListen };

/// `unsupported channel method/type: <m>`
Result<ChannelMethod> channel_method(std::string_view name);

struct VsockAddress {
  std::uint32_t cid = 0;
  std::uint32_t port = 0;
};

/// `<cid>:<port>`, both decimal: `error parsing address '<s>'`, `Failed to parse cid '<s>'`, `Failed to parse port
/// '<s>'`.
Result<VsockAddress> parse_vsock_address(std::string_view text);

/// Gives the serial methods their default path. `must specify a path for this channel` for all others without one.
Result<void> set_default_path(Configuration& configuration);

/// Whether method and path make sense together, without touching the path; it must have been set.
Result<void> check_channel(const Configuration& configuration);

/// Appends what `text` lists to `list`, in reverse, as --dump-conf shows it. Commas and semicolons separate, blanks
/// around a name are dropped, and so is an empty name.
void append_list(std::vector<std::string>& list, std::string_view text);

/// Adds an error for every name in the lists that is not in `known` (nor, in the lists of the policy, a family): a
/// typing error in a block list must not leave a command open.
void check_command_names(const Configuration& configuration, std::span<const std::string_view> known,
                         std::span<const std::string_view> families, Findings& findings);

/// The one of `candidates` that `name` probably was meant to be, if one is near enough.
std::optional<std::string_view> closest_name(std::string_view name, std::span<const std::string_view> candidates);

/// `; did you mean '<closest>'?`, or nothing.
std::string suggestion(std::string_view name, std::span<const std::string_view> candidates);

/// Makes the paths absolute that are used again after a daemon has changed to `/`. Relative ones are meant from
/// `folder`.
void make_paths_absolute(Configuration& configuration, const std::string& folder);

/// What only the machine can tell, for --check-config: whether the state directory, the log file and the hook are
/// usable. Changes nothing.
void check_machine(const Configuration& configuration, Findings& findings);

}  // namespace guestd::daemon
