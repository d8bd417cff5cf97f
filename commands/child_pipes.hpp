// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "commands/child.hpp"
#include "commands/exec_start.hpp"
#include "commands/output_store.hpp"

namespace guestd::commands {

/// The folder for the outputs of programs that outlive the agent, and the file for one of them: `index` 0 is the
/// output, 1 the error output.
std::string spool_folder(const std::string& state_directory);
std::string spool_path(const std::string& state_directory, std::uint64_t spool, std::size_t index);

/// Both ends of everything between the agent and a program.
struct ChildPipes {
  struct Settings {
    const std::string& state_directory;
    std::uint64_t spool;       ///< a number that no other program has
    std::size_t output_limit;  ///< bytes that are kept of each output
    OutputBudget& budget;
  };

  /// Nothing of it is left if it fails.
  static Result<ChildPipes> make(const ExecStart& start, const Settings& settings);

  void remove_spools() const;

  std::array<UniqueFd, 2> outputs{};
  std::array<UniqueFd, 2> program_outputs{};
  UniqueFd input{};
  UniqueFd program_input{};
  std::array<std::shared_ptr<OutputStore>, 2> captured{};
  std::array<std::shared_ptr<SpooledOutput>, 2> spooled{};
  std::uint64_t spool = 0;  ///< 0: there are no files
  std::vector<std::string> spool_paths{};

 private:
  Result<void> add(const ExecStart& start, const Settings& settings);
  Result<void> add_terminal(const ExecStart& start, const Settings& settings);
  Result<void> add_capture(std::size_t index, const ExecStart& start, const Settings& settings);
  Result<void> add_spool(std::size_t index, const Settings& settings);
  Result<void> add_input();
};

}  // namespace guestd::commands
