// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/report.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/support/agent.hpp"

namespace guestd::bench {
namespace {

constexpr std::string_view kBegin = "<!-- bench: begin -->\n";
constexpr std::string_view kEnd = "<!-- bench: end -->";

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string ratio(const Row& row) {
  if (row.peer <= 0 || row.ours <= 0) return "";
  return row.ours < row.peer ? "1/" + fixed(row.peer / row.ours, 1) : fixed(row.ours / row.peer, 1);
}

}  // namespace

std::string markdown(const std::vector<Row>& rows, const std::string& peer_name, const std::string& our_name) {
  std::string text = "| what | " + peer_name + " | " + our_name + " | ratio | target | met |\n";
  text += "|---|---:|---:|---:|---|---|\n";
  int targets = 0;
  int met = 0;
  for (const auto& row : rows) {
    text += "| " + row.what + " | " + fixed(row.peer, row.digits) + " | " + fixed(row.ours, row.digits) + " | " +
            ratio(row) + " | ";
    if (row.target) {
      const bool reached = row.target->met(row.peer, row.ours);
      ++targets;
      met += reached ? 1 : 0;
      text += row.target->text + " | " + (reached ? "yes" : "**no**") + " |\n";
    } else {
      text += " | |\n";
    }
  }
  return text + "\n" + std::to_string(met) + " of " + std::to_string(targets) + " targets met.\n";
}

bool update_file(const std::string& file, const std::string& table) {
  std::string text = support::slurp(file);
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return false;
  const auto from = begin + kBegin.size();
  text.replace(from, end - from, "\n" + table + "\n");
  std::ofstream(file, std::ios::binary) << text;
  return true;
}

}  // namespace guestd::bench
