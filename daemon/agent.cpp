// SPDX-License-Identifier: Apache-2.0
#include "daemon/agent.hpp"

#include <boost/asio/post.hpp>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "base/version.hpp"
#include "daemon/config_text.hpp"
#include "daemon/confinement_plan.hpp"
#include "daemon/service_manager.hpp"

namespace guestd::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 1000ms;        // for running commands when the agent ends
constexpr auto kFreezeGrace = 5000ms;  // for a hook that runs when the agent ends
constexpr auto kGraceStep = 10ms;
constexpr int kStatusTries = 3;
constexpr auto kHotplugDelay = 100ms;          // that socket costs the kernel 0.1 ms and more
constexpr std::chrono::seconds kRetryPath{5};  // qemu-ga's --retry-path

sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

commands::FreezeSettings freeze_settings(const Configuration& configuration) {
  const FreezeConfiguration& freeze = configuration.freeze;
  return {.state_directory = configuration.statedir,
          .hook = configuration.fsfreeze_hook,
          .hook_folder = freeze.hook_folder,
          .hook_timeout = freeze.hook_timeout,
          .timeout = freeze.timeout,
          .exclusions = {freeze.exclude_mountpoints, freeze.exclude_devices, freeze.exclude_types}};
}

commands::ExecSettings exec_settings(const Configuration& configuration, Log& log) {
  const ExecConfiguration& exec = configuration.exec;
  commands::ExecSettings settings;
  settings.state_directory = configuration.statedir;
  settings.processes = exec.processes;
  settings.output_bytes = exec.output_limit_bytes;
  settings.memory_bytes = exec.memory_limit_bytes;
  settings.time_limit = exec.timeout;
  settings.grace = exec.grace;
  settings.kept_results = exec.keep_results;
  settings.kept_time = exec.keep_time;
  settings.tell = [&log](const std::string& text) { log.warning(text); };
  return settings;
}

CommandRules command_rules(const Configuration& configuration) {
  return {configuration.policy, CommandFilter(configuration.allow_rpcs, configuration.block_rpcs)};
}

commands::Settings command_settings(const Configuration& configuration) {
  return {configuration.hidden_interfaces, configuration.policy.access};
}

void block_signals() {
  const sigset_t set = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // Whoever started the agent may have ignored it, and then nobody could tell how a child has ended.
  ::signal(SIGCHLD, SIG_DFL);
}

Agent::Agent(const Configuration& configuration, platform::Host host, Log& log, Audit& audit)
    : configuration_(configuration),
      policy_(configuration.policy),
      host_(std::move(host)),
      log_(log),
      audit_(audit),
      io_(1),
      dispatcher_(command_rules(configuration), [this] { return freeze_->restricts(); }),
      signals_(io_),
      retry_(io_),
      audit_flush_(io_),
      watchdog_(io_),
      status_soon_(io_),
      hotplug_soon_(io_),
      auto_online_(io_, host_, workers_, log_) {}

Result<std::unique_ptr<Agent>> Agent::create(const Configuration& configuration, platform::Host host, Log& log,
                                             Audit& audit) {
  std::unique_ptr<Agent> agent(new Agent(configuration, std::move(host), log, audit));
  auto files = commands::FileHandles::open(configuration.statedir, *agent->host_.clock);
  if (!files) return std::move(files).error();
  agent->files_ = std::move(*files);
  auto watch = FreezeWatch::create(agent->io_, log, &audit);
  if (!watch) return std::move(watch).error();
  agent->freeze_watch_ = std::move(*watch);
  agent->freeze_ =
      std::make_unique<commands::FreezeState>(agent->host_, freeze_settings(configuration), *agent->freeze_watch_);
  agent->processes_ = std::make_unique<commands::ProcessTable>(agent->host_, exec_settings(configuration, log));
  agent->context_ = std::make_unique<commands::Context>(
      commands::Context{agent->host_, *agent->files_, agent->dispatcher_, *agent->freeze_, *agent->processes_,
                        command_settings(configuration)});
  const sigset_t set = handled_signals();
  UniqueFd signals(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals.valid()) return Error::from_errno("cannot receive signals", errno);
  audit.wake_with([&io = agent->io_, raw = agent.get()] { asio::post(io, [raw] { raw->flush_audit_later(); }); });
  agent->signals_.assign(signals.release());
  return agent;
}

Result<void> Agent::run(const std::function<void()>& on_ready) {
  watch_signals();
  // Before a host can ask: what an agent left frozen that was killed is this one's now.
  freeze_watch_->start([this] { freeze_->thaw_when_due(); });
  freeze_->take_over();
  if (!freeze_->restricts()) freeze_watch_->hold_writes(false);
  processes_->take_over();
  auto opened = open_channel();
  const bool may_come = configuration_.retry_path && channel_;
  // Without a channel nobody could ask for the thaw.
  if (!opened && !may_come) freeze_->thaw_for_stop(kFreezeGrace);
  if (!opened && !may_come) return opened;
  if (!opened) retry_channel();
  on_ready();
  service_manager::notify("READY=1");
  tell_service_manager();
  feed_watchdog();
  // A host that waits for the first reply comes first.
  open_status_soon();
  if (configuration_.auto_online) watch_hotplug_soon();
  io_.run();
  service_manager::notify("STOPPING=1\nSTATUS=ending");
  freeze_->thaw_for_stop(kFreezeGrace);
  status_.reset();
  if (channel_) channel_->stop();
  // A command that is about to end may do so, rather than leave half of its work.
  for (auto waited = 0ms; has_stuck_commands() && waited < kGrace; waited += kGraceStep) {
    std::this_thread::sleep_for(kGraceStep);
  }
  // Their last words: a session and its command hold each other until then.
  io_.restart();
  io_.poll();
  audit_.end();
  return {};
}

