// SPDX-License-Identifier: Apache-2.0
#include "client/copy/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/terminal/escape.hpp"
#include "client/terminal/keyboard.hpp"
#include "client/terminal/units.hpp"

namespace guestd::copy {
namespace {

constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr std::size_t kNameColumns = 28;

std::uint64_t positive(std::int64_t number) { return number > 0 ? static_cast<std::uint64_t>(number) : 0; }

/// Two blanks stand for what was cut off a name that is too long.
std::string fitted(std::string_view name, std::size_t columns) {
  std::string text = terminal::printable(name);
  if (terminal::width(text) > columns) text = terminal::printable(name.substr(0, columns > 2 ? columns - 2 : 0)) + "..";
  const std::size_t wide = terminal::width(text);
  if (wide < columns) text.append(columns - wide, ' ');
  return text;
}

std::string bar(std::uint64_t part, std::uint64_t whole, std::size_t columns) {
  const std::size_t full = whole == 0 ? columns : std::min<std::size_t>(columns, part * columns / whole);
  return "[" + std::string(full, '#') + std::string(columns - full, ' ') + "]";
}

}  // namespace

Progress::Progress(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (!shown_ || done_ + skipped_ == 0) return;
  draw();
  std::fputc('\n', stderr);
}

void Progress::begin(std::string_view name) { name_ = name; }

void Progress::add(std::int64_t bytes) {
  done_ += bytes;
  if (shown_ && Clock::now() >= next_draw_) draw();
}

void Progress::skip(std::int64_t bytes) { skipped_ += bytes; }

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

std::string Progress::line(std::size_t columns, std::chrono::duration<double> elapsed) const {
  const double rate = elapsed.count() > 0 ? static_cast<double>(done_) / elapsed.count() : 0;
  const std::uint64_t over = positive(done_ + skipped_);
  std::string figures = " " + terminal::size_text(over) + "B";
  figures += "  " + terminal::size_text(static_cast<std::uint64_t>(rate)) + "B/s";
  std::string head;
  if (total_) {
    const std::uint64_t total = positive(*total_);
    head = " " + terminal::percent_text(over, total);
    if (rate > 0 && total >= over) {
      const auto left = static_cast<std::int64_t>(static_cast<double>(total - over) / rate);
      figures += "  " + terminal::duration_text(std::chrono::seconds(left));
    }
  }
  const std::size_t taken = head.size() + figures.size();
  const std::size_t room = columns > taken + 1 ? columns - taken - 1 : 0;
  std::string text = fitted(name_, std::min(room, kNameColumns)) + head;
  if (total_ && room > kNameColumns + 10)
    text += " " + bar(over, positive(*total_), std::min<std::size_t>(room - kNameColumns - 4, 30));
  return text + figures;
}

void Progress::draw() {
  const auto size = terminal::window_size(STDERR_FILENO).value_or(terminal::WindowSize{});
  std::fputs(("\r" + line(size.columns, Clock::now() - began_) + "\x1b[K").c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
  next_draw_ = Clock::now() + kBetweenDraws;
}

}  // namespace guestd::copy
