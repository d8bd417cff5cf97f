// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/cases.hpp"
#include "tests/bench/report.hpp"
#include "tests/support/agent.hpp"

namespace guestd::bench {
namespace {

struct Contest {
  std::string peer;  ///< "": not installed, its columns stay 0
  std::string ours;
  Effort effort;
};

/// The processors that this process and the agents it starts from now on may use. On a virtual machine the CPU time of
/// a small request is mostly that of waking a processor that sleeps, which is a trip to the hypervisor and depends on
/// what else its host does. On one processor, which never sleeps while a request is under way, it is that of the agent.
class Processors {
 public:
  Processors() { ::sched_getaffinity(0, sizeof all_, &all_); }
  void use_one() const {
    std::size_t last = CPU_SETSIZE - 1;  // the first one has most interrupts
    while (last > 0 && !CPU_ISSET(last, &all_)) --last;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    use(one);
  }
  void use_all() const { use(all_); }

 private:
  static void use(const cpu_set_t& set) {
    if (::sched_setaffinity(0, sizeof set, &set) != 0) throw std::runtime_error("cannot choose a processor");
  }
  cpu_set_t all_{};
};

const Processors& processors() {
  static const Processors kProcessors;
  return kProcessors;
}

/// Medians of both agents, whose rounds alternate so that a busy moment of the machine meets both.
template <typename Value, typename Case>
std::pair<std::vector<Value>, std::vector<Value>> rounds(const Contest& contest, int count, Case run) {
  std::pair<std::vector<Value>, std::vector<Value>> values;
  for (int i = 0; i < count; ++i) {
    if (!contest.peer.empty()) values.first.push_back(run(contest.peer));
    values.second.push_back(run(contest.ours));
  }
  return values;
}

template <typename Value>
double median_of(const std::vector<Value>& values, double Value::*member) {
  std::vector<double> numbers;
  for (const auto& value : values) numbers.push_back(value.*member);
  return median(std::move(numbers));
}

template <typename Value>
Row row_of(std::string what, const std::pair<std::vector<Value>, std::vector<Value>>& values, double Value::*member,
           int digits, std::optional<Target> target = {}) {
  return {std::move(what), median_of(values.first, member), median_of(values.second, member), digits,
          std::move(target)};
}

Target at_most_of_peer(std::string text, double factor) {
  return {std::move(text), [factor](double peer, double ours) { return ours <= peer * factor; }};
}

Target at_least_of_peer(std::string text, double factor) {
  return {std::move(text), [factor](double peer, double ours) { return ours >= peer * factor; }};
}

Target at_most(std::string text, double limit) {
  return {std::move(text), [limit](double, double ours) { return ours <= limit; }};
}

void requests(const Contest& contest, std::vector<Row>& rows) {
  const auto measure = [&](auto run) {
    return rounds<PerRequest>(contest, contest.effort.rounds,
                              [&](const std::string& binary) { return run(binary, contest.effort); });
  };
  const auto pings = measure(ping);
  rows.push_back(row_of("guest-ping, CPU µs", pings, &PerRequest::cpu_us, 2, at_most_of_peer("at most 1/2", 0.5)));
  rows.push_back(row_of("guest-ping, per second", pings, &PerRequest::per_second, 0));
  // The same on both sides: a measure of the machine.
  const auto echoes = measure([](const std::string&, const Effort& effort) { return bare_echo(effort); });
  rows.push_back(row_of("a bare echo of it, CPU µs", echoes, &PerRequest::cpu_us, 2));
  const auto syncs = measure(sync);
  rows.push_back(row_of("guest-sync, CPU µs", syncs, &PerRequest::cpu_us, 2));
  rows.push_back(row_of("guest-sync, per second", syncs, &PerRequest::per_second, 0));
  processors().use_all();
  const auto crowds = measure(crowd);
  processors().use_one();
  rows.push_back(row_of("8 clients at once, pings per second", crowds, &PerRequest::per_second, 0));
}

/// Programs.
void programs(const Contest& contest, std::vector<Row>& rows) {
  for (const std::size_t output_bytes : {std::size_t{0}, std::size_t{100}, std::size_t{100'000}}) {
    const auto values = rounds<PerRequest>(contest, contest.effort.rounds, [&](const std::string& binary) {
      return exec_to_status(binary, contest.effort, output_bytes);
    });
    const std::string what = output_bytes == 0 ? "true" : std::to_string(output_bytes) + " bytes of output";
    rows.push_back(row_of("guest-exec to status, " + what + ", CPU µs", values, &PerRequest::cpu_us, 0,
                          at_most_of_peer("at most 0.8", 0.8)));
  }
  const Contest alone{"", contest.ours, contest.effort};
  const auto reads = rounds<Transfer>(alone, contest.effort.rounds,
                                      [&](const std::string& binary) { return exec_read(binary, contest.effort); });
  constexpr double kGoal = 500 * 1e6 / (1 << 20U);
  rows.push_back(row_of("guestd-exec-read, MiB/s", reads, &Transfer::mib_per_second, 0,
                        Target{"at least 500 MB/s", [](double, double ours) { return ours >= kGoal; }}));
  rows.push_back(row_of("guestd-exec-read, CPU ns per byte", reads, &Transfer::cpu_ns_per_byte, 2));
  const auto floods = rounds<Flood>(alone, contest.effort.rounds, exec_flood);
  rows.push_back(row_of("64 programs at full speed, median ping in ms", floods, &Flood::median_ping_ms, 2));
  rows.push_back(row_of("64 programs at full speed, slowest of 200 pings in ms", floods, &Flood::slowest_ping_ms, 2,
                        at_most("at most 10 ms", 10)));
  rows.push_back(row_of("64 programs at full speed, RSS in KiB", floods, &Flood::resident_kib, 0,
                        at_most("at most its limit and 16 MB", 272 * 1024)));
}

Row plain_row(const Contest& contest, const std::string& command, const std::string& what, Target target) {
  const auto values = rounds<PerRequest>(contest, contest.effort.rounds, [&](const std::string& binary) {
    return plain_command(binary, contest.effort, command);
  });
  return row_of(command + what + ", CPU µs", values, &PerRequest::cpu_us, 0, std::move(target));
}

/// Commands that look at every disk.
void disks(const Contest& contest, std::vector<Row>& rows) {
  constexpr std::size_t kDisks = 200;
  constexpr std::size_t kTmpfs = 300;
  const DiskMachine machine(kDisks, kTmpfs);
  if (!machine.usable()) {
    std::cerr << "bench: no loop devices here, so no file systems to tell about\n";
    return;
  }
  for (const auto& [command, what] :
       {std::pair("guest-get-fsinfo", ", 500 mounts"), std::pair("guest-get-disks", ", 200 disks")}) {
    rows.push_back(plain_row(contest, command, what, at_most_of_peer("at most 1/2", 0.5)));
  }
}

/// Commands that look at every CPU or memory block.
void machine(const Contest& contest, std::vector<Row>& rows) {
  constexpr std::size_t kCpus = 1024;
  constexpr std::size_t kMemoryBlocks = 4096;
  const LargeMachine large(kCpus, kMemoryBlocks);
  if (!large.usable()) {
    std::cerr << "bench: no mounts for this user, so no large machine\n";
    return;
  }
  for (const auto& [command, what] :
       {std::pair("guest-get-vcpus", ", 1,024 CPUs"), std::pair("guest-get-memory-blocks", ", 4,096 memory blocks")}) {
    rows.push_back(plain_row(contest, command, what, at_most_of_peer("at most 1/4", 0.25)));
  }
}

std::string size_name(std::size_t bytes) {
  return bytes < (1U << 20U) ? std::to_string(bytes >> 10U) + " KiB" : std::to_string(bytes >> 20U) + " MiB";
}

/// What a transfer of a size has to reach; small ones have no target, the round trip dominates them.
struct Goal {
  double throughput = 0;
  double cpu = 0;
};

template <typename Case>
void transfers(const Contest& contest, std::vector<Row>& rows, const std::string& name, Case run, Goal goal,
               const std::vector<std::size_t>& sizes) {
  for (const std::size_t size : sizes) {
    const auto values = rounds<Transfer>(contest, contest.effort.rounds,
                                         [&](const std::string& binary) { return run(binary, contest.effort, size); });
    const std::string what = name + " " + size_name(size);
    std::optional<Target> throughput;
    std::optional<Target> cpu;
    if (size >= (64U << 10U)) {
      const auto times = std::to_string(static_cast<int>(goal.throughput));
      const auto part = std::to_string(static_cast<int>(goal.cpu));
      throughput = at_least_of_peer("at least " + times + " times", goal.throughput);
      cpu = at_most_of_peer("at most 1/" + part, 1 / goal.cpu);
    }
    rows.push_back(row_of(what + ", MiB/s", values, &Transfer::mib_per_second, 0, throughput));
    rows.push_back(row_of(what + ", CPU ns per byte", values, &Transfer::cpu_ns_per_byte, 2, cpu));
  }
}

void memory(const Contest& contest, std::vector<Row>& rows) {
  const auto values = rounds<Footprint>(contest, (contest.effort.rounds + 1) / 2, footprint);
  const auto add = [&](const char* what, double Footprint::*member, std::optional<Target> target) {
    rows.push_back(row_of(what, values, member, 0, std::move(target)));
  };
  add("idle PSS, KiB", &Footprint::idle_proportional, at_most("at most 3.6 MB", 3.6 * 1e6 / 1024));
  add("idle RSS, KiB", &Footprint::idle_resident, {});
  add("RSS after 16 MiB each way, growth in KiB", &Footprint::growth_after_transfer, at_most("at most 1 MB", 1024));
  add("peak above idle, 32 MiB write, KiB", &Footprint::peak_of_write, at_most("at most 1.5 payloads", 48 * 1024));
  add("peak above idle, 48 MiB read, KiB", &Footprint::peak_of_read, at_most("at most 8 MB", 8 * 1024));
}

void life(const Contest& contest, std::vector<Row>& rows) {
  auto starts = rounds<double>(contest, contest.effort.starts, start_to_first_reply);
  rows.push_back({"start to first reply, ms", median(std::move(starts.first)), median(std::move(starts.second)), 2,
                  at_most_of_peer("no later", 1.0)});
  for (const bool connected : {false, true}) {
    auto wakeups = rounds<double>(
        contest, 1, [&](const std::string& binary) { return idle_wakeups(binary, contest.effort, connected); });
    const std::string seconds = std::to_string(contest.effort.idle_ms / 1000);
    rows.push_back({std::string(connected ? "silent client" : "no client") + ", wake-ups in " + seconds + " s",
                    median(std::move(wakeups.first)), median(std::move(wakeups.second)), 0, at_most("none", 0)});
  }
}

struct Chapter {
  std::string_view name;
  void (*measure)(const Contest& contest, std::vector<Row>& rows);
};

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

void writes(const Contest& contest, std::vector<Row>& rows) {
  transfers(contest, rows, "file-write", file_write, {10, 15},
            {4 * kKiB, 64 * kKiB, kMiB, 8 * kMiB, 32 * kMiB, 46 * kMiB});
}

void reads(const Contest& contest, std::vector<Row>& rows) {
  transfers(contest, rows, "file-read", file_read, {5, 6}, {4 * kKiB, 64 * kKiB, kMiB, 8 * kMiB, 32 * kMiB, 48 * kMiB});
}

constexpr std::array kChapters{Chapter{"requests", requests}, Chapter{"file-write", writes},
                               Chapter{"file-read", reads},   Chapter{"life", life},
                               Chapter{"disks", disks},       Chapter{"machine", machine},
                               Chapter{"exec", programs},     Chapter{"memory", memory}};

std::vector<Row> run(const Contest& contest, std::string_view only) {
  std::vector<Row> rows;
  for (const auto& chapter : kChapters) {
    if (!only.empty() && only != chapter.name) continue;
    std::cerr << "bench: " << chapter.name << "\n";
    chapter.measure(contest, rows);
  }
  return rows;
}

std::string version_of(const std::string& binary) {
  const support::TempFolder folder;
  support::Process process({binary, {"--version"}, {}, {}, folder.file("version")});
  process.wait();
  // `QEMU Guest Agent 7.2.22`, or `guestd 0.1.0 (compatible with ...)`: the first word that is a number.
  const std::string text = support::slurp(folder.file("version"));
  const auto begin = std::min(text.find_first_of("0123456789"), text.size());
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

/// A copy, written from front to back as a package manager does it: the kernel then holds the file in larger pieces
/// than a linker leaves behind, which a start feels by 7 %.
std::string install(const std::string& binary, const support::TempFolder& folder) {
  const std::string copy = folder.file(std::filesystem::path(binary).filename().string());
  std::filesystem::copy_file(binary, copy);
  return copy;
}

int usage() {
  std::cerr << "usage: guestd_bench [--quick] [--only CHAPTER] [--update FILE]\n"
               "Chapters: requests, file-write, file-read, life, disks, machine, exec, memory.\n"
               "The agents: environment GUESTD (else the one that was built) and QEMU_GA (else /usr/sbin/qemu-ga).\n";
  return 2;
}

int main_with(const std::vector<std::string_view>& arguments) {
  const support::TempFolder installed;
  Contest contest{support::peer_binary(), install(support::agent_binary(), installed), {}};
  std::string file;
  std::string_view only;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--quick") {
      contest.effort = {1, 2000, 100, 5, std::size_t{16} << 20U, 2000};
    } else if (arguments[i] == "--only" && i + 1 < arguments.size()) {
      only = arguments[++i];
    } else if (arguments[i] == "--update" && i + 1 < arguments.size()) {
      file = arguments[++i];
    } else {
      return usage();
    }
  }
  if (!only.empty() && !file.empty()) return usage();  // the table of the file is about everything
  if (contest.peer.empty()) {
    std::cerr << "bench: no qemu-ga here, so nothing to compare with\n";
  } else {
    contest.peer = install(contest.peer, installed);
  }
  processors().use_one();
  const std::string peer_name = contest.peer.empty() ? "(none)" : "qemu-ga " + version_of(contest.peer);
  const std::string table = markdown(run(contest, only), peer_name, "guestd " + version_of(contest.ours));
  std::cout << table;
  if (file.empty() || update_file(file, table)) return 0;
  std::cerr << "bench: no place for the table in " << file << "\n";
  return 1;
}

}  // namespace
}  // namespace guestd::bench

int main(int argc, char** argv) {
  try {
    return guestd::bench::main_with(std::vector<std::string_view>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return 1;
  }
}