Result<void> Agent::open_channel() {
  const Services services{io_, dispatcher_, *context_, workers_, log_, &audit_};
  auto inherited = service_manager::take_socket();
  if (!inherited) return std::move(inherited).error();
  auto channel = *inherited ? make_inherited_channel(services, configuration_, std::move(**inherited))
                            : make_channel(services, configuration_);
  if (!channel) return std::move(channel).error();
  channel_ = std::move(*channel);
  return channel_->start();
}

void Agent::retry_channel() {
  retry_.expires_after(kRetryPath);
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    if (auto started = channel_->start(); !started) {
      log_.debug(started.error().text);
      retry_channel();
    }
  });
}

void Agent::watch_hotplug_soon() {
  hotplug_soon_.expires_after(kHotplugDelay);
  hotplug_soon_.async_wait([this](const boost::system::error_code& error) {
    if (!error) watch_hotplug();
  });
}

// What comes before is as if it had been there at the start.
void Agent::watch_hotplug() {
  auto events = platform::watch_hotplug();
  if (events) return auto_online_.start(std::move(*events));
  log_.debug("what is plugged in is not brought online: " + events.error().text);
}

void Agent::watch_signals() {
  signals_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) on_signals();
  });
}

void Agent::on_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.native_handle(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGHUP) return io_.stop();
    if (auto reopened = log_.reopen(); !reopened) log_.error(reopened.error().text);
    if (auto reopened = audit_.reopen(); !reopened) log_.error(reopened.error().text);
    reload();
  }
  watch_signals();
}

void Agent::flush_audit_later() {
  audit_flush_.expires_after(Audit::kRepeats);
  audit_flush_.async_wait([this](const boost::system::error_code& error) {
    if (!error) audit_.flush();
  });
}

void Agent::open_status_soon() {
  status_soon_.expires_after(kStatusDelay);
  status_soon_.async_wait([this](const boost::system::error_code& error) {
    if (!error) open_status_socket();
  });
}

// Errors are for a person who misses the answer: the host is served all the same. A program that an agent before this
// one was starting may hold its socket for a moment.
void Agent::open_status_socket() {
  auto opened = StatusSocket::open(io_, configuration_.statedir, [this] { return status(); });
  if (opened) {
    status_ = *std::move(opened);
  } else if (++status_tries_ < kStatusTries) {
    open_status_soon();
  } else {
    log_.debug("guestd status will have no answer: " + opened.error().text);
  }
}

std::string Agent::status() const {
  const auto report = freeze_->report();
  std::string text = "version: " + std::string(kVersion) + "\n";
  text += "channel: " + (channel_ ? channel_->describe() : "none") + "\n";
  text += "profile: " + std::string(name_of(policy_.profile)) + "\n";
  text += std::string("confined: ") + (confinement_.is_any() ? "yes" : "no") + "\n";
  text += "frozen: " + (freeze_->restricts() ? std::to_string(report.frozen) + " file systems" : "no") + "\n";
  text += "open files: " + std::to_string(files_->size()) + "\n";
  text += "commands running: " + std::to_string(workers_.busy()) + "\n";
  text += "conversations so far: " + std::to_string(audit_.clients()) + "\n";
  return text;
}

void Agent::tell_service_manager() {
  service_manager::notify("STATUS=" + (channel_ ? channel_->describe() : "no channel") +
                          "; profile=" + std::string(name_of(policy_.profile)));
}

// Only if the service manager asks for it; the shipped unit does so every few minutes.
void Agent::feed_watchdog() {
  const auto interval = service_manager::watchdog_interval();
  if (!interval) return;
  service_manager::notify("WATCHDOG=1");
  watchdog_.expires_after(*interval / 2);
  watchdog_.async_wait([this](const boost::system::error_code& error) {
    if (!error) feed_watchdog();
  });
}

// On a worker, since the disk may be slow.
void Agent::reload() {
  if (!read_configuration_) return;
  if (std::exchange(is_reloading_, true)) {
    must_reload_again_ = true;
    return;
  }
  const bool submitted = workers_.submit([this, sources = sources_] {
    auto line = std::make_shared<CommandLine>(read_configuration_(sources));
    asio::post(io_, [this, line = std::move(line)] { take_over(*line); });
  });
  if (submitted) return;
  is_reloading_ = false;
  log_.error("the configuration was not read again: too many commands are still running");
}

void Agent::take_over(const CommandLine& line) {
  is_reloading_ = false;
  if (line.action == CommandLine::Action::kRun) {
    put_in_effect(line);
  } else {
    log_.error("the new configuration has errors, so the old one stays in effect: " + line.errors);
  }
  if (std::exchange(must_reload_again_, false)) reload();
}

void Agent::put_in_effect(const CommandLine& line) {
  for (const std::string& warning : line.warnings) log_.warning(warning);
  const Configuration& fresh = line.configuration;
  dispatcher_.replace(command_rules(fresh));
  context_->settings.replace(command_settings(fresh));
  log_.info("the policy was read again: profile=" + std::string(name_of(fresh.policy.profile)));
  policy_ = fresh.policy;
  sources_ = line.sources;
  tell_service_manager();
  if (!covers(confinement_, plan_confinement(fresh, command_rules(fresh)))) {
    log_.warning("this process was confined for a policy that allows less: restart guestd to let everything work");
  }
  Configuration rest = fresh;
  rest.policy = configuration_.policy;
  rest.allow_rpcs = configuration_.allow_rpcs;
  rest.block_rpcs = configuration_.block_rpcs;
  rest.hidden_interfaces = configuration_.hidden_interfaces;
  if (configuration_text(rest) != configuration_text(configuration_)) {
    log_.warning("other settings have changed too; they take effect at the next start");
  }
}

}  // namespace guestd::daemon
