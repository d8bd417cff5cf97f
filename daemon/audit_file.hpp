// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "daemon/audit.hpp"

namespace guestd::daemon {

/// The trail in a file, a line of JSON per record. A disk may hang, so lines wait in memory for a thread that ends when
/// there was nothing to write for a while. What finds no room there, or on the disk, is counted, and told as soon as
/// there is.
class AuditFile final : public AuditSink {
 public:
  explicit AuditFile(std::string path, std::function<void(const Error&)> on_failure = {});
  /// Does not wait for a thread that is stuck; it owns what it needs.
  ~AuditFile() override;

  /// On this thread, which may wait for the disk.
  Result<void> open();
  /// Writes to this from now on; for tests.
  void use(UniqueFd fd);

  bool write(const AuditRecord& record) override;
  Result<void> reopen() override;
  void hold(bool hold) override;
  void settle() override;
  void finish() override;

  static constexpr std::size_t kWaitingLines = 4096;
  static constexpr std::size_t kWaitingBytes = std::size_t{4} << 20U;
  /// For how long finish() waits at most; settle() waits for half of it.
  static constexpr std::chrono::milliseconds kPatience{2000};

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace guestd::daemon
