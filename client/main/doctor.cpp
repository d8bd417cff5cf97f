// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/lib/machines.hpp"
#include "client/lib/monitor_events.hpp"
#include "client/main/diagnosis.hpp"
#include "client/main/monitor_access.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/table.hpp"
#include "protocol/json_writer.hpp"

namespace guestd::guestctl {
namespace {

struct DoctorOptions {
  bool watch = false;
};

using Findings = std::vector<Finding>;

bool is_healthy(const Findings& findings) {
  return !findings.empty() && findings.back().outcome != Finding::Outcome::kWrong;
}

/// Whether the agent is there, whatever else may be wrong with it.
bool has_answered(const Findings& findings) {
  return std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.subject == "agent" && finding.outcome == Finding::Outcome::kGood;
  });
}

std::string_view outcome_word(Finding::Outcome outcome) {
  switch (outcome) {
    case Finding::Outcome::kGood:
      return "good";
    case Finding::Outcome::kNote:
      return "note";
    case Finding::Outcome::kWrong:
      break;
  }
  return "wrong";
}

std::string marked(const terminal::Style& style, Finding::Outcome outcome) {
  std::string word(outcome_word(outcome));
  word.resize(5, ' ');
  if (outcome == Finding::Outcome::kGood) return style.green(word);
  return outcome == Finding::Outcome::kNote ? style.yellow(word) : style.red(word);
}

std::string json_text(const Findings& findings) {
  protocol::JsonWriter out;
  out.begin_object();
  out.key("healthy");
  out.boolean(is_healthy(findings));
  out.key("findings");
  out.begin_array();
  for (const Finding& finding : findings) {
    out.begin_object();
    const std::pair<const char*, std::string_view> members[] = {{"subject", finding.subject},
                                                                {"outcome", outcome_word(finding.outcome)},
                                                                {"text", finding.text},
                                                                {"remedy", finding.remedy}};
    for (const auto& [key, value] : members) {
      if (value.empty()) continue;
      out.key(key);
      out.string(value);
    }
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return out.take_text() + "\n";
}

void show(const Findings& findings, const Context& context) {
  std::string text;
  const terminal::Style style = context.style();
  for (const Finding& finding : findings) {
    std::string subject = finding.subject;
    subject.resize(9, ' ');
    text += marked(style, finding.outcome) + "  " + subject + " " + terminal::printable(finding.text) + "\n";
    if (!finding.remedy.empty()) text += "       what to do: " + terminal::printable(finding.remedy) + "\n";
  }
  print(context.json ? json_text(findings) : text);
  std::fflush(stdout);
}

/// A machine, its monitor if that can be had, and where its agent is.
class Doctor {
 public:
  Doctor(const Context& context, const DoctorOptions& options) : context_(context), options_(options) {}

  Result<int> run() {
    if (auto found = find_patient(); !found) return std::move(found).error();
    Findings findings = examine();
    show(findings, context_);
    if (!options_.watch || has_answered(findings)) return findings.back().status;
    if (!monitor_) return Error::unreachable("--watch follows the monitor, and there is none; say where with --qmp");
    return watch(std::move(findings));
  }

 private:
  Result<void> find_patient() {
    const auto machines = client::find_machines();
    const auto machine = meant_machine(context_, machines);
    patient_.endpoint = context_.endpoint;
    if (machine && machine->agent) {
      patient_.chardev = machine->agent->chardev;
      if (!patient_.endpoint && !machine->agent->socket.empty()) {
        patient_.endpoint = client::UnixEndpoint{machine->agent->socket};
      }
    }
    const auto path = monitor_path(context_, machines);
    if (!patient_.endpoint && !path) return path.error();
    open(path);
    patient_.options.connect_timeout = context_.limit_or(patient_.options.connect_timeout);
    patient_.options.call_timeout = context_.limit_or(patient_.options.call_timeout);
    patient_.options.lock = context_.lock;
    return {};
  }

  void open(const Result<std::string>& path) {
    auto monitor = path ? client::Monitor::open(*path, monitor_options(context_))
                        : Result<std::unique_ptr<client::Monitor>>(path.error());
    if (monitor) {
      monitor_ = *std::move(monitor);
      patient_.monitor = monitor_.get();
    } else {
      without_monitor_ = monitor.error().text;
    }
  }

  Findings examine() {
    Findings findings = Diagnosis(patient_).run();
    if (!monitor_) findings.insert(findings.begin(), {Finding::Outcome::kNote, "monitor", without_monitor_, "", 0});
    return findings;
  }

  /// Looks again whenever QEMU reports something, until the agent is there. An agent that hangs does not report, so it
  /// is asked again after a while.
  Result<int> watch(Findings before) {
    constexpr auto kAskAgain = std::chrono::seconds(10);
    client::MonitorEvents events(*monitor_);
    for (;;) {
      const auto event = events.next(client::deadline_in(kAskAgain));
      if (!event && event.error().kind == Error::Kind::kUnreachable) return event.error();
      if (!event && before.back().status != kExitTimedOut) continue;
      Findings now = examine();
      const bool changed = now.back().subject != before.back().subject || now.back().outcome != before.back().outcome ||
                           now.size() != before.size();
      if (changed) show(now, context_);
      if (has_answered(now)) return now.back().status;
      before = std::move(now);
    }
  }

  const Context& context_;
  const DoctorOptions& options_;
  std::unique_ptr<client::Monitor> monitor_;
  std::string without_monitor_;
  Patient patient_;
};

}  // namespace

Action define_doctor(CLI::App& app) {
  auto options = std::make_shared<DoctorOptions>();
  app.add_flag("--watch", options->watch, "look again with each event of QEMU, until the agent answers");
  return [options](Context& context) { return Doctor(context, *options).run(); };
}

}  // namespace guestd::guestctl
