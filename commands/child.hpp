// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "commands/output_store.hpp"
#include "platform/processes.hpp"
#include "platform/readiness.hpp"
#include "platform/spool_file.hpp"

namespace guestd::commands {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The outputs of a program, and what becomes of them.
enum class ChildStream : std::uint8_t { kOutput, kError };
inline constexpr std::array kChildStreams{ChildStream::kOutput, ChildStream::kError};

/// How a program fares.
struct ChildState {
  bool exited = false;
  std::optional<platform::ProcessExit> exit{};  ///< nothing if it has ended and how is not known
  bool timed_out = false;
  bool complete = false;  ///< it has ended, and its output has, or nobody waits for it any more
};

/// What is wanted of the outputs of a program.
struct ChildRead {
  std::array<bool, 2> streams{true, true};
  std::array<std::optional<std::uint64_t>, 2> offsets{};  ///< none: behind what was read last
  std::size_t most_bytes = 0;
};

struct ChildPiece {
  ChildStream stream = ChildStream::kOutput;
  OutputBytes bytes{};
  std::uint64_t offset = 0;
  std::uint64_t dropped_bytes = 0;
  bool eof = false;
};

struct ChildNews {
  std::vector<ChildPiece> pieces{};
  ChildState state{};
  bool finished = false;  ///< complete, and everything of these streams has been read
  bool is_new = false;    ///< there is something that was not told before
};

/// All that is kept of an output, for whoever collects it.
struct CollectedOutput {
  std::shared_ptr<KeptOutput> kept;
  bool truncated = false;
};

/// Output in a spool file.
class SpooledOutput final : public KeptOutput {
 public:
  explicit SpooledOutput(platform::SpoolFile file) : file_(std::move(file)) {}
  [[nodiscard]] std::uint64_t begin() const override { return file_.begin(); }
  [[nodiscard]] std::uint64_t end() const override { return file_.end(); }
  [[nodiscard]] std::uint64_t written() const override { return file_.end(); }
  Result<OutputBytes> read(std::uint64_t offset, std::size_t most) override {
    auto bytes = file_.read(offset, most);
    if (!bytes) return std::move(bytes).error();
    return OutputBytes(*std::move(bytes));
  }
  void release(std::uint64_t /*offset*/) override {}
  void trim() { file_.trim(); }

 private:
  platform::SpoolFile file_;
};

/// What the policy has been asked about a program. Empty is what it had nothing to say about then.
struct ProgramIdentity {
  std::string program{};             ///< its true path
  std::vector<std::string> users{};  ///< all names of the user that it runs as
};

/// Called once when there may be news. On any thread.
using Wake = std::function<void()>;

/// One program that the host has started: its descriptors, what it has written, its end. Everything is thread-safe, and
/// nothing in here waits. The table (process_table.hpp) makes it, and tells it what is ready.
class Child {
 public:
  /// What the table tells apart in events: which descriptor of which child.
  enum class Part : std::uint8_t { kProcess, kOutput, kError, kInput };
  static constexpr unsigned kPartBits = 2;

  struct Setup {
    std::uint64_t number = 0;  ///< of the child in the table
    std::string path{};
    ProgramIdentity identity{};
    std::int64_t started_ns = 0;
    std::chrono::milliseconds grace{};
    bool recovered = false;
    bool exited = false;  ///< already, when it was recovered
    std::optional<platform::ProcessExit> exit{};
    bool timed_out = false;
    bool is_terminal = false;
    platform::StartedProcess process{};
    std::array<UniqueFd, 2> outputs{};  ///< pipes that are read, or a terminal
    std::array<std::shared_ptr<OutputStore>, 2> captured{};
    std::array<std::shared_ptr<SpooledOutput>, 2> spooled{};
    std::array<bool, 2> lost{};  ///< an earlier agent has kept it, and it is gone
    UniqueFd input{};
    std::string input_data{};
    bool input_ends = true;  ///< after input_data
  };

