// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/cases.hpp"
#include "tests/support/agent.hpp"
#include "tests/support/client.hpp"

namespace guestd::bench {
namespace {

using namespace std::chrono_literals;
using support::Agent;
using support::Client;
using Clock = std::chrono::steady_clock;

constexpr auto kDeadline = 120s;

Agent agent_with_exec(const std::string& binary) {
  Agent::Options options;
  options.binary = binary;
  options.environment = {"GUESTD_HANDS_OFF=except-exec"};
  return Agent(std::move(options));
}

std::string request(const std::string& command, const std::string& arguments) {
  return R"({"execute":")" + command + R"(","arguments":{)" + arguments + "}}";
}

std::string must_answer(Client& client, const std::string& text) {
  auto reply = client.request(text, kDeadline);
  if (reply.find("\"return\"") == std::string::npos) throw std::runtime_error("no result: " + reply);
  return reply;
}

std::string start(Client& client, const std::string& text) {
  const std::string reply = must_answer(client, text);
  const auto from = reply.find("\"pid\": ") + 7;
  return reply.substr(from, reply.find('}', from) - from);
}

/// Asks once a millisecond, as often for one agent as for the other.
void collect(Client& client, const std::string& pid) {
  const std::string status = request("guest-exec-status", "\"pid\":" + pid);
  do {
    support::sleep_for(1ms);
  } while (must_answer(client, status).find("\"exited\": true") == std::string::npos);
}

std::string program(std::size_t output_bytes) {
  if (output_bytes == 0) return request("guest-exec", R"("path":"/bin/true")");
  return request("guest-exec", R"("path":"/usr/bin/head","arg":["-c",")" + std::to_string(output_bytes) +
                                   R"(","/dev/zero"],"capture-output":true)");
}

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

}  // namespace

PerRequest exec_to_status(const std::string& binary, const Effort& effort, std::size_t output_bytes) {
  const Agent agent = agent_with_exec(binary);
  Client client(agent.socket());
  const std::string text = program(output_bytes);
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) collect(client, start(client, text));
  };
  run(20);
  const auto cpu = support::cpu_time_of(agent.pid());
  const auto wall = Clock::now();
  run(effort.programs);
  const double spent = static_cast<double>((support::cpu_time_of(agent.pid()) - cpu).count());
  return {spent / 1000 / effort.programs, effort.programs * 1000 / milliseconds(Clock::now() - wall)};
}

Transfer exec_read(const std::string& binary, const Effort& effort) {
  constexpr std::size_t kKept = std::size_t{16} << 20U;
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  const Agent agent = agent_with_exec(binary);
  Client client(agent.socket());
  const std::string pid = start(client, request("guestd-exec", R"("path":"head","args":["-c",")" +
                                                                   std::to_string(kKept) + R"(","/dev/urandom"])"));
  // Until all of it is there.
  while (must_answer(client, request("guestd-exec-list", "")).find("\"exited\": true") == std::string::npos) {
    support::sleep_for(5ms);
  }
  const auto cpu = support::cpu_time_of(agent.pid());
  const auto wall = Clock::now();
  std::size_t moved = 0;
  while (moved < 2 * effort.bulk_bytes) {
    const std::string offset = std::to_string(moved % kKept);
    const bool sent = client.send(
        request("guestd-exec-read", "\"pid\":" + pid + ",\"stream\":\"stdout\",\"stdout-offset\":" + offset +
                                        ",\"max-bytes\":" + std::to_string(kPiece)) +
            "\n",
        kDeadline);
    if (!sent || client.discard_line(kDeadline) < kPiece) throw std::runtime_error("the output is not there");
    moved += kPiece;
  }
  const double spent = static_cast<double>((support::cpu_time_of(agent.pid()) - cpu).count());
  const auto bytes = static_cast<double>(moved);
  return {spent / bytes, bytes / (1 << 20U) / (milliseconds(Clock::now() - wall) / 1000)};
}

Flood exec_flood(const std::string& binary) {
  const Agent agent = agent_with_exec(binary);
  Client client(agent.socket());
  std::vector<std::string> pids;
  for (int i = 0; i < 64; ++i) {
    pids.push_back(start(client, request("guestd-exec", R"("path":"yes","output-limit":16777216)")));
  }
  std::vector<double> pings;
  for (int i = 0; i < 200; ++i) {
    const auto begin = Clock::now();
    (void)must_answer(client, R"({"execute":"guest-ping"})");
    pings.push_back(milliseconds(Clock::now() - begin));
    support::sleep_for(5ms);
  }
  const auto resident = static_cast<double>(support::memory_of(agent.pid()).resident_kib);
  for (const std::string& pid : pids) ::kill(-static_cast<pid_t>(std::stol(pid)), SIGKILL);
  return {*std::ranges::max_element(pings), median(pings), resident};
}

}  // namespace guestd::bench
