// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "protocol/buffer.hpp"
#include "protocol/json_reader.hpp"
#include "tests/support/agent.hpp"

namespace guestd::support {

/// The other end of QMP, as a script: what it answers to each command, and when it says something by itself. It listens
/// on a socket and serves one client at a time, as QEMU does. Without a greeting it can play an agent too: it answers
/// guest-sync-delimited by itself.
class FakeMonitor {
 public:
  static constexpr std::string_view kGreeting =
      R"({"QMP": {"version": {"qemu": {"micro": 1, "minor": 2, "major": 9}, "package": "x"}, )"
      R"("capabilities": ["oob"]}})";

  explicit FakeMonitor(std::string greeting = std::string(kGreeting)) : greeting_(std::move(greeting)) {
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), 1) != 0) {
      throw std::runtime_error("cannot listen on " + path());
    }
    answer("qmp_capabilities", "{}");
    thread_ = std::thread([this] { serve(); });
  }
  FakeMonitor(const FakeMonitor&) = delete;
  FakeMonitor& operator=(const FakeMonitor&) = delete;
  ~FakeMonitor() {
    ending_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    hang_up();
    thread_.join();
  }

  [[nodiscard]] std::string path() const { return folder_.file("qmp"); }

  /// The value of `return`.
  void answer(const std::string& command, std::string value) { set(command, "\"return\": " + std::move(value)); }
  void refuse(const std::string& command, const std::string& why) {
    set(command, R"("error": {"class": "GenericError", "desc": ")" + why + "\"}");
  }
  /// Bytes that are sent before the reply to a command, such as events.
  void before(const std::string& command, std::string bytes) {
    const std::lock_guard lock(mutex_);
    before_[command] = std::move(bytes);
  }
  /// A command that gets no answer.
  void ignore(const std::string& command) { set(command, ""); }
  /// Ends the conversation after the reply to this command.
  void end_after(const std::string& command) {
    const std::lock_guard lock(mutex_);
    last_ = command;
  }
  void send(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return;
  }
  void hang_up() {
    const std::lock_guard lock(mutex_);
    if (client_.valid()) ::shutdown(client_.get(), SHUT_RDWR);
  }
  /// The requests so far, each as a line.
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void set(const std::string& command, std::string body) {
    const std::lock_guard lock(mutex_);
    answers_[command] = std::move(body);
  }

  void serve() {
    while (!ending_) {
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) return;
      {
        const std::lock_guard lock(mutex_);
        client_ = std::move(client);
      }
      send(greeting_ + "\r\n");
      std::string input;
      char piece[4096];
      for (;;) {
        const ssize_t got = ::read(client_.get(), piece, sizeof piece);
        if (got <= 0) break;
        input.append(piece, static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
          take(input.substr(0, end));
        }
      }
    }
  }

  void take(std::string line) {
    constexpr char kReset = static_cast<char>(0xFF);
    if (line.starts_with(kReset)) line.erase(0, 1);
    const auto request = protocol::JsonDocument::parse(protocol::Buffer(line));
    const auto name = request ? request->root().find("execute") : std::nullopt;
    if (!name) return;
    const std::string command(name->as_string());
    if (command == "guest-sync-delimited") return answer_sync(request->root());
    const auto id = request->root().find("id");
    std::string bytes;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(line);
      const auto body = answers_.find(command);
      bytes = before_[command];
      const std::string said = body == answers_.end()
                                   ? R"("error": {"class": "CommandNotFound", "desc": "no command )" + command + "\"}"
                                   : body->second;
      if (!said.empty()) bytes += "{" + said + ", \"id\": " + std::to_string(id ? id->as_int() : 0) + "}\r\n";
    }
    if (!bytes.empty()) send(bytes);
    if (command == last_) hang_up();
  }

  void answer_sync(protocol::JsonView request) {
    const auto arguments = request.find("arguments");
    const auto id = arguments ? arguments->find("id") : std::nullopt;
    send("\xFF{\"return\": " + std::to_string(id ? id->as_int() : 0) + "}\n");
  }

  TempFolder folder_;
  std::string greeting_;
  UniqueFd listener_;
  std::mutex mutex_;
  UniqueFd client_;
  std::map<std::string, std::string> answers_;
  std::map<std::string, std::string> before_;
  std::vector<std::string> requests_;
  std::string last_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace guestd::support
