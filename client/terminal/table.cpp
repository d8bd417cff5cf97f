// SPDX-License-Identifier: Apache-2.0
#include "client/terminal/table.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "client/terminal/escape.hpp"

namespace guestd::terminal {
namespace {

/// A guest could make one cell, and with it the column, as wide as a reply is large.
constexpr std::size_t kCellBytes = 200;

std::string padded(std::string_view cell, std::size_t columns, Table::Align align) {
  const std::size_t wide = width(cell);
  const std::string blanks(columns > wide ? columns - wide : 0, ' ');
  return align == Table::Align::kRight ? blanks + std::string(cell) : std::string(cell) + blanks;
}

void trim_end(std::string& line) { line.resize(line.find_last_not_of(' ') + 1); }

}  // namespace

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = printable(excerpt(cell, kCellBytes));
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(const Style& style) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t index = 0; index < row.size(); ++index) widths[index] = std::max(widths[index], width(row[index]));
  }
  const auto line = [&](const auto& cell_of) {
    std::string out;
    for (std::size_t index = 0; index < columns_.size(); ++index) {
      if (index > 0) out += "  ";
      out += padded(cell_of(index), widths[index], columns_[index].align);
    }
    trim_end(out);
    return out;
  };
  std::string out = style.bold(line([&](std::size_t index) { return columns_[index].title; })) + "\n";
  for (const auto& row : rows_) out += line([&](std::size_t index) -> std::string_view { return row[index]; }) + "\n";
  return out;
}

}  // namespace guestd::terminal
