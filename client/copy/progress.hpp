// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guestd::copy {

/// One line on standard error that tells how far a copy is: name, share, bytes, rate, time left. Only on a terminal.
class Progress {
 public:
  explicit Progress(bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Leaves the last state on the screen.
  ~Progress();

  [[nodiscard]] bool shown() const { return shown_; }
  /// All bytes that there will be, if that is known.
  void set_total(std::int64_t bytes) { total_ = bytes; }
  void begin(std::string_view name);
  /// `bytes` more are over.
  void add(std::int64_t bytes);
  /// Bytes that are there already: they say nothing about the rate.
  void skip(std::int64_t bytes);
  /// For a message: it gets a line of its own.
  void clear();

  /// The line that is drawn, for `columns` of screen.
  [[nodiscard]] std::string line(std::size_t columns, std::chrono::duration<double> elapsed) const;

 private:
  void draw();

  using Clock = std::chrono::steady_clock;
  bool shown_;
  bool drawn_ = false;
  std::string name_;
  std::optional<std::int64_t> total_;
  std::int64_t done_ = 0;
  std::int64_t skipped_ = 0;
  Clock::time_point began_ = Clock::now();
  Clock::time_point next_draw_ = began_;
};

}  // namespace guestd::copy
