// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "daemon/agent.hpp"
#include "tests/support/client.hpp"
#include "tests/support/fixture_root.hpp"
#include "tests/support/temp_dir.hpp"

namespace guestd::support {

/// A whole agent inside the test, listening on a Unix socket, on a fixture machine whose clock stands still. Nothing
/// that it does reaches the machine of the test, except for programs if a test wants that.
class FixtureAgent {
 public:
  /// Changes the machine before the agent is made.
  using Adjust = std::function<void(platform::Host&)>;
  /// Hosts may start programs: real ones, of the machine of the test.
  static void run_programs(platform::Host& host) { host.processes = platform::system_processes(); }

  explicit FixtureAgent(std::string_view machine, daemon::Configuration configuration = {}, const Adjust& adjust = {})
      : machine_(machine) {
    configuration.method = "unix-listen";
    configuration.path = socket();
    configuration.statedir = folder_.str();
    log_ = std::move(*daemon::Log::open({folder_.str() + "/log", false, false}));
    platform::Host host = machine_.host();
    if (adjust) adjust(host);
    agent_ = std::move(*daemon::Agent::create(configuration, std::move(host), *log_, audit_));
    thread_ = std::thread([this] { EXPECT_TRUE(agent_->run([] {})); });
  }
  FixtureAgent(const FixtureAgent&) = delete;
  FixtureAgent& operator=(const FixtureAgent&) = delete;
  ~FixtureAgent() {
    agent_->stop();
    thread_.join();
  }

  /// The machine, which may change under the agent.
  [[nodiscard]] const TempDir& machine() const { return machine_.dir(); }

  [[nodiscard]] Client connect() const {
    // The socket's file is there a moment before anybody listens to it.
    for (int attempt = 1;; ++attempt) {
      try {
        return Client(socket());
      } catch (const std::runtime_error&) {
        if (attempt == 400) throw;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  [[nodiscard]] std::string socket() const { return folder_.str() + "/socket"; }

  FixtureRoot machine_;
  TempDir folder_;
  std::unique_ptr<daemon::Log> log_;
  daemon::Audit audit_{nullptr, false};
  std::unique_ptr<daemon::Agent> agent_;
  std::thread thread_;
};

}  // namespace guestd::support
