// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

namespace guestd::schema {
namespace {

/// More than any schema has; keeps an include of something endless from filling the memory.
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20U;

Result<std::string> read_file(const std::string& path) {
  const auto failed = [&](int code) { return Error::from_errno("cannot read '" + path + "'", code); };
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return failed(EISDIR);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return failed(errno);
  std::string text;
  std::array<char, 65536> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) return failed(EFBIG);
  }
  if (stream.bad()) return failed(errno);
  return text;
}

/// Does not wait for a pipe or a terminal that a schema may name.
Result<std::string> read_include(const std::string& path) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status) &&
      !std::filesystem::is_regular_file(status)) {
    return Error{"cannot read '" + path + "': not a regular file"};
  }
  return read_file(path);
}

std::string normal_form(const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); }

/// A line of source for an error message: what a terminal might obey becomes blank, and what is too long ends early.
std::string shown(std::string_view line) {
  constexpr std::size_t kMaxShown = 160;
  std::string text(line.substr(0, kMaxShown));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
  }
  if (line.size() > kMaxShown) text += "...";
  return text;
}

}  // namespace

Sources::Sources() : reader_(read_include) {}
Sources::Sources(Reader reader) : reader_(std::move(reader)) {}

Result<std::uint32_t> Sources::load(const std::string& path) {
  auto text = read_file(path);
  if (!text) return std::move(text).error();
  return add(path, *std::move(text));
}

Result<std::uint32_t> Sources::include(const std::string& path) {
  auto text = reader_(path);
  if (!text) return std::move(text).error();
  return add(path, *std::move(text));
}

std::uint32_t Sources::add(std::string path, std::string text) {
  const auto index = static_cast<std::uint32_t>(files_.size());
  by_path_.emplace(normal_form(path), index);
  files_.push_back({std::move(path), std::move(text)});
  return index;
}

std::optional<std::uint32_t> Sources::find(const std::string& path) const {
  const auto found = by_path_.find(normal_form(path));
  if (found == by_path_.end()) return std::nullopt;
  return found->second;
}

std::string_view Sources::line(Position position) const {
  std::string_view rest = files_[position.file].text;
  for (std::uint32_t line = 1; line < position.line; ++line) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  return rest.substr(0, rest.find('\n'));
}

void Diagnostics::error(Position position, std::string text) {
  add({position, Severity::kError, std::move(text)}, errors_);
}

void Diagnostics::warning(Position position, std::string text) {
  add({position, Severity::kWarning, std::move(text)}, warnings_);
}

void Diagnostics::add(Entry entry, std::size_t& count) {
  constexpr std::size_t kMaxTextBytes = 400;  // names come from the source, where nothing bounds them
  if (count >= kMaxEntries) {
    ++count;
    return;
  }
  if (entry.text.size() > kMaxTextBytes) entry.text = entry.text.substr(0, kMaxTextBytes) + "...";
  if (!entries_.empty() && entries_.back() == entry) return;
  ++count;
  entries_.push_back(std::move(entry));
}

std::vector<Diagnostics::Entry> Diagnostics::sorted() const {
  auto entries = entries_;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& left, const Entry& right) { return left.position < right.position; });
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  return entries;
}

std::string Diagnostics::last_line() const {
  const std::string maximum = std::to_string(kMaxEntries);
  if (errors_ > kMaxEntries) return "too many errors: these are the first " + maximum;
  if (warnings_ > kMaxEntries) return "too many warnings: these are the first " + maximum;
  return {};
}

std::vector<std::string> Diagnostics::lines(const Sources& sources) const {
  std::vector<std::string> lines;
  for (const auto& [position, severity, text] : sorted()) {
    lines.push_back(sources.file(position.file).path + ":" + std::to_string(position.line) +
                    (severity == Severity::kError ? ": error: " : ": warning: ") + text);
  }
  if (auto last = last_line(); !last.empty()) lines.push_back(std::move(last));
  return lines;
}

std::string Diagnostics::report(const Sources& sources) const {
  const auto entries = sorted();
  const auto heads = lines(sources);
  std::string text;
  for (std::size_t index = 0; index < heads.size(); ++index) {
    text += heads[index] + "\n";
    if (index >= entries.size()) continue;
    const auto source = shown(sources.line(entries[index].position));
    if (source.find_first_not_of(' ') != std::string::npos) text += "    | " + source + "\n";
  }
  return text;
}

}  // namespace guestd::schema
