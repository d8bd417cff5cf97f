// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "client/main/context.hpp"
#include "client/main/remote_program.hpp"
#include "client/terminal/keyboard.hpp"
#include "client/terminal/output.hpp"
#include "client/terminal/signals.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using namespace std::chrono_literals;
using client::Reply;

constexpr std::size_t kInputPiece = std::size_t{256} << 10U;
constexpr std::uint64_t kOutputPiece = std::uint64_t{1} << 20U;
/// How long one question for output waits, and how long one that waits for room: libvirt cannot be interrupted.
constexpr std::chrono::milliseconds kWait = 60s;
constexpr std::chrono::milliseconds kWaitForRoom = 100ms;
constexpr std::chrono::milliseconds kWaitOfLibvirt = 100ms;
/// What an answer may take beyond the time that was asked for.
constexpr std::chrono::milliseconds kGrace = 15s;
/// Between questions that bring nothing: the first pause, and what it grows to.
constexpr std::chrono::milliseconds kFirstPause = 5ms;
constexpr std::chrono::milliseconds kLongestPause = 1s;
/// Typed so many times in a row, this leaves the program alone (as telnet and virsh know it).
constexpr char kLeave = 0x1D;
constexpr int kLeaveCount = 3;

const char* signal_name(int number) {
  switch (number) {
    case SIGINT:
      return "INT";
    case SIGTERM:
      return "TERM";
    case SIGQUIT:
      return "QUIT";
    default:
      return "HUP";
  }
}

std::uint64_t count_ms(std::chrono::milliseconds time) { return static_cast<std::uint64_t>(time.count()); }

agent::GuestdExecArgs start_arguments(const RemoteProgram& program) {
  agent::GuestdExecArgs args;
  args.path = program.words.front();
  args.args.emplace(program.words.begin() + 1, program.words.end());
  if (!program.environment.empty()) args.env = program.environment;
  args.cwd = program.folder;
  args.user = program.user;
  if (program.time_limit && *program.time_limit != client::kForever) args.timeout_ms = count_ms(*program.time_limit);
  args.when_full = agent::GuestdExecWhenFull::kWait;
  if (program.interactive) args.stdin_ = agent::GuestdExecInput::kStream;
  if (program.terminal) {
    const auto size = terminal::window_size(STDOUT_FILENO).value_or(terminal::WindowSize{});
    args.pty = agent::GuestdExecTerminal{.rows = size.rows, .columns = size.columns};
  }
  return args;
}

/// When a question may be asked again. An agent holds back its answer until there is news, or until the time is over
/// that the question is willing to wait. One that answers at once and with nothing is asked less and less often, so
/// that it does not keep this side busy; for one that waits this changes nothing.
class Pace {
 public:
  void asked(std::chrono::milliseconds wait) {
    wait_ = wait;
    earliest_ = client::Clock::now() + std::min(pause_, wait);
  }
  void brought_something() {
    pause_ = 0ms;
    earliest_ = client::Deadline::min();
  }
  void brought_nothing() {
    if (wait_ > 0ms) pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  }
  [[nodiscard]] bool is_due() const { return client::Clock::now() >= earliest_; }
  [[nodiscard]] client::Deadline earliest() const { return earliest_; }

 private:
  std::chrono::milliseconds wait_{0};
  std::chrono::milliseconds pause_{0};
  client::Deadline earliest_ = client::Deadline::min();
};

/// A program that runs in the guest, from its start to its end. One question for output is always on its way; whatever
/// else is sent ends its wait (guestd-exec-read), and it is asked anew.
class StreamedProgram {
 public:
  StreamedProgram(client::Connection& connection, const RemoteProgram& program)
      : connection_(connection),
        program_(program),
        signals_{SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGWINCH, SIGPIPE},
        out_(STDOUT_FILENO, form(program)),
        err_(STDERR_FILENO, form(program)) {}

