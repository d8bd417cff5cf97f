// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace guestd::commands {

/// Gives out the numbers of file handles, each once, also over crashes of the agent: a host that still holds a handle
/// of the agent before must not reach another file with it. `<state_dir>/qga.state` says which number comes next. It is
/// a key file as qemu-ga has it (group `global`, key `fd_counter`), so that one agent can follow the other.
///
/// The file is written ahead, one block of numbers at a time, and not on every open; a crash skips the rest of the
/// block. An agent that opens no file writes none: two fsync(2) would be most of its start on a disk. One thread at a
/// time.
class HandleNumbers {
 public:
  static constexpr std::int64_t kBlock = 64;

  /// Errors are those that stop the agent at start: a file that cannot be read, or could not be written later.
  static Result<HandleNumbers> load(const std::string& state_dir);

  /// The next number: `failed to commit persistent state to disk` if it could be given out again after a crash.
  Result<std::int64_t> take();
  /// Gives the rest of the block back, for an agent that ends in good order.
  Result<void> release_block();

 private:
  HandleNumbers(std::string path, std::int64_t next) : path_(std::move(path)), next_(next), reserved_until_(next) {}

  Result<void> write(std::int64_t next);

  std::string path_;
  std::int64_t next_;
  std::int64_t reserved_until_;  // what the file says, if there is one
};

/// The next number that the text of a state file tells; the first handle if it has none or an odd one. An error for
/// text that is no key file.
Result<std::int64_t> parse_handle_state(std::string_view text);

}  // namespace guestd::commands
