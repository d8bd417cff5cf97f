// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace guestd::schema {

/// A line of a source file. `file` counts the files in the order in which they were read; lines count from 1.
struct Position {
  std::uint32_t file = 0;
  std::uint32_t line = 0;

  auto operator<=>(const Position&) const = default;
};

struct SourceFile {
  std::string path;  ///< as error messages show it: the path of the main file, with includes relative to its folder
  std::string text;
};

/// All files of a schema. References to a file stay valid while more are added.
class Sources {
 public:
  /// Reads a file; the error says why it cannot be read.
  Result<std::uint32_t> load(const std::string& path);
  /// Takes a text that needs no file (tests).
  std::uint32_t add(std::string path, std::string text);

  [[nodiscard]] const SourceFile& file(std::uint32_t index) const { return files_[index]; }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view path) const;
  /// The text of a line, without its end.
  [[nodiscard]] std::string_view line(Position position) const;

 private:
  std::deque<SourceFile> files_;
};

/// Collects errors, so that one run reports as many as it can.
class Diagnostics {
 public:
  void error(Position position, std::string text);

  [[nodiscard]] bool any() const { return !errors_.empty(); }
  /// One line per error, `FILE:LINE: error: text`, sorted by place.
  [[nodiscard]] std::vector<std::string> lines(const Sources& sources) const;

 private:
  struct Entry {
    Position position;
    std::string text;
  };
  std::vector<Entry> errors_;
};

}  // namespace guestd::schema
