// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/cases.hpp"

namespace guestd::bench {

/// What docs/performance.md calls a target: `met` gets the peer's and our value.
struct Target {
  std::string text;
  std::function<bool(double peer, double ours)> met;
};

struct Row {
  std::string what;
  double peer = 0;
  double ours = 0;
  int digits = 1;
  std::optional<Target> target;
};

/// A Markdown table of all rows, and how many targets were met.
std::string markdown(const std::vector<Row>& rows, const std::string& peer_name, const std::string& our_name);

/// Puts `table` between the marker lines of `file`; false if the file has none.
bool update_file(const std::string& file, const std::string& table);

}  // namespace guestd::bench
