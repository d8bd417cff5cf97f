// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/copy/guest_file.hpp"
#include "client/main/ask.hpp"
#include "client/main/options.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

struct KeysOptions {
  std::string user;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  bool reset = false;
};

std::string keys_text(const agent::GuestAuthorizedKeys& keys) {
  std::string text;
  for (const std::string& key : keys.keys) text += terminal::printable(key) + "\n";
  return text;
}

/// A key is a line with blanks in it, such as `ssh-ed25519 AAAA... comment`; anything else is a file of them.
Result<std::vector<std::string>> read_keys(const std::vector<std::string>& words) {
  std::vector<std::string> keys;
  for (const std::string& word : words) {
    if (word.find(' ') != std::string::npos) {
      keys.push_back(word);
      continue;
    }
    std::ifstream file(word);
    if (!file) return Error::from_errno("cannot read " + word, errno);
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && line.front() != '#') keys.push_back(line);
    }
  }
  for (const std::string& key : keys) {
    if (auto told = copy::require_utf8(key); !told) return std::move(told).error();
  }
  return keys;
}

Result<int> change_keys(const KeysOptions& options, const Context& context) {
  auto added = read_keys(options.add);
  if (!added) return std::move(added).error();
  auto removed = read_keys(options.remove);
  if (!removed) return std::move(removed).error();
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  if (!removed->empty()) {
    auto done =
        agent::ssh_remove_authorized_keys(**connection, {.username = options.user, .keys = *std::move(removed)});
    if (!done) return std::move(done).error();
  }
  if (!added->empty() || options.reset) {
    agent::SshAddAuthorizedKeysArgs args{.username = options.user, .keys = *std::move(added), .reset = {}};
    if (options.reset) args.reset = true;
    if (auto done = agent::ssh_add_authorized_keys(**connection, args); !done) return std::move(done).error();
  }
  return kExitDone;
}

}  // namespace

Action define_keys(CLI::App& app) {
  auto options = std::make_shared<KeysOptions>();
  app.add_option("USER", options->user, "whose keys")->required()->check(must_be_utf8);
  app.add_option("--add", options->add, "add a key, or the keys of a file; may be repeated")
      ->type_name("KEY|FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--remove", options->remove, "remove a key, or the keys of a file; may be repeated")
      ->type_name("KEY|FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--reset", options->reset, "remove all keys that are not added");
  return [options](Context& context) -> Result<int> {
    if (!options->add.empty() || !options->remove.empty() || options->reset) return change_keys(*options, context);
    return show<agent::calls::SshGetAuthorizedKeys>(context, {.username = options->user}, keys_text);
  };
}

}  // namespace guestd::guestctl
