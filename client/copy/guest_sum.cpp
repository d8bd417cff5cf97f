// SPDX-License-Identifier: Apache-2.0
#include "client/copy/guest_sum.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <utility>

#include "client/copy/guest_program.hpp"
#include "client/terminal/signals.hpp"

namespace guestd::copy {
namespace {

/// No program computes the sum of a part of a file, so two are needed, and a shell between them. The path is an
/// argument: the shell reads no word of it. What cannot be opened ends the shell, and sha256sum, which reads its input,
/// has no name to write (and to escape) behind the sum.
constexpr const char* kScript = R"(exec <"$2" && head -c "$1" | sha256sum)";
constexpr std::size_t kDigits = 64;
constexpr std::string_view kBehindDigits = "  -\n";
/// A time that nobody waits for, and that can be added to.
constexpr std::chrono::hours kAges{24 * 365 * 100};

client::Deadline deadline_for(const Guest& guest, std::int64_t length) {
  const std::chrono::seconds work(std::min<std::int64_t>(length >> 20U, std::chrono::seconds(kAges).count()));
  return client::deadline_in(std::min<std::chrono::milliseconds>(guest.limit, kAges) + work);
}

/// What is about this one sum, and no reason to end the copy.
bool is_reason(const Error& error) {
  return error.kind != Error::Kind::kUnreachable && error.kind != Error::Kind::kTimedOut && error.errno_value != EINTR;
}

Result<GuestSum> read_sum(ProgramEnd end) {
  const auto cannot = [](const std::string& why) { return GuestSum{"", "sha256sum in the guest: " + why}; };
  // head's errors are known by their words alone.
  if (!end.errors.empty()) return cannot(last_line(std::move(end.errors)));
  if (end.status != 0) return cannot("status " + std::to_string(end.status));
  const std::string_view output = end.output;
  const bool is_sum = output.size() == kDigits + kBehindDigits.size() && output.substr(kDigits) == kBehindDigits &&
                      output.find_first_not_of("0123456789abcdef") == kDigits;
  if (!is_sum) return cannot("what it tells is no sum");
  return GuestSum{std::string(output.substr(0, kDigits)), ""};
}

}  // namespace

Result<GuestSum> sum_by_program(const Guest& guest, const std::string& path, std::int64_t length,
                                const std::function<void()>& meanwhile) {
  if (!guest.runs_programs) return GuestSum{"", "this agent computes no checksums, and may run no programs"};
  const auto ends = [&](Error error) -> Result<GuestSum> {
    if (is_reason(error)) return GuestSum{"", std::move(error).with_context("sha256sum in the guest").text};
    if (error.errno_value == EINTR) return error;
    return std::move(error).with_context("the checksum of " + path);
  };
  auto program = GuestProgram::start(guest, {"sh", "-c", kScript, "sh", std::to_string(length), path});
  if (!program) return ends(std::move(program).error());
  meanwhile();
  terminal::Signals signals{SIGINT, SIGTERM, SIGHUP};
  auto end = program->wait(signals, deadline_for(guest, length));
  if (!end) return ends(std::move(end).error());
  return read_sum(*std::move(end));
}

}  // namespace guestd::copy
