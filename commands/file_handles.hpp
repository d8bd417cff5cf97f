// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"
#include "commands/handle_numbers.hpp"
#include "commands/open_file.hpp"
#include "platform/clock.hpp"

namespace guestd::commands {

/// The files that hosts have open, by handle. Thread-safe: calls on one handle take turns in the order in which their
/// threads came, calls on different handles run side by side. At most limits::kOpenFiles at once; when it is full, the
/// handle that was left alone for longest, and for at least limits::kOpenFileIdle, is closed for a new one.
class FileHandles {
  class Entry;

 public:
  /// The turn on one file: as long as it lives, no other call touches that file. It may be handed to another thread.
  class Turn {
   public:
    Turn(Turn&&) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    OpenFile& operator*() const;
    OpenFile* operator->() const { return &**this; }

   private:
    friend class FileHandles;
    explicit Turn(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  /// A place in the table, kept for a file that is about to be opened, so that nothing is created or truncated for
  /// which there is no handle. It must not outlive the table.
  class Place {
   public:
    Place(Place&& other) noexcept : files_(std::exchange(other.files_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    friend class FileHandles;
    explicit Place(FileHandles* files) : files_(files) {}
    FileHandles* files_;
  };

  /// `clock` outlives the table. Errors are those of HandleNumbers::load.
  static Result<std::unique_ptr<FileHandles>> open(const std::string& state_dir, const platform::Clock& clock);
  /// Ends in good order: see HandleNumbers::release_block. No command runs any more.
  ~FileHandles();

  FileHandles(const FileHandles&) = delete;
  FileHandles& operator=(const FileHandles&) = delete;

  /// Nothing if the table is full of files in use.
  [[nodiscard]] std::optional<Place> reserve();
  /// The new file's handle; without one the file is closed again.
  Result<std::int64_t> add(Place place, platform::File file);
  /// Waits until the calls before have left the file. `handle '<n>' has not been found`.
  Result<Turn> use(std::int64_t handle);
  /// The same without waiting; nothing if others use the file, or it is not there.
  std::optional<Turn> use_at_once(std::int64_t handle);
  /// Waits like use(). The handle is gone in every case.
  Result<void> close(std::int64_t handle);
  /// Closes the file that was left alone for longest; false if there is none that may be closed.
  bool close_idle();

  [[nodiscard]] std::size_t size() const;

 private:
  FileHandles(HandleNumbers numbers, const platform::Clock& clock) : clock_(clock), numbers_(std::move(numbers)) {}

  std::shared_ptr<Entry> find(std::int64_t handle) const;
  std::shared_ptr<Entry> take_idle();
  bool take_place();

  const platform::Clock& clock_;

  std::mutex numbers_mutex_;
  HandleNumbers numbers_;

  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, std::shared_ptr<Entry>> entries_;
  std::size_t reserved_ = 0;
};

}  // namespace guestd::commands
