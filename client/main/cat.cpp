// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "client/copy/guest_file.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/output.hpp"

namespace guestd::guestctl {
namespace {

struct CatOptions {
  std::vector<std::string> paths;
  bool raw = false;
};

Result<void> show_file(const copy::Guest& guest, const std::string& path, terminal::Output& out) {
  auto file = copy::GuestFile::open(guest, path, "r");
  if (!file) return std::move(file).error();
  auto size = file->size();
  if (!size) return std::move(size).error();
  // A file of /proc says that it is empty; who wants to see it may interrupt one that has no end.
  const std::int64_t length = *size == 0 ? std::numeric_limits<std::int64_t>::max() : *size;
  auto received = file->read(length, [&](std::span<const char> bytes) -> Result<void> {
    if (!out.write({bytes.data(), bytes.size()})) return Error::from_errno("cannot write the output", errno);
    return {};
  });
  if (!received) return std::move(received).error();
  return {};
}

Result<int> run_cat(const CatOptions& options, const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  const copy::Guest guest{**connection, false, false, context.limit_or(std::chrono::minutes(1))};
  terminal::Output out(STDOUT_FILENO, options.raw ? terminal::Output::Form::kRaw : terminal::Output::Form::kSafe);
  int status = kExitDone;
  for (const std::string& path : options.paths) {
    auto shown = show_file(guest, path, out);
    if (shown) continue;
    if (exit_status_of(shown.error()) != kExitFailed) return std::move(shown).error();
    complain(shown.error().text);
    status = kExitFailed;
  }
  out.finish();
  return status;
}

}  // namespace

Action define_cat(CLI::App& app) {
  auto options = std::make_shared<CatOptions>();
  app.add_option("FILE", options->paths, "file of the guest")->required();
  app.add_flag("--raw", options->raw, "let control characters through to the terminal");
  return [options](Context& context) { return run_cat(*options, context); };
}

}  // namespace guestd::guestctl
