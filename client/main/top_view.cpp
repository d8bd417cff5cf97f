// SPDX-License-Identifier: Apache-2.0
#include "client/main/top_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/units.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::size_t kNameColumns = 12;
/// Lines for disks and for interfaces: those with the most to tell.
constexpr std::size_t kMostRows = 8;

struct CpuShares {
  double busy = 0;
  double user = 0;
  double system = 0;
  double waiting = 0;
  double stolen = 0;
};

struct DiskRate {
  std::string name;
  double read = 0;
  double written = 0;
  double busy = 0;
};

struct LinkRate {
  std::string name;
  double received = 0;
  double sent = 0;
};

/// Counters of a guest may stand still or be wound back.
double grown(std::uint64_t before, std::uint64_t now) { return now > before ? static_cast<double>(now - before) : 0; }

double grown(const std::optional<std::uint64_t>& before, const std::optional<std::uint64_t>& now) {
  return grown(before.value_or(0), now.value_or(0));
}

double seconds_between(const Sample& before, const Sample& now) {
  return std::max(std::chrono::duration<double>(now.when - before.when).count(), 1e-3);
}

/// All CPUs together.
agent::GuestLinuxCpuStats sum_of(const std::vector<agent::GuestCpuStats>& cpus) {
  agent::GuestLinuxCpuStats sum{.iowait = 0, .irq = 0, .softirq = 0, .steal = 0};
  for (const auto& cpu : cpus) {
    const auto* const one = std::get_if<agent::GuestLinuxCpuStats>(&cpu.branch);
    if (one == nullptr) continue;
    sum.user += one->user;
    sum.nice += one->nice;
    sum.system += one->system;
    sum.idle += one->idle;
    *sum.iowait += one->iowait.value_or(0);
    *sum.irq += one->irq.value_or(0);
    *sum.softirq += one->softirq.value_or(0);
    *sum.steal += one->steal.value_or(0);
  }
  return sum;
}

CpuShares cpu_shares(const std::vector<agent::GuestCpuStats>& first, const std::vector<agent::GuestCpuStats>& second) {
  const auto before = sum_of(first);
  const auto now = sum_of(second);
  CpuShares shares;
  shares.user = grown(before.user, now.user) + grown(before.nice, now.nice);
  shares.system = grown(before.system, now.system) + grown(before.irq, now.irq) + grown(before.softirq, now.softirq);
  shares.waiting = grown(before.iowait, now.iowait);
  shares.stolen = grown(before.steal, now.steal);
  const double all = shares.user + shares.system + shares.waiting + shares.stolen + grown(before.idle, now.idle);
  if (all <= 0) return {};
  for (double* const share : {&shares.user, &shares.system, &shares.waiting, &shares.stolen}) *share /= all;
  shares.busy = shares.user + shares.system + shares.stolen;
  return shares;
}

template <typename T>
const T* named(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

std::vector<DiskRate> disk_rates(const Sample& before, const Sample& now) {
  std::vector<DiskRate> rates;
  const double seconds = seconds_between(before, now);
  for (const auto& disk : *now.disks) {
    const auto* const earlier = before.disks ? named(*before.disks, disk.name) : nullptr;
    if (earlier == nullptr) continue;
    DiskRate rate{disk.name};
    rate.read = grown(earlier->stats.read_sectors, disk.stats.read_sectors) * kSectorBytes / seconds;
    rate.written = grown(earlier->stats.write_sectors, disk.stats.write_sectors) * kSectorBytes / seconds;
    rate.busy = std::min(grown(earlier->stats.total_ticks, disk.stats.total_ticks) / 1000 / seconds, 1.0);
    if (disk.stats.total_ticks.value_or(0) > 0) rates.push_back(std::move(rate));
  }
  std::ranges::stable_sort(rates, std::ranges::greater{}, &DiskRate::busy);
  return rates;
}

std::vector<LinkRate> link_rates(const Sample& before, const Sample& now) {
  std::vector<LinkRate> rates;
  const double seconds = seconds_between(before, now);
  for (const auto& link : *now.interfaces) {
    const auto* const earlier = before.interfaces ? named(*before.interfaces, link.name) : nullptr;
    if (earlier == nullptr || !link.statistics || !earlier->statistics || link.name == "lo") continue;
    rates.push_back({link.name, grown(earlier->statistics->rx_bytes, link.statistics->rx_bytes) / seconds,
                     grown(earlier->statistics->tx_bytes, link.statistics->tx_bytes) / seconds});
  }
  std::ranges::stable_sort(rates, std::ranges::greater{},
                           [](const LinkRate& rate) { return rate.received + rate.sent; });
  return rates;
}

double memory_share(const agent::GuestdMemoryStats& memory) {
  const std::uint64_t left = std::min(memory.available.value_or(memory.free), memory.total);
  return memory.total == 0 ? 0 : static_cast<double>(memory.total - left) / static_cast<double>(memory.total);
}

std::string rate_text(double bytes) { return terminal::size_text(static_cast<std::uint64_t>(bytes)) + "B/s"; }

std::string percent(double share) {
  std::string text = terminal::decimal_text(share * 100, 0) + "%";
  text.insert(0, text.size() < 4 ? 4 - text.size() : 0, ' ');
  return text;
}

class View {
 public:
  View(std::size_t columns, const terminal::Style& style) : columns_(columns), style_(style) {}

  void title(std::string_view text) { out_ += style_.bold(text) + "\n"; }

  /// `name [####    ]  40%  words`
  void row(std::string_view name, std::optional<double> share, std::string_view words) {
    std::string text = terminal::printable(excerpt(name, kNameColumns));
    const std::size_t wide = terminal::width(text);
    text.append(kNameColumns + 4 > wide ? kNameColumns + 4 - wide : 1, ' ');
    out_ += text;
    if (share) out_ += bar(*share) + " " + percent(*share) + "  ";
    out_ += std::string(words) + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  [[nodiscard]] std::string bar(double share) const {
    const std::size_t wide = std::clamp<std::size_t>(columns_ / 4, 8, 30);
    const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(wide)));
    const std::string filled(full, '|');
    const std::string coloured = share > 0.9   ? style_.red(filled)
                                 : share > 0.7 ? style_.yellow(filled)
                                               : style_.green(filled);
    return "[" + coloured + std::string(wide - full, ' ') + "]";
  }

  std::size_t columns_;
  const terminal::Style& style_;
  std::string out_;
};