  Result<int> run() {
    auto started = agent::guestd_exec(connection_, start_arguments(program_));
    if (!started) return std::move(started).error();
    pid_ = started->pid;
    input_open_ = program_.interactive;
    std::optional<terminal::RawMode> raw;
    if (program_.terminal && program_.interactive) raw.emplace(STDIN_FILENO);
    while (!status_ && !error_) {
      ask();
      wait();
    }
    raw.reset();
    // One that is still there would act when it is let through.
    while (signals_.take()) {
    }
    if (error_) return *std::move(error_);
    out_.finish();
    err_.finish();
    return *status_;
  }

 private:
  static terminal::Output::Form form(const RemoteProgram& program) {
    return program.terminal ? terminal::Output::Form::kRaw : terminal::Output::Form::kSafe;
  }

  [[nodiscard]] bool has_input() const { return !input_.empty() || (input_ended_ && !end_sent_); }

  /// What is to be on its way now. While there is no room for input, questions take turns: one for room, one for
  /// output.
  void ask() {
    if (starved_) {
      if (reading_ || writing_ || !room_pace_.is_due()) return;
      room_turn_ = !room_turn_;
      if (room_turn_) return send_input(kWaitForRoom);
      return ask_output(0ms);
    }
    if (has_input() && !writing_) send_input(0ms);
    if (!reading_ && output_pace_.is_due())
      ask_output(connection_.waits_itself() && input_open_ ? kWaitOfLibvirt : kWait);
  }

  void ask_output(std::chrono::milliseconds wait) {
    agent::GuestdExecReadArgs args;
    args.pid = pid_;
    args.max_bytes = kOutputPiece;
    args.wait_ms = count_ms(wait);
    args.forget = true;
    reading_ = true;
    disturbed_ = false;
    output_pace_.asked(wait);
    connection_.start(protocol::make_call<agent::calls::GuestdExecRead>(args), wait + kGrace, [this](Reply reply) {
      reading_ = false;
      take_output(std::move(reply));
    });
  }

  void take_output(Reply reply) {
    if (!reply) return fail(std::move(reply).error());
    auto news = protocol::read_reply<agent::calls::GuestdExecRead>(*reply);
    if (!news) return fail(std::move(news).error());
    set_pace(news->output);
    for (const agent::GuestdExecPiece& piece : news->output) {
      const bool is_error = piece.stream == agent::GuestdExecStream::kStderr;
      if (piece.dropped_bytes > 0) complain(std::to_string(piece.dropped_bytes) + " bytes of the output were not kept");
      if (!(is_error ? err_ : out_).write(piece.data)) return lose_reader();
    }
    if (!news->finished) return;
    if (news->timed_out) return fail(Error::timed_out(program_.words.front() + " has reached its time limit"));
    status_ = static_cast<int>(news->signal ? 128 + *news->signal : news->exitcode.value_or(0));
  }

  /// Nothing at once is what is to be expected where another request has ended the wait.
  void set_pace(const std::vector<agent::GuestdExecPiece>& output) {
    const bool is_news = std::any_of(output.begin(), output.end(), [](const agent::GuestdExecPiece& piece) {
      return !piece.data.empty() || piece.dropped_bytes > 0;
    });
    if (is_news) return output_pace_.brought_something();
    if (!disturbed_) output_pace_.brought_nothing();
  }

  /// Nobody reads what the program writes, as when a pipe's reader has gone.
  void lose_reader() {
    if (reader_lost_) return;
    reader_lost_ = true;
    send_signal("PIPE");
    status_ = 128 + SIGPIPE;
  }

  void send_input(std::chrono::milliseconds wait) {
    agent::GuestdExecWriteArgs args;
    args.pid = pid_;
    args.data = input_;
    args.wait_ms = count_ms(wait);
    if (input_ended_) args.eof = true;
    writing_ = true;
    room_pace_.asked(wait);
    start(protocol::make_call<agent::calls::GuestdExecWrite>(args), wait + kGrace, [this](Reply reply) {
      writing_ = false;
      take_room(std::move(reply));
    });
  }

