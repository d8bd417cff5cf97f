// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/lib/connection.hpp"
#include "client/lib/endpoint.hpp"
#include "client/lib/monitor.hpp"
#include "client/main/virtio_port.hpp"

namespace guestd::guestctl {

/// One thing that was looked at.
struct Finding {
  enum class Outcome {
    kGood,
    kNote,   ///< could not be looked at, or is worth knowing
    kWrong,  ///< it is what keeps the agent from doing its work
  };
  Outcome outcome = Outcome::kGood;
  std::string subject;  ///< `socket`, `monitor`, `machine`, `port`, `driver`, `queue`, `agent`, `commands`, `version`
  std::string text;
  std::string remedy;  ///< what to do about it; "" if it is good
  int status = 0;      ///< exit status that goes with it
};

/// What to look at.
struct Patient {
  std::optional<client::Endpoint> endpoint;
  client::Monitor* monitor = nullptr;  ///< null: there is none
  std::string chardev;                 ///< id of the agent's character device, if it is known
  client::ConnectionOptions options;
};

/// Walks the way from the host to the agent and ends at the first thing that is wrong, which is the last finding then.
/// The steps in their order: the socket, the machine, the port, its driver, who has it open, the agent's answer, what
/// it may do, whether it is frozen, how old it is.
class Diagnosis {
 public:
  explicit Diagnosis(Patient patient) : patient_(std::move(patient)) {}

  std::vector<Finding> run();

 private:
  using Outcome = Finding::Outcome;

  bool check_socket();
  bool check_machine();
  bool check_port();
  bool check_other_port(const std::vector<VirtioPort>& ports);
  bool check_driver();
  bool check_frontend();
  bool check_answer();
  bool check_frozen(client::Connection& agent);
  bool check_commands(client::Connection& agent);

  void find_chardev();
  void explain_silence(const Error& error);
  bool good(std::string subject, std::string text);
  bool note(std::string subject, std::string text);
  bool wrong(std::string subject, std::string text, std::string remedy, int status);

  Patient patient_;
  std::vector<Finding> findings_;
  std::optional<qmp::ChardevInfo> chardev_;
  std::optional<VirtioPort> port_;
};

/// Names of commands that the agent knows and may not run, those of other systems than Linux left out.
std::vector<std::string> blocked_commands(const std::vector<std::pair<std::string, bool>>& commands);
/// Whether an agent of this version lacks commands that hosts rely on today.
bool is_old_version(std::string_view version);

}  // namespace guestd::guestctl
