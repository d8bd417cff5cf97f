// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

/// What the verbs' own definitions say of their options: completion and manual pages are made of it.
namespace guestd::guestctl {

struct DescribedOption {
  std::vector<std::string> names;  ///< `-c`, `--count`; of an argument its name alone
  std::string value;               ///< `N`; "" for a flag
  std::string text;
  bool required = false;

  [[nodiscard]] bool takes_value() const { return !value.empty(); }
};

struct DescribedVerb {
  std::string name;
  std::string summary;
  std::string footer;
  std::vector<DescribedOption> options;
  std::vector<DescribedOption> arguments;
  bool runs_program = false;
};

std::vector<DescribedVerb> described_verbs();
std::vector<DescribedOption> shared_options();

}  // namespace guestd::guestctl