  void take_room(Reply reply) {
    if (!reply) return fail(std::move(reply).error());
    auto taken = protocol::read_reply<agent::calls::GuestdExecWrite>(*reply);
    if (!taken) {
      // The program does not read any more. How it ends is what counts.
      input_.clear();
      input_open_ = false;
      end_sent_ = true;
      starved_ = false;
      return;
    }
    starved_ = taken->count == 0 && !input_.empty();
    starved_ ? room_pace_.brought_nothing() : room_pace_.brought_something();
    input_.erase(0, std::min<std::size_t>(input_.size(), taken->count));
    if (input_.empty() && input_ended_) end_sent_ = true;
  }

  /// Any request but one for output.
  void start(const protocol::Call& call, std::chrono::milliseconds limit, client::ReplyHandler handler) {
    disturbed_ = true;
    connection_.start(call, limit, std::move(handler));
  }

  /// Until when to wait if nothing happens.
  [[nodiscard]] client::Deadline until() const {
    if (reading_ || writing_) return connection_.deadline();
    return std::min(connection_.deadline(), (starved_ ? room_pace_ : output_pace_).earliest());
  }

  void wait() {
    const bool wants_input = input_open_ && input_.empty() && !writing_;
    // With nothing asked, an end of the connection would be seen again and again.
    const int connection = connection_.pending() > 0 ? connection_.fd() : -1;
    std::array<pollfd, 3> entries{pollfd{connection, connection_.events(), 0}, pollfd{signals_.fd(), POLLIN, 0},
                                  pollfd{wants_input ? STDIN_FILENO : -1, POLLIN, 0}};
    ::poll(entries.data(), entries.size(), client::poll_timeout(until()));
    while (const auto number = signals_.take()) take_signal(*number);
    if (entries[2].revents != 0) read_input();
    connection_.process();
  }

  void read_input() {
    input_.resize(kInputPiece);
    const ssize_t got = ::read(STDIN_FILENO, input_.data(), input_.size());
    input_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      input_open_ = false;
      input_ended_ = true;
    } else if (program_.terminal) {
      watch_for_leave();
    }
  }

  void watch_for_leave() {
    for (const char key : input_) leave_keys_ = key == kLeave ? leave_keys_ + 1 : 0;
    if (leave_keys_ < kLeaveCount) return;
    send_signal("HUP");
    fail(Error{"left " + program_.words.front() + ", which was told to hang up"});
  }

  void take_signal(int number) {
    if (number == SIGPIPE) return;  // the write tells
    if (number == SIGWINCH) return resize();
    interrupts_ = number == SIGINT ? interrupts_ + 1 : 0;
    send_signal(interrupts_ >= 3 ? "KILL" : signal_name(number));
  }

  void resize() {
    const auto size = terminal::window_size(STDOUT_FILENO);
    if (!program_.terminal || !size) return;
    const agent::GuestdExecResizeArgs args{.pid = pid_, .rows = size->rows, .columns = size->columns};
    start(protocol::make_call<agent::calls::GuestdExecResize>(args), kGrace, [](const Reply&) {});
  }

  void send_signal(std::string name) {
    agent::GuestdExecSignalArgs args;
    args.pid = pid_;
    args.signal = std::move(name);
    start(protocol::make_call<agent::calls::GuestdExecSignal>(args), kGrace, [](const Reply&) {});
    connection_.process();
  }

  void fail(Error error) {
    if (!error_ && !status_) error_ = std::move(error);
  }

  client::Connection& connection_;
  const RemoteProgram& program_;
  terminal::Signals signals_;
  terminal::Output out_;
  terminal::Output err_;
  std::int64_t pid_ = 0;
  std::string input_;  // read here, not yet taken there
  bool input_open_ = false;
  bool input_ended_ = false;
  bool end_sent_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool starved_ = false;
  bool room_turn_ = false;
  bool disturbed_ = false;  // something else was asked after the question for output
  Pace output_pace_;
  Pace room_pace_;
  bool reader_lost_ = false;
  int interrupts_ = 0;
  int leave_keys_ = 0;
  std::optional<int> status_;
  std::optional<Error> error_;
};

}  // namespace

Result<int> run_streamed(client::Connection& connection, const RemoteProgram& program) {
  StreamedProgram running(connection, program);
  auto status = running.run();
  // Handlers refer to what is about to go.
  connection.abandon();
  return status;
}

}  // namespace guestd::guestctl