void add_cpus(View& view, const Sample& before, const Sample& now) {
  if (!now.cpus || !before.cpus) return;
  const CpuShares shares = cpu_shares(*before.cpus, *now.cpus);
  view.row("CPU (" + std::to_string(now.cpus->size()) + ")", shares.busy,
           "user" + percent(shares.user) + "  system" + percent(shares.system) + "  waiting" + percent(shares.waiting) +
               "  stolen" + percent(shares.stolen));
}

void add_load(View& view, const Sample& now) {
  if (!now.load) return;
  view.row("load", std::nullopt,
           terminal::decimal_text(now.load->load1m, 2) + "  " + terminal::decimal_text(now.load->load5m, 2) + "  " +
               terminal::decimal_text(now.load->load15m, 2));
}

void add_memory(View& view, const Sample& now) {
  if (!now.memory) return;
  view.row("memory", memory_share(*now.memory), "of " + terminal::size_text(now.memory->total));
  const std::uint64_t swap = now.memory->swap_total.value_or(0);
  if (swap == 0) return;
  const std::uint64_t left = std::min(now.memory->swap_free.value_or(0), swap);
  view.row("swap", static_cast<double>(swap - left) / static_cast<double>(swap), "of " + terminal::size_text(swap));
}

void add_pressure(View& view, const Sample& now) {
  if (!now.pressure) return;
  const auto add = [&](std::string_view name, const std::optional<agent::GuestdPressureOn>& on) {
    if (on) view.row(name, on->some.avg10 / 100, "of the last 10 s somebody waited");
  };
  add("for CPUs", now.pressure->cpu);
  add("for memory", now.pressure->memory);
  add("for disks", now.pressure->io);
}

}  // namespace

std::string top_text(const std::string& name, const Sample& before, const Sample& now, std::size_t columns,
                     const terminal::Style& style) {
  View view(columns, style);
  view.title(terminal::printable(name));
  add_cpus(view, before, now);
  add_load(view, now);
  add_memory(view, now);
  add_pressure(view, now);
  if (now.disks) {
    auto rates = disk_rates(before, now);
    rates.resize(std::min(rates.size(), kMostRows));
    for (const auto& disk : rates)
      view.row(disk.name, disk.busy, "read " + rate_text(disk.read) + "  written " + rate_text(disk.written));
  }
  if (now.interfaces) {
    auto rates = link_rates(before, now);
    rates.resize(std::min(rates.size(), kMostRows));
    for (const auto& link : rates)
      view.row(link.name, std::nullopt, "received " + rate_text(link.received) + "  sent " + rate_text(link.sent));
  }
  return view.take();
}

std::string top_json(const Sample& before, const Sample& now) {
  protocol::JsonWriter out;
  const auto number = [&](std::string_view name, double value) {
    out.key(name);
    out.number(value);
  };
  out.begin_object();
  if (now.cpus && before.cpus) {
    const CpuShares shares = cpu_shares(*before.cpus, *now.cpus);
    number("cpu-busy", shares.busy);
    number("cpu-user", shares.user);
    number("cpu-system", shares.system);
    number("cpu-waiting", shares.waiting);
    number("cpu-stolen", shares.stolen);
  }
  if (now.load) number("load1m", now.load->load1m);
  if (now.memory) number("memory-used", memory_share(*now.memory));
  out.key("disks");
  out.begin_array();
  for (const auto& disk : now.disks ? disk_rates(before, now) : std::vector<DiskRate>()) {
    out.begin_object();
    out.key("name");
    out.string(disk.name);
    number("read", disk.read);
    number("written", disk.written);
    number("busy", disk.busy);
    out.end_object();
  }
  out.end_array();
  out.key("interfaces");
  out.begin_array();
  for (const auto& link : now.interfaces ? link_rates(before, now) : std::vector<LinkRate>()) {
    out.begin_object();
    out.key("name");
    out.string(link.name);
    number("received", link.received);
    number("sent", link.sent);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return out.take_text();
}

}  // namespace guestd::guestctl
