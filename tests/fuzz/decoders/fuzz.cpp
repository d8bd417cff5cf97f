// SPDX-License-Identifier: Apache-2.0
// Arguments of any shape to the commands themselves, through the generated decoders, on an empty machine: each ends in
// an error with a text or in one JSON value. Input: a stream of requests, like on the wire.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "commands/process_table.hpp"
#include "platform/host.hpp"
#include "protocol/buffer.hpp"
#include "protocol/dispatch.hpp"
#include "protocol/frame_reader.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/request.hpp"
#include "tests/support/agent.hpp"
#include "tests/support/fake_clock_devices.hpp"
#include "tests/support/fake_disks.hpp"
#include "tests/support/fake_freeze_listener.hpp"
#include "tests/support/fake_freezer.hpp"
#include "tests/support/fake_identity.hpp"
#include "tests/support/fake_power.hpp"
#include "tests/support/fake_programs.hpp"

namespace {

namespace protocol = guestd::protocol;
using guestd::commands::CommandStatus;

/// Only commands that touch nothing but the root that they are given, and whose effects are recording ones below: a
/// fuzzer must not switch the machine off.
constexpr auto kHarmless = std::to_array<std::string_view>(
    {"guest-sync", "guest-sync-delimited", "guest-ping", "guest-info", "guest-get-time", "guest-get-host-name",
     "guest-get-osinfo", "guest-get-timezone", "guest-file-open", "guest-file-close", "guest-file-read",
     "guest-file-write", "guest-file-seek", "guest-file-flush", "guest-get-fsinfo", "guest-get-disks",
     "guest-get-diskstats", "guest-fstrim",
     // freezing
     "guest-fsfreeze-status", "guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list", "guest-fsfreeze-thaw",
     "guestd-fsfreeze-report", "guestd-fsfreeze-check",
     // CPUs, memory and figures
     "guest-get-vcpus", "guest-set-vcpus", "guest-get-memory-blocks", "guest-set-memory-blocks",
     "guest-get-memory-block-info", "guest-get-cpustats", "guest-get-load", "guestd-get-memory-stats",
     "guestd-get-pressure",
     // network
     "guest-network-get-interfaces", "guest-network-get-route", "guestd-network-get-summary",
     // time and power
     "guest-set-time", "guest-shutdown", "guest-suspend-disk", "guest-suspend-ram", "guest-suspend-hybrid",
     "guestd-after-restore",
     // programs
     "guest-exec", "guest-exec-status", "guestd-exec", "guestd-exec-read", "guestd-exec-write", "guestd-exec-signal",
     "guestd-exec-resize", "guestd-exec-list",
     // accounts
     "guest-get-users", "guest-set-user-password", "guest-ssh-get-authorized-keys", "guest-ssh-add-authorized-keys",
     "guest-ssh-remove-authorized-keys"});

void require(bool condition) {
  if (!condition) std::abort();
}

class Catalog final : public guestd::commands::CommandCatalog {
 public:
  [[nodiscard]] std::vector<CommandStatus> commands() const override { return {{"guest-ping", true, true}}; }
  [[nodiscard]] guestd::commands::PolicySummary policy() const override {
    return {"full", {{"guest-ping", "protocol", true, "x"}}};
  }
};

/// A machine with nothing on it, made anew now and then so that files do not pile up.
class Machine {
 public:
  Machine() : host_{root(), std::make_unique<guestd::platform::SystemClock>(), "", guestd::support::fake_disks()} {
    host_.freezer = std::make_unique<guestd::support::FakeFreezer>();
    host_.programs = std::make_unique<guestd::support::FakePrograms>();
    host_.processes = guestd::platform::refusing_processes("a fuzzer starts nothing");
    host_.online_switch = std::make_unique<guestd::platform::SysfsOnlineSwitch>(root());
    host_.bus = guestd::platform::no_system_bus("a fuzzer has no bus");
    host_.clock_devices = std::make_unique<guestd::support::FakeClockDevices>();
    host_.kernel_power = std::make_unique<guestd::support::FakePower>();
    host_.identity = std::make_unique<guestd::support::FakeIdentity>();
    add_user();
    auto opened = guestd::commands::FileHandles::open(state_.path(), *host_.clock);
    require(opened.has_value());
    files_ = *std::move(opened);
  }

  void run(const protocol::CommandEntry& entry, const protocol::Request& request) {
    guestd::commands::Context context{host_, *files_, catalog_, freeze_, processes_};
    protocol::JsonWriter writer;
    const auto done = entry.run(context, request.arguments ? &*request.arguments : nullptr, writer);
    const std::string text = writer.take_text();
    if (!done) return require(!done.error().text.empty() && text.empty());
    require(protocol::JsonDocument::parse(protocol::Buffer(text)).has_value());
  }

 private:
  [[nodiscard]] guestd::platform::Root root() const { return *guestd::platform::Root::at(folder_.path()); }
  /// A user with this process's ids and keys of its own, and the program that would set its password.
  void add_user() {
    namespace fs = std::filesystem;
    const fs::path root = folder_.path();
    for (const char* folder : {"etc", "home/alice", "usr/sbin"}) fs::create_directories(root / folder);
    std::ofstream(root / "usr/sbin/chpasswd") << "never run";
    std::ofstream(root / "etc/passwd") << "alice:x:" << ::geteuid() << ":" << ::getegid() << "::/home/alice:/bin/sh\n";
  }

  guestd::support::TempFolder folder_;
  guestd::support::TempFolder state_;
  guestd::platform::Host host_;
  std::unique_ptr<guestd::commands::FileHandles> files_;
  Catalog catalog_;
  guestd::support::FakeFreezeListener listener_;
  guestd::commands::FreezeState freeze_{
      host_, {.state_directory = state_.path(), .hook = {}, .hook_folder = folder_.path()}, listener_};
  guestd::commands::ProcessTable processes_{host_, {.state_directory = state_.path()}};
};

const protocol::CommandEntry* harmless(std::string_view name) {
  if (std::find(kHarmless.begin(), kHarmless.end(), name) == kHarmless.end()) return nullptr;
  for (const auto& entry : protocol::command_table()) {
    if (entry.name == name) return entry.run != nullptr ? &entry : nullptr;
  }
  return nullptr;
}

Machine& machine() {
  constexpr int kUses = 5000;
  static std::unique_ptr<Machine> current;
  static int uses = 0;
  if (current == nullptr || ++uses % kUses == 0) {
    // A seek far away and a write must not fill the disk, nor a read of the hole take seconds.
    const rlimit small{1 << 20U, 1 << 20U};
    ::setrlimit(RLIMIT_FSIZE, &small);
    ::signal(SIGXFSZ, SIG_IGN);
    current.reset();
    current = std::make_unique<Machine>();
  }
  return *current;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  protocol::FrameReader frames;
  protocol::JsonParser parser;
  Machine& target = machine();
  while (auto frame = frames.next(input)) {
    const auto request = protocol::read_request(*std::move(frame), parser);
    if (!request || (*request)->error) continue;
    if (const auto* entry = harmless((*request)->command)) target.run(*entry, **request);
  }
  return 0;
}
