// SPDX-License-Identifier: Apache-2.0
#include "commands/child.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.hpp"

namespace guestd::commands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
constexpr int kTurns = 4;               // reads of one output before others have their turn
constexpr int kTurnsAtEnd = 64;         // when the program has ended: what it has written last is in the pipe
constexpr char kEndOfFileKey = '\x04';  // VEOF of a new terminal
constexpr std::size_t kMostWaiting = 64;

std::string name_of(pid_t pid) { return "PID " + std::to_string(pid); }

bool is_readable(int fd) {
  pollfd state{fd, POLLIN, 0};
  return ::poll(&state, 1, 0) > 0;
}

}  // namespace

Child::Child(Setup setup, platform::Readiness& readiness)
    : number_(setup.number),
      birth_(setup.process.birth),
      path_(std::move(setup.path)),
      identity_(std::move(setup.identity)),
      started_ns_(setup.started_ns),
      grace_(setup.grace),
      recovered_(setup.recovered),
      is_terminal_(setup.is_terminal),
      readiness_(readiness),
      pidfd_(std::move(setup.process.pidfd)),
      exited_(setup.exited),
      exit_(setup.exit),
      exited_at_(Clock::now()),
      timed_out_(setup.timed_out),
      input_(std::move(setup.input)),
      pending_(std::move(setup.input_data)),
      input_offset_(pending_.size()),
      input_ends_(setup.input_ends),
      is_fed_(!setup.input_ends) {
  for (const ChildStream which : kChildStreams) {
    const auto index = static_cast<std::size_t>(which);
    Stream& stream = at(which);
    stream.fd = std::move(setup.outputs[index]);
    stream.store = std::move(setup.captured[index]);
    stream.spool = std::move(setup.spooled[index]);
    stream.lost = setup.lost[index];
  }
}

Child::~Child() {
  for (Stream& stream : streams_) close_stream(stream);
  close_input();
  if (pidfd_.valid()) readiness_.remove(pidfd_.get());
}

Result<void> Child::watch() {
  const std::lock_guard lock(mutex_);
  for (const ChildStream which : kChildStreams) watch_stream(which);
  if (input_.valid()) send_input();
  if (!pidfd_.valid()) return {};
  return readiness_.add(pidfd_.get(), token(Part::kProcess), {.read = true});
}

// ---- what is known

ChildState Child::state() const {
  const std::lock_guard lock(mutex_);
  return state_locked();
}

ChildState Child::state_locked() const {
  const auto is_over = [this](const Stream& stream) { return has_ended(stream); };
  return {exited_, exit_, timed_out_, exited_ && std::ranges::all_of(streams_, is_over)};
}

// What a program in the background holds open is not waited for; what nobody has fetched yet from the pipe is.
bool Child::has_ended(const Stream& stream) const {
  if (stream.spool) return exited_;
  if (!stream.is_open()) return true;
  return exited_ && stream.watched && Clock::now() >= exited_at_ + grace_;
}

bool Child::is_little(std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t kept = 0;
  for (const Stream& stream : streams_) {
    if (stream.spool) return false;
    if (stream.store) kept += stream.store->end() - stream.store->begin();
  }
  return kept <= bytes;
}

std::optional<std::uint64_t> Child::written(ChildStream stream) const {
  const std::lock_guard lock(mutex_);
  const KeptOutput* kept = streams_[static_cast<std::size_t>(stream)].kept();
  return kept != nullptr ? std::optional(kept->written()) : std::nullopt;
}

bool Child::has_open_output() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(streams_, &Stream::is_open);
}

std::optional<SteadyTime> Child::exited_at() const {
  const std::lock_guard lock(mutex_);
  return exited_ ? std::optional(exited_at_) : std::nullopt;
}

// ---- output

Result<void> Child::check_read(const ChildRead& wanted) const {
  for (const ChildStream which : kChildStreams) {
    const auto index = static_cast<std::size_t>(which);
    const KeptOutput* kept = streams_[index].kept();
    const std::string name = which == ChildStream::kOutput ? "stdout" : "stderr";
    const bool is_named = wanted.streams[index] && !wanted.streams[1 - index];
    if (kept == nullptr) {
      if (is_named || wanted.offsets[index]) return Error{"the " + name + " of " + name_of(pid()) + " is not kept"};
    } else if (wanted.offsets[index] && *wanted.offsets[index] > kept->end()) {
      return Error{"offset " + std::to_string(*wanted.offsets[index]) + " lies behind the " +
                   std::to_string(kept->end()) + " bytes that " + name_of(pid()) + " has written to its " + name};
    }
  }
  return {};
}

