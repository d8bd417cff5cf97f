// SPDX-License-Identifier: Apache-2.0
#include "client/main/context.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/text.hpp"
#include "client/main/find_agents.hpp"
#include "client/terminal/escape.hpp"

namespace guestd::guestctl {
namespace {

/// A guest's error text may have 64 MiB.
constexpr std::size_t kComplaintBytes = 4096;
constexpr std::string_view kHowToName = "--socket, --vsock, --hybrid-vsock, --serial or --libvirt";

Result<client::Endpoint> only_agent() {
  std::vector<FoundAgent> found = find_agents();
  if (found.empty()) {
    return Error::unreachable("no agent was found by itself; say where it is with " + std::string(kHowToName));
  }
  if (found.size() == 1) return std::move(found.front().endpoint);
  std::string text = "there are several agents; say which with " + std::string(kHowToName) + ":";
  for (const FoundAgent& agent : found) text += "\n  " + agent.name + ": " + client::describe(agent.endpoint);
  return Error::unreachable(std::move(text));
}

}  // namespace

int exit_status_of(const Error& error) {
  switch (error.kind) {
    case Error::Kind::kUnreachable:
      return kExitUnreachable;
    case Error::Kind::kTimedOut:
      return kExitTimedOut;
    case Error::Kind::kGeneric:
    case Error::Kind::kUnsupported:
    case Error::Kind::kRefused:
      break;
  }
  return kExitFailed;
}

Result<std::unique_ptr<client::Connection>> Context::connect(std::chrono::milliseconds call_timeout) const {
  client::ConnectionOptions options;
  options.call_timeout = limit_or(call_timeout);
  if (timeout) options.connect_timeout = *timeout;
  options.lock = lock;
  if (endpoint) return client::Connection::open(*endpoint, options);
  auto only = only_agent();
  if (!only) return std::move(only).error();
  return client::Connection::open(*only, options);
}

terminal::Style Context::style() const { return terminal::Style(terminal::wants_colour(colour, STDOUT_FILENO)); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void complain(std::string_view text) {
  print_error_line("guestctl: " + terminal::printable_lines(excerpt(text, kComplaintBytes)));
}

void print_error_line(std::string_view text) {
  std::fflush(stdout);
  const std::string line = std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace guestd::guestctl
