// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/disks.hpp"

/// What is measured: each function runs one case once against one agent and returns plain numbers. Times are CPU time
/// of the agent process unless the name says otherwise; wall time depends on what else the machine does.
namespace guestd::bench {

/// How much of everything, for a real run and for a quick look.
struct Effort {
  int rounds = 5;  ///< of each case; the median counts
  int pings = 20000;
  int programs = 500;
  int starts = 25;
  std::size_t bulk_bytes = std::size_t{64} << 20U;  ///< moved per round with small requests
  int idle_ms = 5000;
};

struct PerRequest {
  double cpu_us = 0;
  double per_second = 0;
};

struct Transfer {
  double cpu_ns_per_byte = 0;
  double mib_per_second = 0;
};

/// KiB.
struct Footprint {
  double idle_proportional = 0;
  double idle_resident = 0;
  double growth_after_transfer = 0;  ///< resident, after 16 MiB written and read, against before
  double peak_of_write = 0;          ///< above idle, 32 MiB of payload
  double peak_of_read = 0;           ///< above idle, 48 MiB of payload
};

/// A machine with many mounted loop devices and tmpfs, as commands about disks see it. Nobody else sees the mounts.
class DiskMachine {
 public:
  DiskMachine(std::size_t disks, std::size_t tmpfs);
  ~DiskMachine();
  DiskMachine(const DiskMachine&) = delete;
  DiskMachine& operator=(const DiskMachine&) = delete;
  /// False: this process may not make it, or there are no tools for it.
  [[nodiscard]] bool usable() const { return parts_ != nullptr; }

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A machine with many CPUs and memory blocks, as sysfs would tell of them. Nobody else sees it.
class LargeMachine {
 public:
  LargeMachine(std::size_t cpus, std::size_t memory_blocks);
  /// False: this process may not make it.
  [[nodiscard]] bool usable() const { return !mounts_.empty(); }

 private:
  std::vector<support::Mounted> mounts_;
};

/// `command` without arguments, asked often.
PerRequest plain_command(const std::string& binary, const Effort& effort, const std::string& command);

/// A program run from guest-exec to its collected status, `output_bytes` of which are captured (0: nothing is).
PerRequest exec_to_status(const std::string& binary, const Effort& effort, std::size_t output_bytes);
/// Captured output, read again and again over the socket: guestd alone.
Transfer exec_read(const std::string& binary, const Effort& effort);
/// 64 programs that write at full speed: the slowest of many pings in milliseconds, and KiB of memory. guestd alone.
struct Flood {
  double slowest_ping_ms = 0;
  double median_ping_ms = 0;
  double resident_kib = 0;
};
Flood exec_flood(const std::string& binary);

PerRequest ping(const std::string& binary, const Effort& effort);
/// A process that answers the bytes of a ping with the bytes of its reply and does nothing else: epoll_wait(2), read(2)
/// and write(2) of each request are what no agent with an event loop can go below on this machine.
PerRequest bare_echo(const Effort& effort);
PerRequest sync(const std::string& binary, const Effort& effort);
/// Eight clients that ping at the same time.
PerRequest crowd(const std::string& binary, const Effort& effort);

Transfer file_write(const std::string& binary, const Effort& effort, std::size_t payload_bytes);
Transfer file_read(const std::string& binary, const Effort& effort, std::size_t payload_bytes);

/// Milliseconds of wall time from the start of the process to the reply of the first guest-sync.
double start_to_first_reply(const std::string& binary);

Footprint footprint(const std::string& binary);
/// Context switches of an agent that nobody talks to, with one silent client connected or with none.
double idle_wakeups(const std::string& binary, const Effort& effort, bool connected);

double median(std::vector<double> values);

}  // namespace guestd::bench
