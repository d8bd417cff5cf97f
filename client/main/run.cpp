// SPDX-License-Identifier: Apache-2.0
#include "client/main/run.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/version.hpp"
#include "client/main/context.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

constexpr std::string_view kUsage =
    "Usage: guestctl [OPTION]... VERB [OPTION]... [ARGUMENT]...\n"
    "\n"
    "Speaks to the guest agent of a virtual machine: guestd, qemu-ga, or any other.\n"
    "\n";

const Verb* find_verb(std::string_view name) {
  const auto all = verbs();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Verb& verb) { return verb.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string padded(std::string_view text, std::size_t columns) {
  std::string out(text);
  out.resize(std::max(columns, out.size() + 1), ' ');
  return out;
}

void print_help(CLI::App& app) {
  std::string text(kUsage);
  text += "Verbs:\n";
  for (const Verb& verb : verbs()) text += "  " + padded(verb.name, 12) + std::string(verb.summary) + "\n";
  // CLI11's own text without its first line, which tells of no verbs.
  const std::string options = app.help();
  text += options.substr(std::min(options.find("\nOptions"), options.size()));
  text += "`guestctl VERB --help` and `man guestctl-VERB` tell more.\n";
  print(text);
}

/// The words that CLI11 did not take: an option that nobody knows, or the program to run.
void take_program(const CLI::App& app, Context& context) {
  context.program = app.remaining();
  if (context.program.empty()) return;
  std::string& first = context.program.front();
  if (first == "--") {
    context.program.erase(context.program.begin());
  } else if (first.size() > 1 && first.front() == '-') {
    throw CLI::ExtrasError({first});
  }
}

/// CLI11 takes words from the back.
std::vector<std::string> reversed(std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());
  return words;
}

int usage_error(const CLI::ParseError& error, const std::string& verb) {
  complain(error.what());
  print_error_line("Try `guestctl" + (verb.empty() ? "" : " " + verb) + " --help`.");
  return kExitUsage;
}

int run_without_verb(CommandLine line) {
  Context context;
  CLI::App app("", "guestctl");
  bool version = false;
  app.add_flag("--version", version, "print the version");
  add_shared_options(app, context);
  try {
    app.parse(reversed(std::move(line.words)));
  } catch (const CLI::CallForHelp&) {
    print_help(app);
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return usage_error(error, "");
  }
  if (version) {
    print("guestctl " + std::string(kVersion) + "\n");
    return kExitDone;
  }
  complain("say what to do: there is no verb");
  print_error_line("Try `guestctl --help`.");
  return kExitUsage;
}

int finish(Result<int> outcome) {
  if (outcome) return *outcome;
  complain(outcome.error().text);
  return exit_status_of(outcome.error());
}

int run_verb(const Verb& verb, CommandLine line) {
  Context context;
  CLI::App app(std::string(verb.summary), "guestctl " + std::string(verb.name));
  const Action action = verb.define(app);
  add_shared_options(app, context);
  app.prefix_command(verb.runs_program);
  try {
    app.parse(reversed(std::move(line.words)));
    if (verb.runs_program) take_program(app, context);
    return finish(action(context));
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return usage_error(error, line.verb);
  }
}

int run_line(CommandLine line) {
  if (line.verb.empty()) return run_without_verb(std::move(line));
  const Verb* const verb = find_verb(line.verb);
  if (verb != nullptr) return run_verb(*verb, std::move(line));
  complain("there is no verb " + line.verb);
  print_error_line("Try `guestctl --help`.");
  return kExitUsage;
}

}  // namespace

int run(int argc, const char* const* argv) {
  const int status = run_line(split_at_verb(argc, argv));
  // A full disk shows here.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain(Error::from_errno("cannot write the output", errno).text);
    return status == kExitDone ? kExitFailed : status;
  }
  return status;
}

}  // namespace guestd::guestctl
