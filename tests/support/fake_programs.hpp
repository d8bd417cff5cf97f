// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "platform/program.hpp"

namespace guestd::support {

/// Runs nothing: records what was asked for, and answers what the test scripted, else that it went well. Thread-safe.
class FakePrograms final : public platform::Programs {
 public:
  using Answer = std::function<Result<platform::ProgramEnd>(const platform::ProgramCall&)>;

  Result<platform::ProgramEnd> run(const platform::ProgramCall& call) override {
    std::unique_lock lock(mutex_);
    calls_.push_back(call);
    const Answer answer = answer_;
    lock.unlock();
    return answer ? answer(call) : platform::ProgramEnd{};
  }

  void answer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  [[nodiscard]] std::vector<platform::ProgramCall> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  /// `path argument...` of each call.
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& call : calls()) {
      std::string line = call.path;
      for (const auto& argument : call.arguments) line += " " + argument;
      all.push_back(std::move(line));
    }
    return all;
  }

  static platform::ProgramEnd exit(int code, std::string output = {}) {
    platform::ProgramEnd end;
    end.code = code;
    end.output = std::move(output);
    return end;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<platform::ProgramCall> calls_;
  Answer answer_;
};

}  // namespace guestd::support
