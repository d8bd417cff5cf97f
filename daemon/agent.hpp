// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "commands/context.hpp"
#include "commands/file_handles.hpp"
#include "commands/freeze_state.hpp"
#include "commands/process_table.hpp"
#include "daemon/audit.hpp"
#include "daemon/auto_online.hpp"
#include "daemon/channel.hpp"
#include "daemon/configuration.hpp"
#include "daemon/dispatcher.hpp"
#include "daemon/freeze_watch.hpp"
#include "daemon/log.hpp"
#include "daemon/options.hpp"
#include "daemon/status.hpp"
#include "daemon/workers.hpp"
#include "platform/confinement.hpp"
#include "platform/host.hpp"

namespace guestd::daemon {

/// The running agent: everything that lives from start to end, and the event loop of the I/O thread.
class Agent {
 public:
  /// Loads the state; nothing is open yet. SIGTERM, SIGINT and SIGHUP are blocked (block_signals()) and stay so.
  /// `log` and `audit` outlive it.
  static Result<std::unique_ptr<Agent>> create(const Configuration& configuration, platform::Host host, Log& log,
                                               Audit& audit);

  /// Reads the configuration again; the argument is CommandLine::sources of the one in effect.
  using Read = std::function<CommandLine(const std::vector<std::string>&)>;
  /// At SIGHUP `read` is called, on a worker; what it reads about the policy and hidden interfaces takes effect at
  /// once, unless it has errors. `sources` are those of the first one. Before run().
  void reload_with(Read read, std::vector<std::string> sources) {
    read_configuration_ = std::move(read);
    sources_ = std::move(sources);
  }
  /// How the process has been confined, so that a new policy which wants more can be told to wait. Before run().
  void is_confined_to(platform::Confinement confinement) { confinement_ = std::move(confinement); }

  /// Opens the channel and serves until SIGTERM or SIGINT. `on_ready` is called once, when the channel is open (or is
  /// being waited for). An error means that the channel could not be had.
  Result<void> run(const std::function<void()>& on_ready);

  /// Ends run() as SIGTERM does. From any thread.
  void stop() { io_.stop(); }

  /// Whether commands still run on threads that cannot be waited for: end the process with _exit(2) then.
  [[nodiscard]] bool has_stuck_commands() const { return workers_.busy() > 0 || freeze_->is_busy(); }

 private:
  Agent(const Configuration& configuration, platform::Host host, Log& log, Audit& audit);

  Result<void> open_channel();
  void retry_channel();
  void watch_hotplug_soon();
  void watch_hotplug();
  void watch_signals();
  void on_signals();
  void reload();
  void take_over(const CommandLine& line);
  void put_in_effect(const CommandLine& line);
  void flush_audit_later();
  void open_status_soon();
  void open_status_socket();
  [[nodiscard]] std::string status() const;
  void tell_service_manager();
  void feed_watchdog();

  const Configuration configuration_;
  PolicyConfiguration policy_;  // in effect
  const platform::Host host_;
  Log& log_;
  Audit& audit_;
  asio::io_context io_;
  std::unique_ptr<commands::FileHandles> files_;
  std::unique_ptr<FreezeWatch> freeze_watch_;
  std::unique_ptr<commands::FreezeState> freeze_;
  std::unique_ptr<commands::ProcessTable> processes_;
  Dispatcher dispatcher_;
  std::unique_ptr<commands::Context> context_;
  Workers workers_;
  std::unique_ptr<Channel> channel_;
  asio::posix::stream_descriptor signals_;
  asio::steady_timer retry_;
  asio::steady_timer audit_flush_;
  asio::steady_timer watchdog_;
  asio::steady_timer status_soon_;
  int status_tries_ = 0;
  asio::steady_timer hotplug_soon_;
  AutoOnline auto_online_;
  Read read_configuration_;
  std::vector<std::string> sources_;  // of the configuration in effect
  platform::Confinement confinement_;
  std::unique_ptr<StatusSocket> status_;
  bool is_reloading_ = false;
  bool must_reload_again_ = false;
};

/// The part of the configuration that is about programs.
commands::ExecSettings exec_settings(const Configuration& configuration, Log& log);

/// The part of the configuration that is about freezing.
commands::FreezeSettings freeze_settings(const Configuration& configuration);

/// The parts of the configuration that say what the host may do, and what it is shown.
CommandRules command_rules(const Configuration& configuration);
commands::Settings command_settings(const Configuration& configuration);

/// Keeps the signals that Agent handles from ending the process before there is an Agent. First thing in main, so that
/// SIGTERM means a clean end at any moment. Ignores SIGPIPE.
void block_signals();

}  // namespace guestd::daemon