std::uint64_t Child::position(const ChildRead& wanted, ChildStream which) const {
  const auto index = static_cast<std::size_t>(which);
  return wanted.offsets[index].value_or(streams_[index].cursor);
}

// A program that waits until somebody reads may go on.
void Child::make_room(ChildStream which, std::uint64_t released) {
  Stream& stream = at(which);
  stream.kept()->release(released);
  if (!stream.is_open() || stream.watched || stream.store->room() == 0) return;
  std::string buffer;
  drain(which, buffer, exited_ ? kTurnsAtEnd : kTurns);
  // Else the program waits on: a stream that is watched counts as one of which nothing is left in the pipe.
  if (stream.is_open() && stream.store->room() > 0) watch_stream(which);
}

Result<void> Child::take_piece(const ChildRead& wanted, ChildStream which, std::size_t most, ChildNews& news) {
  Stream& stream = at(which);
  KeptOutput& kept = *stream.kept();
  const std::uint64_t from = position(wanted, which);
  ChildPiece piece{which};
  piece.offset = std::max(from, kept.begin());
  auto bytes = kept.read(piece.offset, most);
  if (!bytes) return std::move(bytes).error();
  piece.bytes = *std::move(bytes);
  piece.dropped_bytes = piece.offset - from;
  const std::uint64_t next = piece.offset + piece.bytes.size();
  piece.eof = has_ended(stream) && next >= kept.end();
  if (piece.eof) piece.dropped_bytes += kept.written() - kept.end();
  news.finished = news.finished && piece.eof;
  // The end of one of two outputs is mostly followed by that of the other and of the program: one answer for all.
  const bool is_only_one = !wanted.streams[1 - static_cast<std::size_t>(which)];
  const bool is_new = !piece.bytes.empty() || piece.offset != from || (piece.eof && is_only_one && !stream.eof_told);
  news.is_new = news.is_new || is_new;
  stream.cursor = next;
  stream.eof_told = stream.eof_told || (piece.eof && is_only_one);
  if (!wanted.offsets[static_cast<std::size_t>(which)]) make_room(which, next);
  if (is_new || piece.eof) news.pieces.push_back(std::move(piece));
  return {};
}

Result<ChildNews> Child::read(const ChildRead& wanted, Wake wake) {
  const std::lock_guard lock(mutex_);
  if (auto checked = check_read(wanted); !checked) return std::move(checked).error();
  std::array<std::uint64_t, 2> there{};
  for (const ChildStream which : kChildStreams) {
    const auto index = static_cast<std::size_t>(which);
    if (!wanted.streams[index] || streams_[index].kept() == nullptr) continue;
    make_room(which, wanted.offsets[index].value_or(0));
    there[index] = streams_[index].kept()->end() - std::min(position(wanted, which), streams_[index].kept()->end());
  }
  ChildNews news;
  news.state = state_locked();
  news.finished = news.state.complete;
  // Both have something: each gets its part.
  std::size_t left = wanted.most_bytes;
  const std::size_t second = std::min<std::uint64_t>(there[1], there[0] == 0 ? left : left / 2);
  for (const ChildStream which : kChildStreams) {
    const auto index = static_cast<std::size_t>(which);
    if (!wanted.streams[index] || streams_[index].kept() == nullptr) continue;
    const std::size_t most = index == 0 ? left - second : left;
    const std::size_t pieces = news.pieces.size();
    if (auto taken = take_piece(wanted, which, most, news); !taken) return std::move(taken).error();
    if (news.pieces.size() > pieces) left -= std::min(left, news.pieces.back().bytes.size());
  }
  news.is_new = news.is_new || news.finished;
  if (!news.is_new) keep(std::move(wake));
  return news;
}