  Child(Setup setup, platform::Readiness& readiness);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  [[nodiscard]] pid_t pid() const { return birth_.pid; }
  [[nodiscard]] const platform::ProcessBirth& birth() const { return birth_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const ProgramIdentity& identity() const { return identity_; }
  [[nodiscard]] std::int64_t started_ns() const { return started_ns_; }
  [[nodiscard]] bool recovered() const { return recovered_; }
  [[nodiscard]] ChildState state() const;
  /// Whether no more than this is kept of its outputs, and that in memory.
  [[nodiscard]] bool is_little(std::size_t bytes) const;
  /// How much it has written to an output, if that is kept.
  [[nodiscard]] std::optional<std::uint64_t> written(ChildStream stream) const;

  /// Begins to watch its descriptors. Once.
  Result<void> watch();

  // ---- for the host

  /// An error if a stream that is asked for is not kept, or an offset lies behind its end. Unless there is something
  /// new, `wake` is kept and called once when there may be.
  Result<ChildNews> read(const ChildRead& wanted, Wake wake);
  /// What is kept, if the program is complete; nobody reads it afterwards.
  [[nodiscard]] std::array<CollectedOutput, 2> collect();

  /// Whether write() would take something; if not, `wake` is kept and called once when that may have changed. An error
  /// if it takes no input.
  Result<bool> can_write(Wake wake);
  /// Takes as much of the bytes as there is room for. `offset`: of the first of them; what was taken before is left
  /// out.
  struct Taken {
    std::size_t count = 0;
    std::uint64_t next_offset = 0;
    std::size_t room = 0;
  };
  Result<Taken> write(std::string_view bytes, std::optional<std::uint64_t> offset, bool eof);

  Result<void> signal(platform::SignalTarget target, int number);
  Result<void> resize(std::uint16_t rows, std::uint16_t columns);

  // ---- for the table

  /// Whether the process has ended just now.
  bool on_process_ready();
  void on_readable(ChildStream stream, std::string& buffer);
  void on_input_ready();
  /// News of a spool file.
  void on_spooled();
  void wake_waiting();
  void set_timed_out();
  /// Nobody wants its output any more: what it still writes is read and forgotten, so that it does not end by it.
  void discard_output();
  [[nodiscard]] bool has_open_output() const;
  [[nodiscard]] std::optional<SteadyTime> exited_at() const;

 private:
  struct Stream {
    UniqueFd fd;
    std::shared_ptr<OutputStore> store;
    std::shared_ptr<SpooledOutput> spool;
    bool lost = false;
    bool watched = false;
    std::uint64_t cursor = 0;
    bool eof_told = false;
    [[nodiscard]] bool is_open() const { return fd.valid(); }
    [[nodiscard]] KeptOutput* kept() const {
      return store ? static_cast<KeptOutput*>(store.get()) : static_cast<KeptOutput*>(spool.get());
    }
  };

  // All with the lock held.
  [[nodiscard]] std::uint64_t token(Part part) const { return (number_ << kPartBits) | static_cast<unsigned>(part); }
  Stream& at(ChildStream stream) { return streams_[static_cast<std::size_t>(stream)]; }
  [[nodiscard]] ChildState state_locked() const;
  [[nodiscard]] bool has_ended(const Stream& stream) const;
  [[nodiscard]] Result<void> check_read(const ChildRead& wanted) const;
  Result<void> take_piece(const ChildRead& wanted, ChildStream which, std::size_t most, ChildNews& news);
  [[nodiscard]] std::uint64_t position(const ChildRead& wanted, ChildStream which) const;
  void make_room(ChildStream which, std::uint64_t released);
  void drain(ChildStream which, std::string& buffer, int turns);
  void close_stream(Stream& stream);
  void watch_stream(ChildStream which);
  void unwatch(Stream& stream);
  void send_input();
  void watch_input(bool watched);
  void close_input();
  void add_input(std::string_view bytes);
  [[nodiscard]] bool takes_input() const { return is_fed_ && input_.valid() && !input_ends_; }
  [[nodiscard]] Error no_input_error() const;
  [[nodiscard]] std::size_t room_locked() const;
  void keep(Wake wake);
  [[nodiscard]] std::vector<Wake> take_waiting();

  const std::uint64_t number_;
  const platform::ProcessBirth birth_;
  const std::string path_;
  const ProgramIdentity identity_;
  const std::int64_t started_ns_;
  const std::chrono::milliseconds grace_;
  const bool recovered_;
  const bool is_terminal_;
  platform::Readiness& readiness_;

  mutable std::mutex mutex_;
  UniqueFd pidfd_;
  std::array<Stream, 2> streams_;
  bool discards_ = false;
  bool exited_ = false;
  std::optional<platform::ProcessExit> exit_;
  SteadyTime exited_at_{};
  bool timed_out_ = false;

  UniqueFd input_;
  std::string pending_;  // input that the program has not taken yet
  std::size_t pending_from_ = 0;
  std::uint64_t input_offset_ = 0;
  bool input_ends_ = false;  // behind what is pending
  bool is_fed_ = false;      // by guestd-exec-write
  bool input_watched_ = false;
  std::vector<Wake> waiting_;
};

}  // namespace guestd::commands
