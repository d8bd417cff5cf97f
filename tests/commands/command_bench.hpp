// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/context.hpp"
#include "commands/freeze_state.hpp"
#include "commands/process_table.hpp"
#include "generated/commands.hpp"
#include "platform/host.hpp"
#include "protocol/base64.hpp"
#include "tests/support/fake_clock_devices.hpp"
#include "tests/support/fake_disks.hpp"
#include "tests/support/fake_freeze_listener.hpp"
#include "tests/support/fake_freezer.hpp"
#include "tests/support/fake_identity.hpp"
#include "tests/support/fake_power.hpp"
#include "tests/support/fake_programs.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/recording_switch.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::commands {

class FakeCatalog final : public CommandCatalog {
 public:
  [[nodiscard]] std::vector<CommandStatus> commands() const override { return list; }
  [[nodiscard]] PolicySummary policy() const override { return summary; }
  std::vector<CommandStatus> list;
  PolicySummary summary;
};

/// Lines from several threads.
class Told {
 public:
  void add(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// What commands need around them: a machine (this one, unless a fixture is given) with a clock that stands still, and
/// a state directory of its own. What changes a machine is only recorded, except that programs are started. `context()`
/// is what they are called with.
class CommandBench {
 public:
  CommandBench() : CommandBench(platform::Root::system()) {}
  explicit CommandBench(platform::Root root) : host_{std::move(root), nullptr, "", {}} { begin(); }
  explicit CommandBench(std::string_view fixture)
      : fixture_(std::in_place, fixture), host_{fixture_->root(), nullptr, "", {}} {
    begin();
  }

  [[nodiscard]] Context& context() { return *context_; }
  /// The copy of the fixture.
  [[nodiscard]] const support::TempDir& machine() const { return fixture_->dir(); }
  [[nodiscard]] const support::TempDir& dir() const { return dir_; }
  [[nodiscard]] const support::TempDir& state_dir() const { return state_dir_; }
  [[nodiscard]] platform::Host& host() { return host_; }
  [[nodiscard]] support::FakeClock& clock() { return *clock_; }
  [[nodiscard]] support::RecordingSwitch& switches() { return *switches_; }
  /// What its disks answer, and what was done to them.
  [[nodiscard]] support::DiskScript& disks() { return *disks_; }
  [[nodiscard]] FileHandles& files() { return *files_; }
  [[nodiscard]] FakeCatalog& catalog() { return catalog_; }
  [[nodiscard]] support::FakeFreezer& freezer() { return *freezer_; }
  [[nodiscard]] support::FakePrograms& programs() { return *programs_; }
  [[nodiscard]] support::FakeFreezeListener& listener() { return listener_; }
  [[nodiscard]] FreezeState& freeze() { return *freeze_; }
  /// In effect with the next restart() or crash().
  [[nodiscard]] FreezeSettings& freeze_settings() { return freeze_settings_; }
  /// Starts real programs.
  [[nodiscard]] ProcessTable& processes() { return *processes_; }
  /// In effect with the next restart().
  [[nodiscard]] ExecSettings& exec_settings() { return exec_settings_; }
  /// What the table of programs has told the administrator.
  [[nodiscard]] std::vector<std::string> told() const { return told_.lines(); }
  [[nodiscard]] support::FakeClockDevices& clock_devices() { return *clock_devices_; }
  [[nodiscard]] support::FakePower& power() { return *power_; }
  [[nodiscard]] support::FakeIdentity& identity() { return *identity_; }

  /// As after a crash, in the same state directory: what the agent before would have written at its end is lost.
  void crash() {
    const std::string state = state_dir_.read("qga.state");
    stop();
    state_dir_.write("qga.state", state);
    start();
  }
  /// The end and a new start, in good order.
  /// `meanwhile` is done when no agent runs.
  void restart(const std::function<void()>& meanwhile = [] {}) {
    stop();
    meanwhile();
    start();
  }

 private:
  void begin() {
    auto clock = std::make_unique<support::FakeClock>();
    clock_ = clock.get();
    host_.clock = std::move(clock);
    switches_ = own(host_.online_switch, std::make_unique<support::RecordingSwitch>());
    host_.disks = support::fake_disks(disks_);
    freezer_ = own(host_.freezer, std::make_unique<support::FakeFreezer>());
    freeze_settings_.state_directory = state_dir_.str();
    freeze_settings_.hook_folder = dir_.str() + "/freeze.d";
    host_.bus = platform::no_system_bus("a test has no bus");
    host_.processes = platform::system_processes();
    programs_ = own(host_.programs, std::make_unique<support::FakePrograms>());
    clock_devices_ = own(host_.clock_devices, std::make_unique<support::FakeClockDevices>());
    power_ = own(host_.kernel_power, std::make_unique<support::FakePower>());
    identity_ = own(host_.identity, std::make_unique<support::FakeIdentity>());
    start();
  }
  template <typename Interface, typename Fake>
  static Fake* own(std::unique_ptr<Interface>& place, std::unique_ptr<Fake> fake) {
    Fake* raw = fake.get();
    place = std::move(fake);
    return raw;
  }
  void stop() {
    context_.reset();
    processes_.reset();
    freeze_.reset();
    files_.reset();
  }
  void start() {
    auto files = FileHandles::open(state_dir_.str(), *host_.clock);
    if (!files) throw std::runtime_error(files.error().text);
    files_ = *std::move(files);
    freeze_ = std::make_unique<FreezeState>(host_, freeze_settings_, listener_);
    exec_settings_.state_directory = state_dir_.str();
    exec_settings_.tell = [this](const std::string& text) { told_.add(text); };
    processes_ = std::make_unique<ProcessTable>(host_, exec_settings_);
    processes_->take_over();
    context_.emplace(Context{host_, *files_, catalog_, *freeze_, *processes_});
  }

  std::optional<support::FixtureRoot> fixture_;
  support::TempDir dir_;
  support::TempDir state_dir_;
  platform::Host host_;
  support::FakeClock* clock_ = nullptr;
  support::RecordingSwitch* switches_ = nullptr;
  std::shared_ptr<support::DiskScript> disks_ = std::make_shared<support::DiskScript>();
  std::unique_ptr<FileHandles> files_;
  FakeCatalog catalog_;
  support::FakeFreezer* freezer_ = nullptr;
  support::FakePrograms* programs_ = nullptr;
  support::FakeFreezeListener listener_;
  FreezeSettings freeze_settings_;
  std::unique_ptr<FreezeState> freeze_;
  ExecSettings exec_settings_;
  Told told_;
  std::unique_ptr<ProcessTable> processes_;
  support::FakeClockDevices* clock_devices_ = nullptr;
  support::FakePower* power_ = nullptr;
  support::FakeIdentity* identity_ = nullptr;
  std::optional<Context> context_;
};

inline FileOpenArgs open_args(std::string path, std::optional<std::string> mode = std::nullopt) {
  FileOpenArgs args;
  args.path = std::move(path);
  args.mode = std::move(mode);
  return args;
}

/// Opens a file that must open, and returns its handle.
inline std::int64_t open_handle(CommandBench& bench, const std::string& path, const std::string& mode = "r") {
  const auto handle = file_open(bench.context(), open_args(path, mode));
  if (!handle) throw std::runtime_error(handle.error().text);
  return *handle;
}

inline Result<FileReadResult> read(CommandBench& bench, std::int64_t handle, std::optional<std::int64_t> count = {}) {
  FileReadArgs args;
  args.handle = handle;
  args.count = count;
  return file_read(bench.context(), args);
}

/// The bytes of a reply, taken as the encoder does: in pieces, if it is streamed.
inline std::string take_bytes(FileReadResult& result, std::size_t piece_size = 96 << 10) {
  if (result.buf_b64.is_buffered()) return result.buf_b64.bytes();
  std::string all;
  std::string piece(piece_size, '\0');
  for (std::size_t got = piece_size; got == piece_size;) {
    got = result.buf_b64.pull(std::as_writable_bytes(std::span(piece)));
    all.append(piece, 0, got);
  }
  result.complete(result);
  return all;
}

/// Reads what must be readable.
inline std::string read_text(CommandBench& bench, std::int64_t handle, std::optional<std::int64_t> count = {}) {
  auto result = read(bench, handle, count);
  if (!result) throw std::runtime_error(result.error().text);
  return take_bytes(*result);
}

/// Writes `text`, which goes the way of base64 first; or `base64` as it is.
inline Result<FileWriteResult> write_base64(CommandBench& bench, std::int64_t handle, std::string base64,
                                            std::optional<std::int64_t> count = {}) {
  FileWriteArgs args;
  args.handle = handle;
  args.buf_b64 = protocol::Base64Text(std::span(base64));
  args.count = count;
  return file_write(bench.context(), args);
}

inline Result<FileWriteResult> write(CommandBench& bench, std::int64_t handle, std::string_view text,
                                     std::optional<std::int64_t> count = {}) {
  std::string base64;
  protocol::base64::encode(std::as_bytes(std::span(text)), base64);
  return write_base64(bench, handle, std::move(base64), count);
}

inline Result<FileSeekResult> seek(CommandBench& bench, std::int64_t handle, std::int64_t offset,
                                   std::int64_t whence = 0) {
  FileSeekArgs args;
  args.handle = handle;
  args.offset = offset;
  args.whence = whence;
  return file_seek(bench.context(), args);
}

inline Result<FileFlushResult> flush(CommandBench& bench, std::int64_t handle) {
  FileFlushArgs args;
  args.handle = handle;
  return file_flush(bench.context(), args);
}

inline Result<FileCloseResult> close(CommandBench& bench, std::int64_t handle) {
  FileCloseArgs args;
  args.handle = handle;
  return file_close(bench.context(), args);
}

}  // namespace guestd::commands
