// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "client/main/context.hpp"

namespace guestd::guestctl {

/// Adds the options that all verbs share. They write to `context` while they are parsed; a value that makes no sense is
/// a CLI::ValidationError.
void add_shared_options(CLI::App& app, Context& context);

/// For CLI::Option::check() of a word that is sent: the error, or "".
std::string must_be_utf8(const std::string& word);

/// A command line, taken apart at its verb: options may stand on both sides of it.
struct CommandLine {
  std::string verb;                ///< "" if there is none
  std::vector<std::string> words;  ///< all others, in their order
};
CommandLine split_at_verb(int argc, const char* const* argv);

}  // namespace guestd::guestctl
