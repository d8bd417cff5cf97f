// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
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
  /// Gets the text of an included file.
  using Reader = std::function<Result<std::string>(const std::string& path)>;

  Sources();
  explicit Sources(Reader reader);

  /// Reads the main file, which may be a pipe; the error says why it cannot be read.
  Result<std::uint32_t> load(const std::string& path);
  /// Reads an included file.
  Result<std::uint32_t> include(const std::string& path);
  /// Takes a text that needs no file (tests).
  std::uint32_t add(std::string path, std::string text);

  [[nodiscard]] const SourceFile& file(std::uint32_t index) const { return files_[index]; }
  [[nodiscard]] std::optional<std::uint32_t> find(const std::string& path) const;
  /// The text of a line, without its end.
  [[nodiscard]] std::string_view line(Position position) const;

 private:
  Reader reader_;
  std::deque<SourceFile> files_;
  std::map<std::string, std::uint32_t> by_path_;  // in normal form
};

/// Collects errors and warnings, so that one run reports as many as it can.
class Diagnostics {
 public:
  /// Of each severity; who has more to mend runs the compiler again.
  static constexpr std::size_t kMaxEntries = 100;

  void error(Position position, std::string text);
  void warning(Position position, std::string text);

  /// Whether there are errors.
  [[nodiscard]] bool any() const { return errors_ != 0; }
  /// How many errors were reported so far, those beyond the maximum included.
  [[nodiscard]] std::size_t errors() const { return errors_; }
  /// Whether errors are dropped by now, so that looking for more is of no use.
  [[nodiscard]] bool full() const { return errors_ > kMaxEntries; }
  /// One line per entry, `FILE:LINE: error: text`, sorted by place; a last line tells if some were dropped.
  [[nodiscard]] std::vector<std::string> lines(const Sources& sources) const;
  /// The same for people: under each line stands the line of the source that it is about.
  [[nodiscard]] std::string report(const Sources& sources) const;

 private:
  enum class Severity : std::uint8_t { kError, kWarning };
  struct Entry {
    Position position;
    Severity severity = Severity::kError;
    std::string text;

    bool operator==(const Entry&) const = default;
  };

  void add(Entry entry, std::size_t& count);
  [[nodiscard]] std::vector<Entry> sorted() const;
  [[nodiscard]] std::string last_line() const;

  std::vector<Entry> entries_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace guestd::schema