std::array<CollectedOutput, 2> Child::collect() {
  const std::lock_guard lock(mutex_);
  std::array<CollectedOutput, 2> all;
  for (std::size_t index = 0; index < all.size(); ++index) {
    const Stream& stream = streams_[index];
    if (stream.store) all[index].kept = stream.store;
    if (stream.spool) all[index].kept = stream.spool;
    const KeptOutput* kept = stream.kept();
    const bool is_cut = kept != nullptr && (kept->begin() > 0 || kept->written() > kept->end());
    all[index].truncated = stream.lost || is_cut || stream.is_open();
  }
  discards_ = true;
  return all;
}

void Child::discard_output() {
  std::string buffer;
  const std::lock_guard lock(mutex_);
  discards_ = true;
  for (const ChildStream which : kChildStreams) {
    // One that waited for a reader goes on.
    drain(which, buffer, kTurns);
    watch_stream(which);
  }
}

void Child::drain(ChildStream which, std::string& buffer, int turns) {
  Stream& stream = at(which);
  if (buffer.size() < kReadBytes) buffer.resize(kReadBytes);
  for (int turn = 0; turn < turns && stream.is_open(); ++turn) {
    const std::size_t room = discards_ || !stream.store ? kReadBytes : std::min(kReadBytes, stream.store->room());
    if (room == 0) return unwatch(stream);
    const ssize_t count = ::read(stream.fd.get(), buffer.data(), room);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // A terminal that nobody holds open any more says EIO.
    if (count <= 0) return close_stream(stream);
    if (!discards_ && stream.store) stream.store->append({buffer.data(), static_cast<std::size_t>(count)});
    if (static_cast<std::size_t>(count) < room && !exited_) return;
  }
}

void Child::watch_stream(ChildStream which) {
  Stream& stream = at(which);
  if (!stream.is_open() || stream.watched) return;
  const Part part = which == ChildStream::kOutput ? Part::kOutput : Part::kError;
  stream.watched = readiness_.add(stream.fd.get(), token(part), {.read = true}).has_value();
  // Out of memory: nobody would ever read it.
  if (!stream.watched) close_stream(stream);
}

// Its end would be told again and again.
void Child::unwatch(Stream& stream) {
  if (std::exchange(stream.watched, false)) readiness_.remove(stream.fd.get());
}

// Explicitly: another descriptor of the same terminal keeps what is watched alive.
void Child::close_stream(Stream& stream) {
  unwatch(stream);
  stream.fd.reset();
}

void Child::on_readable(ChildStream stream, std::string& buffer) {
  std::vector<Wake> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (!at(stream).is_open()) return;
    drain(stream, buffer, kTurns);
    waiting = take_waiting();
  }
  for (const Wake& wake : waiting) wake();
}

void Child::on_spooled() {
  {
    const std::lock_guard lock(mutex_);
    for (Stream& stream : streams_) {
      if (stream.spool && !discards_) stream.spool->trim();
    }
  }
  wake_waiting();
}

// ---- input

Error Child::no_input_error() const {
  if (!is_fed_) return Error{name_of(pid()) + " was started without a stream as its stdin"};
  if (input_ends_) return Error{"the input of " + name_of(pid()) + " was ended before"};
  return Error{name_of(pid()) + " takes no more input: it has closed it, or ended"};
}

std::size_t Child::room_locked() const {
  const std::size_t pending = pending_.size() - pending_from_;
  return limits::kExecInputBytes - std::min(pending, limits::kExecInputBytes);
}

Result<bool> Child::can_write(Wake wake) {
  const std::lock_guard lock(mutex_);
  // What was sent last before the end may be sent again by a client that has lost the reply.
  if (is_fed_ && input_ends_) return true;
  if (!takes_input()) return no_input_error();
  if (room_locked() > 0) return true;
  keep(std::move(wake));
  return false;
}

Result<Child::Taken> Child::write(std::string_view bytes, std::optional<std::uint64_t> offset, bool eof) {
  const std::lock_guard lock(mutex_);
  if (offset.value_or(0) > input_offset_) {
    return Error{"offset " + std::to_string(*offset) + " lies behind the " + std::to_string(input_offset_) +
                 " bytes that " + name_of(pid()) + " was given"};
  }
  const auto known =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), offset ? input_offset_ - *offset : 0));
  bytes.remove_prefix(known);
  if (!takes_input()) {
    const bool is_repeated = is_fed_ && input_ends_ && offset && bytes.empty();
    if (!is_repeated) return no_input_error();
    return Taken{known, input_offset_, 0};
  }
  const std::size_t count = std::min(bytes.size(), room_locked());
  add_input(bytes.substr(0, count));
  if (eof && count == bytes.size()) {
    if (is_terminal_) pending_ += kEndOfFileKey;
    input_ends_ = !is_terminal_;
  }
  send_input();
  return Taken{known + count, input_offset_, takes_input() ? room_locked() : 0};
}

