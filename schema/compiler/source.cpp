// SPDX-License-Identifier: Apache-2.0
#include "schema/compiler/source.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <tuple>

namespace guestd::schema {

Result<std::uint32_t> Sources::load(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) return Error::from_errno("cannot read '" + path + "'", EISDIR);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error::from_errno("cannot read '" + path + "'", errno);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) return Error::from_errno("cannot read '" + path + "'", errno);
  return add(path, std::move(text).str());
}

std::uint32_t Sources::add(std::string path, std::string text) {
  files_.push_back({std::move(path), std::move(text)});
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::optional<std::uint32_t> Sources::find(std::string_view path) const {
  for (std::uint32_t index = 0; index < files_.size(); ++index) {
    if (files_[index].path == path) return index;
  }
  return std::nullopt;
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

void Diagnostics::error(Position position, std::string text) { errors_.push_back({position, std::move(text)}); }

std::vector<std::string> Diagnostics::lines(const Sources& sources) const {
  auto sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Entry& left, const Entry& right) { return left.position < right.position; });
  std::vector<std::string> lines;
  for (const auto& [position, text] : sorted) {
    auto line = sources.file(position.file).path + ":" + std::to_string(position.line) + ": error: " + text;
    if (lines.empty() || lines.back() != line) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace guestd::schema
