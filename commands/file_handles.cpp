// SPDX-License-Identifier: Apache-2.0
#include "commands/file_handles.hpp"

#include "base/limits.hpp"

namespace guestd::commands {

/// One open file and the queue for it. A queue of tickets rather than a mutex: it keeps the order of the calls, and a
/// turn may end on another thread than it began.
class FileHandles::Entry {
 public:
  Entry(platform::File opened, const platform::Clock& clock) : file(std::move(opened)), clock_(clock) { touch(); }

  /// Waits for the turn. False: the file was closed meanwhile, and there is no turn.
  bool enter() {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = next_ticket_++;
    turn_ended_.wait(lock, [&] { return serving_ == ticket; });
    if (!closed_) return true;
    advance();
    return false;
  }
  /// Takes the turn if nobody else has it or waits for it.
  bool enter_at_once() {
    const std::lock_guard lock(mutex_);
    if (serving_ != next_ticket_ || closed_) return false;
    ++next_ticket_;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    touch();
    advance();
  }
  /// Ends the life of the entry: whoever waits gets no turn. With the turn, or for an idle entry.
  void mark_closed() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  /// Since when nobody uses it; nothing while somebody does.
  std::optional<std::chrono::nanoseconds> idle_since() {
    const std::lock_guard lock(mutex_);
    if (serving_ != next_ticket_ || closed_) return std::nullopt;
    return last_used_;
  }
  /// Takes the turn and closes for everybody else, if nobody uses it.
  bool claim_idle() {
    const std::lock_guard lock(mutex_);
    if (serving_ != next_ticket_ || closed_) return false;
    ++next_ticket_;
    closed_ = true;
    return true;
  }

  OpenFile file;

 private:
  void touch() { last_used_ = clock_.monotonic(); }
  void advance() {
    ++serving_;
    turn_ended_.notify_all();
  }

  const platform::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable turn_ended_;
  std::uint64_t next_ticket_ = 0;
  std::uint64_t serving_ = 0;
  bool closed_ = false;
  std::chrono::nanoseconds last_used_{};
};

namespace {

Error not_found(std::int64_t handle) { return Error{"handle '" + std::to_string(handle) + "' has not been found"}; }

}  // namespace

FileHandles::Turn::~Turn() {
  if (entry_) entry_->leave();
}

OpenFile& FileHandles::Turn::operator*() const { return entry_->file; }

FileHandles::Place::~Place() {
  if (files_ == nullptr) return;
  const std::lock_guard lock(files_->mutex_);
  --files_->reserved_;
}

Result<std::unique_ptr<FileHandles>> FileHandles::open(const std::string& state_dir, const platform::Clock& clock) {
  auto numbers = HandleNumbers::load(state_dir);
  if (!numbers) return std::move(numbers).error();
  return std::unique_ptr<FileHandles>(new FileHandles(*std::move(numbers), clock));
}

FileHandles::~FileHandles() {
  // Should it fail, the numbers that are left in the block are skipped, as after a crash.
  [[maybe_unused]] const auto released = numbers_.release_block();
}

std::optional<FileHandles::Place> FileHandles::reserve() {
  while (!take_place()) {
    if (!close_idle()) return std::nullopt;
  }
  return Place(this);
}

bool FileHandles::take_place() {
  const std::lock_guard lock(mutex_);
  if (entries_.size() + reserved_ >= limits::kOpenFiles) return false;
  ++reserved_;
  return true;
}

Result<std::int64_t> FileHandles::add(Place place, platform::File file) {
  auto entry = std::make_shared<Entry>(std::move(file), clock_);
  std::unique_lock numbers_lock(numbers_mutex_);
  auto handle = numbers_.take();
  numbers_lock.unlock();
  if (!handle) return handle;
  const std::lock_guard lock(mutex_);
  entries_.emplace(*handle, std::move(entry));
  --std::exchange(place.files_, nullptr)->reserved_;
  return handle;
}

std::shared_ptr<FileHandles::Entry> FileHandles::find(std::int64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(handle);
  return found == entries_.end() ? nullptr : found->second;
}

Result<FileHandles::Turn> FileHandles::use(std::int64_t handle) {
  auto entry = find(handle);
  if (!entry || !entry->enter()) return not_found(handle);
  return Turn(std::move(entry));
}

std::optional<FileHandles::Turn> FileHandles::use_at_once(std::int64_t handle) {
  auto entry = find(handle);
  if (!entry || !entry->enter_at_once()) return std::nullopt;
  return Turn(std::move(entry));
}

Result<void> FileHandles::close(std::int64_t handle) {
  auto turn = use(handle);
  if (!turn) return std::move(turn).error();
  turn->entry_->mark_closed();
  {
    const std::lock_guard lock(mutex_);
    entries_.erase(handle);
  }
  return (*turn)->close();
}

std::shared_ptr<FileHandles::Entry> FileHandles::take_idle() {
  const std::lock_guard lock(mutex_);
  auto oldest = entries_.end();
  std::chrono::nanoseconds oldest_since = clock_.monotonic() - limits::kOpenFileIdle;
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    const auto since = it->second->idle_since();
    if (!since || *since > oldest_since) continue;
    oldest = it;
    oldest_since = *since;
  }
  // Somebody who looked the handle up before may have come first.
  if (oldest == entries_.end() || !oldest->second->claim_idle()) return nullptr;
  std::shared_ptr<Entry> entry = std::move(oldest->second);
  entries_.erase(oldest);
  return entry;
}

bool FileHandles::close_idle() {
  const std::shared_ptr<Entry> entry = take_idle();
  if (!entry) return false;
  // Nobody is left to be told of an error.
  [[maybe_unused]] const auto closed = entry->file.close();
  entry->leave();
  return true;
}

std::size_t FileHandles::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace guestd::commands
