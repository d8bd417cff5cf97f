// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "client/main/remote_program.hpp"
#include "client/main/verbs.hpp"

namespace guestd::guestctl {
namespace {

/// The time limit of exec is the program's, and the connection keeps its own.
Result<std::unique_ptr<client::Connection>> connect(const Context& context) {
  Context plain = context;
  plain.timeout.reset();
  return plain.connect();
}

void add_terminal_type(RemoteProgram& program) {
  if (const char* const type = std::getenv("TERM"))
    program.environment.insert(program.environment.begin(), std::string("TERM=") + type);
}

Result<int> run(RemoteProgram program, const Context& context) {
  if (program.terminal) add_terminal_type(program);
  program.time_limit = context.timeout;
  auto connection = connect(context);
  if (!connection) return std::move(connection).error();
  auto agent = Capabilities::of(**connection);
  if (!agent) return std::move(agent).error();
  return run_in_guest(**connection, *agent, program);
}

/// The login shell of the user, in the user's home: the agent's own variables tell neither.
constexpr const char* kLogin =
    "line=$(getent passwd \"$(id -u)\" 2>/dev/null || grep \"^[^:]*:[^:]*:$(id -u):\" /etc/passwd)\n"
    "home=$(echo \"$line\" | cut -d: -f6)\n"
    "shell=$(echo \"$line\" | cut -d: -f7)\n"
    "export HOME=\"${home:-/}\" SHELL=\"${shell:-/bin/sh}\"\n"
    "cd \"$HOME\" 2>/dev/null || cd /\n"
    "exec \"$SHELL\" -l";

}  // namespace

Action define_exec(CLI::App& app) {
  auto program = std::make_shared<RemoteProgram>();
  app.add_flag("-i,--interactive", program->interactive, "hand standard input on to the program");
  app.add_flag("-t,--tty", program->terminal, "give the program a terminal");
  app.add_option("-e,--env", program->environment, "set a variable; may be repeated")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("-w,--workdir", program->folder, "start it in this folder")->type_name("DIR");
  app.add_option("-u,--user", program->user, "run it as this user")->type_name("USER");
  app.footer(
      "The program and its arguments stand behind the options, best behind `--`. Exit status: that of the\n"
      "program. --timeout is how long it may run.");
  return [program](Context& context) -> Result<int> {
    if (context.program.empty()) throw CLI::RequiredError("PROGRAM");
    program->words = context.program;
    return run(*program, context);
  };
}

Action define_shell(CLI::App& app) {
  auto user = std::make_shared<std::optional<std::string>>();
  app.add_option("-u,--user", *user, "log in as this user")->type_name("USER");
  app.footer("Ctrl-] typed three times leaves it.");
  return [user](Context& context) -> Result<int> {
    RemoteProgram program;
    program.words = {"sh", "-c", kLogin};
    program.interactive = true;
    program.terminal = true;
    program.user = *user;
    return run(std::move(program), context);
  };
}

}  // namespace guestd::guestctl
