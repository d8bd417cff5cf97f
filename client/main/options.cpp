// SPDX-License-Identifier: Apache-2.0
#include "client/main/options.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <utility>

#include "client/copy/guest_file.hpp"

namespace guestd::guestctl {
namespace {

constexpr const char* kShared = "Options of all verbs";

/// Those of the shared options that take a value: in front of the verb it must not be mistaken for it.
constexpr std::array<std::string_view, 9> kWithValue{
    "--socket", "--vsock", "--hybrid-vsock", "--serial", "--libvirt", "--connect", "--timeout", "--color", "--qmp"};

bool takes_value(std::string_view word) {
  for (const std::string_view option : kWithValue) {
    if (word == option) return true;
  }
  return false;
}

void set_endpoint(Context& context, client::Endpoint endpoint) {
  if (context.endpoint) throw CLI::ValidationError("name one agent: --socket, --vsock and the like exclude each other");
  context.endpoint = std::move(endpoint);
}

template <typename T>
T valid(Result<T> parsed) {
  if (!parsed) throw CLI::ValidationError(parsed.error().text);
  return *std::move(parsed);
}

void add_endpoint_options(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, const char* value, const char* text,
                       std::function<client::Endpoint(const std::string&)> make) {
    app.add_option_function<std::string>(
           name, [&context, make = std::move(make)](const std::string& word) { set_endpoint(context, make(word)); },
           text)
        ->type_name(value)
        ->group(kShared);
  };
  add("--socket", "PATH", "the agent's Unix socket (QEMU's chardev socket, or one an agent listens on)",
      [](const std::string& word) { return client::UnixEndpoint{word}; });
  add("--vsock", "CID:PORT", "an agent that listens on a vsock port of the guest",
      [](const std::string& word) { return valid(client::parse_vsock(word)); });
  add("--hybrid-vsock", "PATH:PORT", "the same by the Unix socket of Firecracker or Cloud Hypervisor",
      [](const std::string& word) { return valid(client::parse_hybrid_vsock(word)); });
  add("--serial", "PTY", "a serial line or pseudo terminal",
      [](const std::string& word) { return client::SerialEndpoint{word}; });
  add("--libvirt", "DOMAIN", "a domain of libvirt, by name or UUID", [](const std::string& word) {
    return client::LibvirtEndpoint{word, {}};
  });
}

void set_uri(Context& context, const std::string& uri) {
  if (!context.endpoint || !std::holds_alternative<client::LibvirtEndpoint>(*context.endpoint)) {
    throw CLI::ValidationError("--connect goes with --libvirt");
  }
  std::get<client::LibvirtEndpoint>(*context.endpoint).uri = uri;
}

void set_timeout(Context& context, double seconds) {
  if (!(seconds >= 0)) throw CLI::ValidationError("--timeout takes seconds, or 0 for no limit");
  constexpr double kLongest = 1e9;
  if (seconds == 0 || seconds > kLongest) {
    context.timeout = client::kForever;
  } else {
    context.timeout = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  }
}

void set_colour(Context& context, const std::string& word) {
  const std::map<std::string, terminal::ColourWish> words{{"auto", terminal::ColourWish::kAuto},
                                                          {"always", terminal::ColourWish::kAlways},
                                                          {"never", terminal::ColourWish::kNever}};
  const auto found = words.find(word);
  if (found == words.end()) throw CLI::ValidationError("--color takes auto, always or never");
  context.colour = found->second;
}

}  // namespace

void add_shared_options(CLI::App& app, Context& context) {
  add_endpoint_options(app, context);
  app.add_option_function<std::string>(
         "--connect", [&context](const std::string& uri) { set_uri(context, uri); }, "libvirt's URI, with --libvirt")
      ->type_name("URI")
      ->group(kShared);
  app.add_option("--qmp", context.monitor, "QEMU's monitor: the Unix socket of -qmp or -mon mode=control")
      ->type_name("PATH")
      ->group(kShared);
  app.add_option_function<double>(
         "--timeout", [&context](double seconds) { set_timeout(context, seconds); },
         "how long to wait for an answer; 0 for ever")
      ->type_name("SECONDS")
      ->group(kShared);
  app.add_flag_callback(
         "--no-lock", [&context] { context.lock = false; }, "share the stream with other guestctl")
      ->group(kShared);
  app.add_flag("--json", context.json, "print JSON, for scripts")->group(kShared);
  app.add_option_function<std::string>(
         "--color", [&context](const std::string& word) { set_colour(context, word); }, "auto, always or never")
      ->type_name("WHEN")
      ->group(kShared);
}

std::string must_be_utf8(const std::string& word) {
  const auto told = copy::require_utf8(word);
  return told ? std::string() : told.error().text;
}

CommandLine split_at_verb(int argc, const char* const* argv) {
  CommandLine line;
  int index = 1;
  for (; index < argc; ++index) {
    const std::string_view word = argv[index];
    if (word.empty() || word.front() != '-') break;
    line.words.emplace_back(word);
    if (takes_value(word) && index + 1 < argc) line.words.emplace_back(argv[++index]);
  }
  if (index < argc) line.verb = argv[index++];
  for (; index < argc; ++index) line.words.emplace_back(argv[index]);
  return line;
}

}  // namespace guestd::guestctl