void Child::add_input(std::string_view bytes) {
  if (pending_from_ > pending_.size() / 2) {
    pending_.erase(0, pending_from_);
    pending_from_ = 0;
  }
  pending_ += bytes;
  input_offset_ += bytes.size();
}

void Child::send_input() {
  while (input_.valid() && pending_from_ < pending_.size()) {
    const ssize_t count = ::write(input_.get(), pending_.data() + pending_from_, pending_.size() - pending_from_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return watch_input(true);
    if (count <= 0) return close_input();  // nobody reads it any more
    pending_from_ += static_cast<std::size_t>(count);
  }
  std::string().swap(pending_);
  pending_from_ = 0;
  watch_input(false);
  if (input_ends_) close_input();
}

void Child::watch_input(bool watched) {
  if (!input_.valid() || input_watched_ == watched) return;
  if (watched) {
    input_watched_ = readiness_.add(input_.get(), token(Part::kInput), {.write = true}).has_value();
  } else {
    readiness_.remove(input_.get());
    input_watched_ = false;
  }
}

void Child::close_input() {
  watch_input(false);
  input_.reset();
  std::string().swap(pending_);
  pending_from_ = 0;
}

void Child::on_input_ready() {
  {
    const std::lock_guard lock(mutex_);
    send_input();
  }
  wake_waiting();
}

// ---- signals and the end

Result<void> Child::signal(platform::SignalTarget target, int number) {
  const std::lock_guard lock(mutex_);
  // As long as it was not reaped, its number belongs to nobody else. One that is no child is reaped by another.
  const bool has_gone = exited_ || (recovered_ && pidfd_.valid() && is_readable(pidfd_.get()));
  if (has_gone) return Error{name_of(pid()) + " has ended", ESRCH};
  return platform::send_signal(pid(), target, number);
}

Result<void> Child::resize(std::uint16_t rows, std::uint16_t columns) {
  const std::lock_guard lock(mutex_);
  if (!is_terminal_) return Error{name_of(pid()) + " has no terminal"};
  const Stream& stream = at(ChildStream::kOutput);
  if (!stream.is_open()) return Error{name_of(pid()) + " has ended"};
  return platform::resize_terminal(stream.fd.get(), rows, columns);
}

bool Child::on_process_ready() {
  {
    const std::lock_guard lock(mutex_);
    if (exited_) return false;
    exit_ = recovered_ ? std::nullopt : platform::reap(pid());
    // Not ours to reap, or somebody else has done it: its descriptor still tells that it has ended.
    if (!exit_ && (!pidfd_.valid() || !is_readable(pidfd_.get()))) return false;
    if (!exit_) exit_ = platform::exit_of(pidfd_.get());
    exited_ = true;
    exited_at_ = Clock::now();
    if (pidfd_.valid()) readiness_.remove(pidfd_.get());
    pidfd_.reset();
    std::string buffer;
    for (const ChildStream which : kChildStreams) {
      if (at(which).is_open() && at(which).watched) drain(which, buffer, kTurnsAtEnd);
    }
  }
  wake_waiting();
  return true;
}

void Child::set_timed_out() {
  const std::lock_guard lock(mutex_);
  timed_out_ = !exited_;
}

void Child::keep(Wake wake) {
  if (!wake) return;
  // Those of requests that were answered meanwhile do no harm when they are called.
  if (waiting_.size() >= kMostWaiting) {
    for (const Wake& old : take_waiting()) old();
  }
  waiting_.push_back(std::move(wake));
}

std::vector<Wake> Child::take_waiting() { return std::exchange(waiting_, {}); }

void Child::wake_waiting() {
  std::vector<Wake> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = take_waiting();
  }
  for (const Wake& wake : waiting) wake();
}

}  // namespace guestd::commands
